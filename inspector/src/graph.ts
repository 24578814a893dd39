/** A machine of XState 4 as the graph that is laid out: what it says, without where it stands. */

import type { ChartLabel, ChartLine, ChartNode } from '../shared/view.ts';
import type { V4Machine } from './program.ts';

/** A state, or the dot that a compound state begins at. */
export interface GraphNode extends Pick<
  ChartNode,
  'id' | 'key' | 'kind' | 'description' | 'lines'
> {
  readonly children: readonly GraphNode[];
}

/** All transitions from one state to one other. */
export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly labels: readonly ChartLabel[];
}

/** See the module's comment. */
export interface Graph {
  readonly root: GraphNode;
  readonly edges: readonly GraphEdge[];
}

/** Of XState 4's state nodes, machines included, what is drawn. */
interface V4Node {
  readonly id: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly description?: string | undefined;
  readonly initial?: unknown;
  readonly states: Readonly<Record<string, V4Node>>;
  readonly invoke: readonly { readonly id: string }[];
  readonly transitions: readonly V4Transition[];
}
interface V4Transition {
  readonly eventType: string;
  readonly target?: readonly { readonly id: string }[] | undefined;
  readonly cond?: { readonly type: string; readonly name?: string | undefined } | undefined;
}

/** Of one machine; a larger one is not drawn. */
const MAX_NODES = 2_000;

/**
 * What a machine's chart shows.
 *
 * @throws {RangeError} When the machine is too large to be drawn.
 */
export function graphOf(machine: V4Machine): Graph {
  const nodes = [...below(machine)];
  if (nodes.length > MAX_NODES) throw new RangeError(`it has ${String(nodes.length)} states`);
  return {
    root: nodeOf(machine),
    edges: nodes.flatMap((node) => [...initialEdge(node), ...edgesFrom(node)]),
  };
}

/** The id of the dot that leads to a compound state's first state. */
const dotOf = (id: string): string => `${id}:initial`;

function* below(node: V4Node): Generator<V4Node> {
  yield node;
  for (const child of childrenOf(node)) yield* below(child);
}

const childrenOf = (node: V4Node): V4Node[] => Object.values(node.states);

function nodeOf(node: V4Node): GraphNode {
  const dot: GraphNode = { id: dotOf(node.id), key: '', kind: 'initial', lines: [], children: [] };
  return {
    id: node.id,
    key: node.key,
    kind: node.type,
    ...(typeof node.description === 'string' && { description: node.description }),
    lines: [...actorsOf(node), ...deadlinesOf(node), ...notesOf(node)],
    children: [
      ...(initialOf(node) === undefined ? [] : [dot]),
      ...childrenOf(node).map((child) => nodeOf(child)),
    ],
  };
}

function initialOf(node: V4Node): V4Node | undefined {
  const { initial } = node;
  return node.type === 'compound' && typeof initial === 'string' ? node.states[initial] : undefined;
}

function initialEdge(node: V4Node): GraphEdge[] {
  const initial = initialOf(node);
  return initial === undefined ? [] : [{ source: dotOf(node.id), target: initial.id, labels: [] }];
}

const actorsOf = (node: V4Node): ChartLine[] =>
  node.invoke.map(({ id }) => ({ kind: 'actor', name: id, text: id }));

/** What a state waits for, by the events that end the waiting. */
function deadlinesOf(node: V4Node): ChartLine[] {
  const events = new Set(node.transitions.map(({ eventType }) => eventType));
  return [...events].flatMap((name): ChartLine[] => {
    const delay = /^xstate\.after\((.*?)\)#/.exec(name)?.[1];
    return delay === undefined ? [] : [{ kind: 'deadline', name, text: delayText(delay) }];
  });
}

/** Events that change no state. That an invoked actor's failure is noted goes without saying. */
const notesOf = (node: V4Node): ChartLine[] =>
  node.transitions
    .filter(({ target, eventType }) => target === undefined && !/^(?:error|done)\./.test(eventType))
    .map((transition) => ({
      kind: 'event',
      name: transition.eventType,
      text: labelOf(transition).text,
    }));

function edgesFrom(node: V4Node): GraphEdge[] {
  const labels = new Map<string, ChartLabel[]>();
  for (const transition of node.transitions) {
    for (const { id } of transition.target ?? []) {
      labels.set(id, [...(labels.get(id) ?? []), labelOf(transition)]);
    }
  }
  return [...labels].map(([target, all]) => ({ source: node.id, target, labels: all }));
}

function labelOf({ eventType, cond }: V4Transition): ChartLabel {
  const text = inWords(eventType);
  // `isFinite` only says that a deadline may be Infinity.
  const guard =
    cond === undefined || cond.name === 'isFinite' ? '' : ` [${cond.name ?? 'guarded'}]`;
  return { event: eventType, text: text + guard };
}

/** XState's own events, in words. */
const inWords = (type: string): string => {
  const after = /^xstate\.after\((.*?)\)#/.exec(type)?.[1];
  if (after !== undefined) return `after ${delayText(after)}`;
  if (type === '') return 'always';
  return type
    .replace(/^done\.invoke\.(.+)$/, '$1 done')
    .replace(/^error\.platform\.(.+)$/, '$1 failed')
    .replace(/^done\.state\..*$/, 'done');
};

const delayText = (delay: string): string => (/^\d+$/.test(delay) ? `${delay} ms` : delay);
