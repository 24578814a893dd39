/** The chart as data: its states, all that may happen to it, and what it then does. */

import {
  type EventObject,
  initialTransition,
  type StateNode,
  type StateValue,
  transition,
} from 'xstate';
import { ClosedError } from '../../src/core/errors.ts';
import type { ProtocolContext, ProtocolEvent } from '../../src/machines/protocol-types.ts';
import { FakeLink } from './fake-link.ts';
import { chart, pathOf } from './support.ts';

/** A state of the chart. */
export type Node = StateNode<ProtocolContext<string, string>, ProtocolEvent>;
export type Snapshot = ReturnType<typeof chart.resolveState>;

/** A state and all below it, in the order of the chart. */
const nodesFrom = (node: Node): Node[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodesFrom(child)),
];
export const nodes = nodesFrom(chart.root);
export const leaves = nodes.filter(({ type }) => type === 'atomic' || type === 'final');
export const pathOfNode = (node: Node): string => node.path.join('.');

/** The name of an action, a guard or an actor, written as a string or as an object. */
export const nameOf = (reference: unknown): string => {
  if (typeof reference === 'string') return reference;
  const isNamed = typeof reference === 'object' || typeof reference === 'function';
  if (isNamed && reference !== null && 'type' in reference) return String(reference.type);
  throw new Error(`The chart uses something without a name: ${String(reference)}`);
};

/** The machine standing in a state, without having walked there. */
export const standing = (leaf: Node, link = new FakeLink()): Snapshot =>
  chart.resolveState({ value: valueOf(leaf.path), context: contextOf(link) });

const valueOf = ([key = '', ...inner]: readonly string[]): StateValue =>
  inner.length === 0 ? key : { [key]: valueOf(inner) };

const contextOf = (link: FakeLink): ProtocolContext<string, string> => {
  const [{ context }] = initialTransition(chart, link);
  return { ...context, session: 1 };
};

/** A thing that may happen: with a label for people, and the actor or timer that it is a report of. */
export interface Happening {
  readonly label: string;
  readonly event: ProtocolEvent;
  /** Whether it can happen in a state with these ancestors, the state itself included. */
  readonly isLiveIn: (active: readonly Node[]) => boolean;
}

const always = (): boolean => true;

const command = (label: string, event: ProtocolEvent): Happening => ({
  label,
  event,
  isLiveIn: always,
});

export const COMMANDS: readonly Happening[] = [
  command('CONNECT', { type: 'CONNECT', address: '/run/x' }),
  command('LISTEN', { type: 'LISTEN', address: '/run/x' }),
  command('ACCEPT', { type: 'ACCEPT' }),
  command('DISCONNECT', { type: 'DISCONNECT' }),
  command('DISCONNECT force', { type: 'DISCONNECT', force: true }),
  command('ABORT', { type: 'ABORT', reason: 'no longer wanted' }),
  command('EXPECT_END', { type: 'EXPECT_END' }),
  command('EXPECT_MORE', { type: 'EXPECT_MORE' }),
  command('FAIL', { type: 'FAIL', error: new ClosedError('unbearable') }),
];

/** What the machine's own link says: no command, and heard everywhere. */
const MESSAGES = command('MESSAGES', { type: 'MESSAGES', messages: ['one'] });

/** XState's own events are no part of a machine's event type. */
export const internal = (event: EventObject & Record<string, unknown>): ProtocolEvent =>
  event as EventObject as ProtocolEvent;

const reportsOf = (id: string): Happening[] => {
  const isLiveIn = (active: readonly Node[]): boolean =>
    active.some(({ invoke }) => invoke.some((invoked) => invoked.id === id));
  const done = `xstate.done.actor.${id}`;
  const error = `xstate.error.actor.${id}`;
  return [
    { label: done, event: internal({ type: done, output: { path: '/run/x' } }), isLiveIn },
    { label: error, event: internal({ type: error, error: new Error('broken') }), isLiveIn },
    {
      label: `${error} (ClosedError)`,
      event: internal({ type: error, error: new ClosedError('reset') }),
      isLiveIn,
    },
  ];
};

const timersOf = (node: Node): Happening[] =>
  node.after.map(({ eventType }) => ({
    label: eventType,
    event: internal({ type: eventType }),
    isLiveIn: (active) => active.includes(node),
  }));

const actorIds = [...new Set(nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id)))];

/** Both ends of every actor, those included that no state provides for. */
const REPORTS = actorIds.flatMap(reportsOf);
const TIMERS = nodes.flatMap(timersOf);
export const HAPPENINGS: readonly Happening[] = [...COMMANDS, MESSAGES, ...REPORTS, ...TIMERS];

/** A state and all around it, innermost first. */
export const activeIn = (node: Node): Node[] =>
  node.parent === undefined ? [node] : [node, ...activeIn(node.parent)];

/** The chart with actions that do nothing, so that `transition()` returns every one by its name. */
const silent = chart.provide({
  actions: Object.fromEntries(
    Object.keys(chart.implementations.actions).map((name) => [name, () => undefined]),
  ),
});

const actionText = ({ type, params }: { type: string; params: unknown }): string[] => {
  if (['xstate.raise', 'xstate.cancel', 'xstate.stopChild'].includes(type)) return [];
  if (type === 'xstate.spawnChild') return [`start ${String(idIn(params))}`];
  const values = typeof params === 'object' && params !== null ? Object.values(params) : [];
  const words = values.filter((value) => typeof value === 'string');
  return [words.length === 0 ? type : `${type}(${words.join(', ')})`];
};

const idIn = (params: unknown): unknown =>
  typeof params === 'object' && params !== null && 'id' in params ? params.id : undefined;

/**
 * What an event leads to: the target and the actions, or `-` where it is refused, or `(dies)`: that
 * is XState's answer to the error of an actor that nothing hears.
 */
export const answer = (from: Snapshot, event: ProtocolEvent): string => {
  const snapshot = silent.resolveState({ value: from.value, context: from.context });
  const [to, actions] = transition(silent, snapshot, event);
  if (to.status === 'error') return '(dies)';
  const names = actions.flatMap((action) => actionText({ ...action, params: action.params }));
  const before = pathOf(from.value);
  const after = pathOf(to.value);
  if (after === before && names.length === 0) return '-';
  return `${after === before ? '(stays)' : `→ ${after}`}  [${names.join(', ')}]`;
};
