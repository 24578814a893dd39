/** Converts an XState 4 machine to the graph that is laid out: nodes and edges without positions. */

import type {
  ChartLabel,
  ChartLine,
  ChartNode,
  ChartNote,
  ChartTransition,
} from '../shared/view.ts';
import { BOUNDS } from './bounds.ts';
import { json } from './checks.ts';
import {
  actionsLine,
  cut,
  descriptionLine,
  inWords,
  labelLines,
  nameOfActor,
  sourceOf,
  tagsLine,
} from './graph-texts.ts';
import type { V4Machine } from './receiver.ts';
import { delayText } from '../shared/words.ts';

/** A state, or the initial dot of a compound state. */
export interface GraphNode extends Omit<
  ChartNode,
  'parent' | 'isHidden' | 'x' | 'y' | 'width' | 'height'
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
  /** Whether notes and the actions of transitions are drawn; by default they are. */
  readonly details?: boolean;
}

interface V4Action {
  readonly type: string;
}

/** The parts of an XState 4 state node (a machine is one, too) that are drawn. */
interface V4Node {
  readonly id: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly history?: 'shallow' | 'deep' | boolean | undefined;
  readonly description?: string | undefined;
  readonly initial?: unknown;
  readonly states: Readonly<Record<string, V4Node>>;
  readonly invoke: readonly { readonly id: string; readonly src?: unknown }[];
  readonly onEntry: readonly V4Action[];
  readonly onExit: readonly V4Action[];
  readonly tags: readonly unknown[];
  readonly meta?: unknown;
  readonly transitions: readonly V4Transition[];
}
interface V4Transition {
  readonly eventType: string;
  readonly target?: readonly { readonly id: string }[] | undefined;
  readonly cond?: { readonly type: string; readonly name?: string | undefined } | undefined;
  readonly actions: readonly V4Action[];
  readonly description?: unknown;
}

const MAX_DESCRIPTION_CHARACTERS = 2_000;
/** A longer JSON text of a state's `meta` is left out. */
const MAX_META_CHARACTERS = 4_000;
/** Of each list in a state. */
const MAX_NAMES = 100;

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
  const maker = new GraphMaker(nodes);
  return {
    root: maker.nodeOf(machine),
    edges: nodes.flatMap((node) => [...initialEdge(node), ...maker.edgesFrom(node)]),
  };
}

/** The id of a compound state's initial dot. */
const dotOf = (id: string): string => `${id}:initial`;

function* subtree(node: V4Node): Generator<V4Node> {
  yield node;
  for (const child of childrenOf(node)) yield* subtree(child);
}

const childrenOf = (node: V4Node): V4Node[] => Object.values(node.states);

function initialOf(node: V4Node): V4Node | undefined {
  const { initial, states } = node;
  const isNamed = typeof initial === 'string' && Object.hasOwn(states, initial);
  return node.type === 'compound' && isNamed ? states[initial] : undefined;
}

function initialEdge(node: V4Node): GraphEdge[] {
  const initial = initialOf(node);
  return initial === undefined ? [] : [{ source: dotOf(node.id), target: initial.id, labels: [] }];
}

const dotFor = (id: string): GraphNode => ({
  id: dotOf(id),
  key: '',
  kind: 'initial',
  tags: [],
  entry: [],
  exit: [],
  transitions: [],
  notes: [],
  lines: [],
  children: [],
});

/** Makes nodes and edges. The names of actors may be needed in any state. */
class GraphMaker {
  readonly #actorNames = new Map<string, string>();
  readonly #actorName = (id: string): string => this.#actorNames.get(id) ?? id;

  constructor(nodes: readonly V4Node[]) {
    for (const node of nodes) {
      for (const [at, one] of node.invoke.entries()) {
        this.#actorNames.set(one.id, nameOfActor(node, one, at));
      }
    }
  }

  nodeOf(node: V4Node): GraphNode {
    const { description, type } = node;
    const [entry, exit] = [node.onEntry, node.onExit].map(namesOf);
    const facts = { tags: textsIn(node.tags), entry: entry ?? [], exit: exit ?? [] };
    return {
      id: node.id,
      key: node.key,
      kind: type,
      ...(typeof description === 'string' && {
        description: cut(description, MAX_DESCRIPTION_CHARACTERS),
      }),
      ...(type === 'history' && { history: node.history === 'deep' ? 'deep' : 'shallow' }),
      ...facts,
      ...metaOf(node),
      transitions: inOrder(numbered(node.transitions).map((one) => this.#transitionOf(...one))),
      notes: notesOf(description, facts),
      lines: [...this.#actorsOf(node), ...deadlinesOf(node), ...this.#internalEventsOf(node)],
      children: [
        ...(initialOf(node) === undefined ? [] : [dotFor(node.id)]),
        ...childrenOf(node).map((child) => this.nodeOf(child)),
      ],
    };
  }

  edgesFrom(node: V4Node): GraphEdge[] {
    const labels = new Map<string, ChartLabel[]>();
    for (const [transition, index] of numbered(node.transitions)) {
      for (const { id } of transition.target ?? []) {
        const known = labels.get(id);
        const label = this.#labelOf(transition, index);
        if (known === undefined) labels.set(id, [label]);
        else known.push(label);
      }
    }
    return [...labels].map(([target, all]) => ({ source: node.id, target, labels: all }));
  }

  #actorsOf = (node: V4Node): ChartLine[] =>
    node.invoke.map((one) => {
      const [text, src] = [this.#actorName(one.id), sourceOf(one)];
      const line: ChartLine = { kind: 'actor', name: one.id, text: cut(text) };
      return src === undefined || src === text
        ? line
        : { ...line, src: cut(src, MAX_SRC_CHARACTERS) };
    });

  /** Events that change no state, without the results of invoked actors. */
  #internalEventsOf = (node: V4Node): ChartLine[] =>
    numbered(node.transitions)
      .filter(
        ([{ target, eventType }]) => target === undefined && !/^(?:error|done)\./.test(eventType),
      )
      .map(([transition, index]) => ({
        kind: 'event',
        name: transition.eventType,
        index,
        text: this.#labelOf(transition).text,
      }));

  #transitionOf(transition: V4Transition, index: number): ChartTransition {
    const { eventType, target, cond, actions, description } = transition;
    return {
      event: eventType,
      index,
      text: cut(inWords(eventType, this.#actorName)),
      ...(cond !== undefined && { guard: cut(cond.name ?? 'guarded') }),
      target: (target ?? []).slice(0, MAX_NAMES).map(({ id }) => id),
      actions: namesOf(actions),
      ...(typeof description === 'string' && {
        description: cut(description, MAX_DESCRIPTION_CHARACTERS),
      }),
    };
  }

  #labelOf({ eventType, cond, actions }: V4Transition, index = 0): ChartLabel {
    const text = inWords(eventType, this.#actorName);
    // The guard `isFinite` is left out: it only says that a deadline may be Infinity.
    const guard =
      cond === undefined || cond.name === 'isFinite' ? undefined : (cond.name ?? 'guarded');
    return {
      event: eventType,
      index,
      text: cut(guard === undefined ? text : `${text} [${guard}]`),
      lines: labelLines(text, guard, namesOf(actions)),
    };
  }
}

/** Transitions with their positions among those for the same event. */
function numbered(transitions: readonly V4Transition[]): (readonly [V4Transition, number])[] {
  const counts = new Map<string, number>();
  return transitions.map((transition) => {
    const index = counts.get(transition.eventType) ?? 0;
    counts.set(transition.eventType, index + 1);
    return [transition, index];
  });
}

const MAX_SRC_CHARACTERS = 30;

function notesOf(
  description: unknown,
  { tags, entry, exit }: Pick<ChartNode, 'tags' | 'entry' | 'exit'>,
): ChartNote[] {
  const texts = {
    description: typeof description === 'string' ? descriptionLine(description) : [],
    tags: tagsLine(tags),
    entry: actionsLine('entry', entry),
    exit: actionsLine('exit', exit),
  };
  return (['tags', 'description', 'entry', 'exit'] as const).flatMap((kind) =>
    texts[kind].map((text) => ({ kind, text })),
  );
}

/** Names of actions, without the ones with which XState 4 sets and clears its own timers. */
const namesOf = (actions: readonly V4Action[]): string[] =>
  textsIn(actions.map(({ type }) => type)).filter(
    (type) => !/^xstate\.(?:send|cancel)$/.test(type),
  );

const textsIn = (values: readonly unknown[]): string[] =>
  values
    .filter((value) => typeof value === 'string')
    .slice(0, MAX_NAMES)
    .map((text) => cut(text));

function metaOf({ meta }: V4Node): Pick<ChartNode, 'meta'> {
  if (meta === undefined) return {};
  // It was parsed from JSON, within the bounds of the definition.
  const { length } = JSON.stringify(meta);
  return length > MAX_META_CHARACTERS ? {} : { meta: json(meta) };
}

/** XState tries the descriptor that is the event itself first, and then the wildcards, longest first. */
function inOrder(transitions: readonly ChartTransition[]): ChartTransition[] {
  const lengthOf = ({ event }: ChartTransition): number =>
    event.endsWith('*') ? event.length : Number.POSITIVE_INFINITY;
  return transitions.toSorted((one, other) => {
    const [first, second] = [lengthOf(one), lengthOf(other)];
    return first === second ? 0 : second - first;
  });
}

/** The delays after which a state is left, by their events. */
function deadlinesOf(node: V4Node): ChartLine[] {
  const events = new Set(node.transitions.map(({ eventType }) => eventType));
  return [...events].flatMap((name): ChartLine[] => {
    const delay = /^xstate\.after\((.*?)\)#/.exec(name)?.[1];
    return delay === undefined ? [] : [{ kind: 'deadline', name, text: cut(delayText(delay)) }];
  });
}
