/** A chart as data: its states, the events that are possible in each, and its reactions as text. */

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

/** An event with a label for the table, and the states in which it can occur. */
export interface PossibleEvent {
  readonly label: string;
  readonly event: EventObject;
  /** Whether it can occur when these states are active: a state and all around it. */
  readonly isPossibleIn: (active: readonly Node[]) => boolean;
}

/** All possible events: the commands, the ends of actors, and the timers. */
export function possibleEventsOf(
  nodes: readonly Node[],
  commands: Readonly<Record<string, EventObject>>,
  report: { readonly output: unknown; readonly error: Error },
): PossibleEvent[] {
  const ids = [...new Set(nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id)))];
  return [
    ...Object.entries(commands).map(([label, event]) => ({
      label,
      event,
      isPossibleIn: () => true,
    })),
    ...ids.flatMap((id) => reportsOf(id, report)),
    ...nodes.flatMap(timersOf),
  ];
}

const reportsOf = (
  id: string,
  { output, error }: { output: unknown; error: Error },
): PossibleEvent[] => {
  const isPossibleIn = (active: readonly Node[]): boolean =>
    active.some(({ invoke }) => invoke.some((invoked) => invoked.id === id));
  const [done, failed] = [`xstate.done.actor.${id}`, `xstate.error.actor.${id}`];
  return [
    { label: done, event: { type: done, output } as EventObject, isPossibleIn },
    { label: failed, event: { type: failed, error } as EventObject, isPossibleIn },
  ];
};

const timersOf = (node: Node): PossibleEvent[] =>
  node.after.map(({ eventType }) => ({
    label: eventType,
    event: { type: eventType },
    isPossibleIn: (active) => active.includes(node),
  }));

/** XState's own actions, which every change of state runs. */
const HOUSEKEEPING = ['xstate.raise', 'xstate.cancel', 'xstate.stopChild'];

/** One action as text: its name, and its parameter if that is a string. */
export const actionText = ({ type, params }: { type: string; params: unknown }): string[] => {
  if (HOUSEKEEPING.includes(type)) return [];
  const values = typeof params === 'object' && params !== null ? Object.values(params) : [];
  const [word] = values.filter((value) => typeof value === 'string');
  if (type === 'xstate.spawnChild') return [`start ${String(word)}`];
  return [word === undefined ? type : `${type}(${word})`];
};

/** The reaction to an event as text: the target and the actions; `-` when the event is refused. */
export const answerText = (from: string, to: string, actions: readonly string[]): string => {
  if (from === to && actions.length === 0) return '-';
  return `${from === to ? '(stays)' : `→ ${to}`}  [${actions.join(', ')}]`;
};
