/** Converts an XState 5 machine to the XState 4 definition that every @xstate/inspect receiver reads. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { jsonOf } from './json-text.ts';
import { nameOf, toV4Name } from './names.ts';
import { toPlain } from './plain.ts';
import { shortName } from './short.ts';
import type { Json } from './wire.ts';
import { isTimerAction } from './xstate.ts';

/** The parts of an XState 5 transition that are drawn. */
export interface Transition {
  readonly eventType: string;
  readonly source: { readonly id: string };
  readonly target?: readonly { readonly id: string }[] | undefined;
  readonly guard?: unknown;
  readonly actions: readonly unknown[];
  readonly reenter: boolean;
  readonly description?: string | undefined;
}

/** A state's own transitions, `always` included, in the order in which XState tries them. */
export const transitionsOf = (node: AnyStateNode): Transition[] => [
  ...[...node.transitions.values()].flat(),
  ...(node.always ?? []),
];

/** The direct child states, in document order. */
export const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);

/** The key of a compound state's initial state. */
export const initialOf = (node: AnyStateNode): string | undefined =>
  node.type === 'compound' ? node.initial.target[0]?.key : undefined;

/** The names of actions, without the ones with which XState sets and clears its own timers. */
const actionNames = (actions: readonly unknown[]): string[] =>
  actions.map((action) => nameOf(action, 'inline')).filter((name) => !isTimerAction(name));

const definitionJsons = new WeakMap<AnyStateMachine, string>();

/** The JSON text of a machine's definition, as a JSON string; cached per machine. */
export function definitionJson(machine: AnyStateMachine): string {
  const known = definitionJsons.get(machine);
  if (known !== undefined) return known;
  const json = jsonOf(reportedText(machine));
  definitionJsons.set(machine, json);
  return json;
}

/** The JSON text of a machine's definition. */
export const definitionText = (machine: AnyStateMachine): string =>
  JSON.parse(definitionJson(machine)) as string;

/** A machine that is too large is reported without its states; the name of its box says so. */
function reportedText({ id, root }: AnyStateMachine): string {
  const name = shortName(id);
  const stub = (why: string): string => rootText({ id: name, key: `${name} (${why})` });
  const most = String(MAX_STATES);
  if (!hasAtMost(MAX_STATES, root)) return stub(`not drawn: it has more than ${most} states`);
  const text = rootText(toV4Definition(root));
  if (text.length <= MAX_CHARACTERS) return text;
  return stub(`not drawn: its definition has ${String(text.length)} characters`);
}

/** The text of the definition of a root. XState 4 warns when the option is missing. */
const rootText = (root: object): string =>
  JSON.stringify({ ...root, predictableActionArguments: true });

const MAX_STATES = 5_000;
/** An inspector refuses messages of more than 16 MiB, in which a definition is quoted. */
const MAX_CHARACTERS = 2 * 1024 * 1024;

/** Whether a state and its descendants are not more than a number of states. */
function hasAtMost(count: number, root: AnyStateNode): boolean {
  const nodes = [root];
  for (const node of nodes) {
    if (nodes.length > count) return false;
    nodes.push(...childrenOf(node).slice(0, count));
  }
  return true;
}

/** A state with its descendants. */
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

/** The target of a history state that has no history yet. */
function historyTarget(node: AnyStateNode): { target?: Json } {
  const { target }: { target?: unknown } = node.config;
  return typeof target === 'string' ? { target } : {};
}

/** `always` is a separate property: XState 4 warns when it is listed under `on` as ''. */
function eventsOf(node: AnyStateNode): { on: Record<string, object[]>; always?: object[] } {
  const on = new Map<string, object[]>();
  for (const transition of transitionsOf(node)) {
    const name = toV4Name(transition.eventType);
    const known = on.get(name);
    if (known === undefined) on.set(name, [toV4Transition(transition, name)]);
    else known.push(toV4Transition(transition, name));
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

/** The definition of an actor that is not a machine: a chart of its four statuses. */
export const lifecycleText = (id: string): string =>
  rootText({
    id,
    key: id,
    type: 'compound',
    initial: 'active',
    states: { active: {}, done: {}, error: {}, stopped: {} },
  });

/** The same as a JSON string, kept for the next time: invoked actors of one id come again and again. */
export function lifecycleJson(id: string): string {
  const known = lifecycleJsons.get(id);
  if (known !== undefined) return known;
  const json = jsonOf(lifecycleText(id));
  if (lifecycleJsons.size < MAX_KEPT) lifecycleJsons.set(id, json);
  return json;
}

const lifecycleJsons = /* @__PURE__ */ new Map<string, string>();
const MAX_KEPT = 200;
