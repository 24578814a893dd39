/** A machine of XState 5 as the definition that XState 4, and so every @xstate/inspect receiver, reads. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { nameOf, toV4Name } from './names.ts';
import { toPlain } from './plain.ts';
import type { Json } from './wire.ts';

/** A transition of XState 5, as far as it is drawn. */
export interface Transition {
  readonly eventType: string;
  readonly source: { readonly id: string };
  readonly target?: readonly { readonly id: string }[] | undefined;
  readonly guard?: unknown;
  readonly actions: readonly unknown[];
  readonly reenter: boolean;
  readonly description?: string | undefined;
}

/** Every transition that starts in a state, `always` included, in the order in which they are tried. */
export const transitionsOf = (node: AnyStateNode): Transition[] => [
  ...[...node.transitions.values()].flat(),
  ...(node.always ?? []),
];

/** The states in a state, in document order. */
export const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);

/** The key of the state that a compound state begins in. */
export const initialOf = (node: AnyStateNode): string | undefined =>
  node.type === 'compound' ? node.initial.target[0]?.key : undefined;

/** The names of actions, without those by which XState sets and clears its own timers. */
const actionNames = (actions: readonly unknown[]): string[] =>
  actions
    .map((action) => nameOf(action, 'inline'))
    .filter((name) => name !== 'xstate.raise' && name !== 'xstate.cancel');

const texts = new WeakMap<AnyStateMachine, string>();

/** The JSON text of a machine's definition. It is made once a machine. */
export function definitionText(machine: AnyStateMachine): string {
  const known = texts.get(machine);
  if (known !== undefined) return known;
  const text = JSON.stringify({
    ...toV4Definition(machine.root),
    predictableActionArguments: true,
  });
  texts.set(machine, text);
  return text;
}

/** One state, and those in it. */
function toV4Definition(node: AnyStateNode): object {
  const initial = initialOf(node);
  return {
    id: node.id,
    key: node.key,
    type: node.type,
    ...(initial !== undefined && { initial }),
    ...(node.type === 'history' && { history: node.history || 'shallow', ...historyTarget(node) }),
    ...(node.description !== undefined && { description: node.description }),
    states: Object.fromEntries(childrenOf(node).map((one) => [one.key, toV4Definition(one)])),
    ...eventsOf(node),
    entry: actionNames(node.entry).map((type) => ({ type })),
    exit: actionNames(node.exit).map((type) => ({ type })),
    invoke: node.invoke.map(({ id, src }) => ({
      type: 'xstate.invoke',
      id,
      src: { type: nameOf(src, id) },
    })),
    tags: node.tags,
    ...(node.meta !== undefined && { meta: toPlain(node.meta) }),
    order: node.order,
  };
}

/** What a history state falls back to. */
function historyTarget(node: AnyStateNode): { target?: Json } {
  const { target }: { target?: unknown } = node.config;
  return typeof target === 'string' ? { target } : {};
}

/** `always` is a property of its own; among the events, as '', version 4 would complain of it. */
function eventsOf(node: AnyStateNode): { on: Record<string, object[]>; always?: object[] } {
  const on = new Map<string, object[]>();
  for (const transition of transitionsOf(node)) {
    const name = toV4Name(transition.eventType);
    on.set(name, [...(on.get(name) ?? []), toV4Transition(transition, name)]);
  }
  const always = on.get('');
  on.delete('');
  return { on: Object.fromEntries(on), ...(always && { always }) };
}

const toV4Transition = (transition: Transition, event: string): object => ({
  ...(transition.target && { target: transition.target.map(({ id }) => `#${id}`) }),
  actions: actionNames(transition.actions).map((type) => ({ type })),
  ...(transition.guard !== undefined && { cond: nameOf(transition.guard, 'guard') }),
  event,
  eventType: event,
  source: `#${transition.source.id}`,
  internal: !transition.reenter,
  ...(transition.description !== undefined && { description: transition.description }),
});

/** The four statuses of an actor that is no machine, as a machine. */
export const lifecycleText = (id: string): string =>
  JSON.stringify({
    id,
    key: id,
    type: 'compound',
    initial: 'active',
    states: { active: {}, done: {}, error: {}, stopped: {} },
    predictableActionArguments: true,
  });
