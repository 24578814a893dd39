/** Converts an XState 4 machine to the graph that is laid out: nodes and edges without positions. */

import type { ChartLabel, ChartLine, ChartNode } from '../shared/view.ts';
import { BOUNDS } from './bounds.ts';
import type { V4Machine } from './receiver.ts';

/** A state, or the initial dot of a compound state. */
export interface GraphNode extends Pick<
  ChartNode,
  'id' | 'key' | 'kind' | 'description' | 'lines'
> {
  readonly children: readonly GraphNode[];
}

/** All transitions from one state to another. */
export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly labels: readonly ChartLabel[];
}

/** A machine's states and transitions, as they are drawn. */
export interface Graph {
  readonly root: GraphNode;
  readonly edges: readonly GraphEdge[];
}

/** The parts of an XState 4 state node (a machine is one, too) that are drawn. */
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

/** A longer text is cut: it would make the chart as wide as itself. */
const MAX_LABEL_CHARACTERS = 200;
const MAX_DESCRIPTION_CHARACTERS = 2_000;

/**
 * The graph of a machine.
 *
 * @throws {RangeError} When the machine has too many states to be drawn.
 */
export function graphOf(machine: V4Machine): Graph {
  const nodes = [...subtree(machine)];
  const { states } = BOUNDS.definition;
  if (nodes.length > states) {
    const count = String(nodes.length);
    throw new RangeError(`the machine has ${count} states; at most ${String(states)} are drawn`);
  }
  return {
    root: nodeOf(machine),
    edges: nodes.flatMap((node) => [...initialEdge(node), ...edgesFrom(node)]),
  };
}

/** The id of a compound state's initial dot. */
const dotOf = (id: string): string => `${id}:initial`;

function* subtree(node: V4Node): Generator<V4Node> {
  yield node;
  for (const child of childrenOf(node)) yield* subtree(child);
}

const childrenOf = (node: V4Node): V4Node[] => Object.values(node.states);

function nodeOf(node: V4Node): GraphNode {
  const dot: GraphNode = { id: dotOf(node.id), key: '', kind: 'initial', lines: [], children: [] };
  return {
    id: node.id,
    key: node.key,
    kind: node.type,
    ...(typeof node.description === 'string' && {
      description: cutLabel(node.description, MAX_DESCRIPTION_CHARACTERS),
    }),
    lines: [...actorsOf(node), ...deadlinesOf(node), ...internalEventsOf(node)],
    children: [
      ...(initialOf(node) === undefined ? [] : [dot]),
      ...childrenOf(node).map((child) => nodeOf(child)),
    ],
  };
}

function initialOf(node: V4Node): V4Node | undefined {
  const { initial, states } = node;
  const isNamed = typeof initial === 'string' && Object.hasOwn(states, initial);
  return node.type === 'compound' && isNamed ? states[initial] : undefined;
}

function initialEdge(node: V4Node): GraphEdge[] {
  const initial = initialOf(node);
  return initial === undefined ? [] : [{ source: dotOf(node.id), target: initial.id, labels: [] }];
}

const actorsOf = (node: V4Node): ChartLine[] =>
  node.invoke.map(({ id }) => ({ kind: 'actor', name: id, text: cutLabel(id) }));

/** The delays after which a state is left, by their events. */
function deadlinesOf(node: V4Node): ChartLine[] {
  const events = new Set(node.transitions.map(({ eventType }) => eventType));
  return [...events].flatMap((name): ChartLine[] => {
    const delay = /^xstate\.after\((.*?)\)#/.exec(name)?.[1];
    return delay === undefined
      ? []
      : [{ kind: 'deadline', name, text: cutLabel(delayText(delay)) }];
  });
}

/** Events that change no state, without the results of invoked actors. */
const internalEventsOf = (node: V4Node): ChartLine[] =>
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
      const known = labels.get(id);
      if (known === undefined) labels.set(id, [labelOf(transition)]);
      else known.push(labelOf(transition));
    }
  }
  return [...labels].map(([target, all]) => ({ source: node.id, target, labels: all }));
}

function labelOf({ eventType, cond }: V4Transition): ChartLabel {
  const text = inWords(eventType);
  // The guard `isFinite` is left out: it only says that a deadline may be Infinity.
  const guard =
    cond === undefined || cond.name === 'isFinite' ? '' : ` [${cond.name ?? 'guarded'}]`;
  return { event: eventType, text: cutLabel(text + guard) };
}

/** Readable names of XState's own events. */
const inWords = (type: string): string => {
  const after = /^xstate\.after\((.*?)\)#/.exec(type)?.[1];
  if (after !== undefined) return `after ${delayText(after)}`;
  if (type === '') return 'always';
  return type
    .replace(/^done\.invoke\.(.+)$/, '$1 done')
    .replace(/^error\.platform\.(.+)$/, '$1 failed')
    .replace(/^done\.state\..*$/, 'done');
};

const cutLabel = (text: string, most = MAX_LABEL_CHARACTERS): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

const delayText = (delay: string): string => (/^\d+$/.test(delay) ? `${delay} ms` : delay);
