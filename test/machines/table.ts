/** A chart as data: its states, everything that may happen in each, and the answers as text. */

import type { EventObject } from 'xstate';

/** The part of XState's `StateNode` that the tables read. */
export interface Node {
  readonly path: readonly string[];
  readonly type: string;
  readonly parent?: Node | undefined;
  readonly states: Readonly<Record<string, Node>>;
  readonly invoke: readonly { readonly id: string }[];
  readonly after: readonly { readonly eventType: string }[];
}

/** A state and all states below it, in the order of the chart. */
export const nodesFrom = <N extends Node>(node: N, below: (node: N) => readonly N[]): N[] => [
  node,
  ...below(node).flatMap((child) => nodesFrom(child, below)),
];

export const isLeaf = ({ type }: Node): boolean => type === 'atomic' || type === 'final';
export const pathOfNode = (node: Node): string => node.path.join('.');

/** A state and all states around it, innermost first. */
export const activeIn = (node: Node): Node[] =>
  node.parent === undefined ? [node] : [node, ...activeIn(node.parent)];

/** Something that may happen. */
export interface Happening {
  readonly label: string;
  readonly event: EventObject;
  /** Whether it can happen in a state with these ancestors, the state itself included. */
  readonly isLiveIn: (active: readonly Node[]) => boolean;
}

/** Everything that may happen: the commands, the reports of actors, and the timers. */
export function happeningsOf(
  nodes: readonly Node[],
  commands: Readonly<Record<string, EventObject>>,
  report: { readonly output: unknown; readonly error: Error },
): Happening[] {
  const ids = [...new Set(nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id)))];
  return [
    ...Object.entries(commands).map(([label, event]) => ({ label, event, isLiveIn: () => true })),
    ...ids.flatMap((id) => reportsOf(id, report)),
    ...nodes.flatMap(timersOf),
  ];
}

const reportsOf = (
  id: string,
  { output, error }: { output: unknown; error: Error },
): Happening[] => {
  const isLiveIn = (active: readonly Node[]): boolean =>
    active.some(({ invoke }) => invoke.some((invoked) => invoked.id === id));
  const [done, failed] = [`xstate.done.actor.${id}`, `xstate.error.actor.${id}`];
  return [
    { label: done, event: { type: done, output } as EventObject, isLiveIn },
    { label: failed, event: { type: failed, error } as EventObject, isLiveIn },
  ];
};

const timersOf = (node: Node): Happening[] =>
  node.after.map(({ eventType }) => ({
    label: eventType,
    event: { type: eventType },
    isLiveIn: (active) => active.includes(node),
  }));

/** XState's own actions that every change of state runs. */
const HOUSEKEEPING = ['xstate.raise', 'xstate.cancel', 'xstate.stopChild'];

/** One action as text: its name, and its parameter where that is a text. */
export const actionText = ({ type, params }: { type: string; params: unknown }): string[] => {
  if (HOUSEKEEPING.includes(type)) return [];
  const values = typeof params === 'object' && params !== null ? Object.values(params) : [];
  const [word] = values.filter((value) => typeof value === 'string');
  if (type === 'xstate.spawnChild') return [`start ${String(word)}`];
  return [word === undefined ? type : `${type}(${word})`];
};

/** What an event leads to: the target and the actions; `-` where it is refused. */
export const answerText = (from: string, to: string, actions: readonly string[]): string => {
  if (from === to && actions.length === 0) return '-';
  return `${from === to ? '(stays)' : `→ ${to}`}  [${actions.join(', ')}]`;
};
