/**
 * The chart as data: its states, the events that are possible in each, and its reaction to each
 * event.
 */

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
import { chart, failingChart, pathOf, sessionChart } from './support.ts';

/** A state of the chart. */
export type Node = StateNode<ProtocolContext<string, string>, ProtocolEvent<string>>;
export type Snapshot = ReturnType<typeof chart.resolveState>;

/** A state and all states below it, in the order of the chart. */
const nodesFrom = (node: Node): Node[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodesFrom(child)),
];
export const nodes = nodesFrom(chart.root);
/** Those of a chart for one session that ends in error: all that the setup is used for. */
export const failingNodes = nodesFrom(failingChart.root);
/** Those of a chart for a protocol with logic for its session. */
export const sessionNodes = nodesFrom(sessionChart.root);
export const leaves = nodes.filter(({ type }) => type === 'atomic' || type === 'final');
export const pathOfNode = (node: Node): string => node.path.join('.');

/** The name of an action, a guard or an actor, written as a string or as an object. */
export const nameOf = (reference: unknown): string => {
  if (typeof reference === 'string') return reference;
  const isNamed = typeof reference === 'object' || typeof reference === 'function';
  if (isNamed && reference !== null && 'type' in reference) return String(reference.type);
  throw new Error(`The chart refers to an implementation without a name: ${String(reference)}`);
};

/** A snapshot of the machine in a state, without a route to it. */
export const snapshotIn = (leaf: Node, link = new FakeLink()): Snapshot =>
  chart.resolveState({ value: valueOf(leaf.path), context: contextOf(link) });

const valueOf = ([key = '', ...inner]: readonly string[]): StateValue =>
  inner.length === 0 ? key : { [key]: valueOf(inner) };

const contextOf = (link: FakeLink): ProtocolContext<string, string> => {
  const [{ context }] = initialTransition(chart, link);
  return { ...context, session: 1 };
};

/** An event with a label for the table, and the states in which it can occur. */
export interface PossibleEvent {
  readonly label: string;
  readonly event: ProtocolEvent<string>;
  /** Whether it can occur when these states are active: a state and all around it. */
  readonly isPossibleIn: (active: readonly Node[]) => boolean;
}

const always = (): boolean => true;

const command = (label: string, event: ProtocolEvent<string>): PossibleEvent => ({
  label,
  event,
  isPossibleIn: always,
});

export const COMMANDS: readonly PossibleEvent[] = [
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

/** Every state handles it, if only to refuse it. */
const SENDS = [
  command('SEND', { type: 'SEND', message: 'hello' }),
  command('SEND_FAILED', {
    type: 'SEND_FAILED',
    message: 'hello',
    error: new ClosedError('too late'),
  }),
];

/** Sent by the machine's own link, so it is not a command; every state handles it. */
const MESSAGES = command('MESSAGES', { type: 'MESSAGES', messages: ['one'] });

/** Raised by the machine itself, while it runs with an idle deadline. */
const CHECK_IDLE = command('CHECK_IDLE', { type: 'CHECK_IDLE' });

/** The same with a deadline for the first message. */
const CHECK_FIRST_MESSAGE = command('CHECK_FIRST_MESSAGE', { type: 'CHECK_FIRST_MESSAGE' });

/** XState's own events are not part of a machine's event type. */
export const internal = (event: EventObject & Record<string, unknown>): ProtocolEvent<string> =>
  event as EventObject as ProtocolEvent<string>;

export const reportsOf = (id: string): PossibleEvent[] => {
  const isPossibleIn = (active: readonly Node[]): boolean =>
    active.some(({ invoke }) => invoke.some((invoked) => invoked.id === id));
  const done = `xstate.done.actor.${id}`;
  const error = `xstate.error.actor.${id}`;
  return [
    { label: done, event: internal({ type: done, output: { path: '/run/x' } }), isPossibleIn },
    { label: error, event: internal({ type: error, error: new Error('broken') }), isPossibleIn },
    {
      label: `${error} (ClosedError)`,
      event: internal({ type: error, error: new ClosedError('reset') }),
      isPossibleIn,
    },
  ];
};

const timersOf = (node: Node): PossibleEvent[] =>
  node.after.map(({ eventType }) => ({
    label: eventType,
    event: internal({ type: eventType }),
    isPossibleIn: (active) => active.includes(node),
  }));

const actorIds = [...new Set(nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id)))];

/** The success and the failure of every actor, also those that no state handles. */
const REPORTS = actorIds.flatMap(reportsOf);
const TIMERS = nodes.flatMap(timersOf);
export const POSSIBLE_EVENTS: readonly PossibleEvent[] = [
  ...COMMANDS,
  ...SENDS,
  MESSAGES,
  CHECK_IDLE,
  CHECK_FIRST_MESSAGE,
  ...REPORTS,
  ...TIMERS,
];

/** A state and all states around it, innermost first. */
export const activeIn = (node: Node): Node[] =>
  node.parent === undefined ? [node] : [node, ...activeIn(node.parent)];

/** A chart with actions that do nothing, so that `transition()` returns all of them, by name. */
const silenced = (machine: typeof chart): typeof chart =>
  machine.provide({
    actions: Object.fromEntries(
      Object.keys(machine.implementations.actions).map((name) => [name, () => undefined]),
    ),
  });
const silent = silenced(chart);
/** That of a protocol with logic for its session. */
export const silentSession = silenced(sessionChart);

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
 * The reaction to an event as text: the target and the actions; `-` when the event is refused;
 * `(dies)` when it is the error of an actor that no transition handles, which stops the machine.
 */
export const answer = (from: Snapshot, event: ProtocolEvent<string>, machine = silent): string => {
  const snapshot = machine.resolveState({ value: from.value, context: from.context });
  const [to, actions] = transition(machine, snapshot, event);
  if (to.status === 'error') return '(dies)';
  const names = actions.flatMap((action) => actionText({ ...action, params: action.params }));
  const before = pathOf(from.value);
  const after = pathOf(to.value);
  if (after === before && names.length === 0) return '-';
  return `${after === before ? '(stays)' : `→ ${after}`}  [${names.join(', ')}]`;
};
