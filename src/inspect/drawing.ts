/** What a text diagram of a machine shows, independent of the diagram language. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { childrenOf, type Transition, transitionsOf } from './definition.ts';
import { inWords, nameOf } from './names.ts';
import { typeOfOwnEvent } from './xstate.ts';

/** All transitions from one state to another, drawn as one arrow. */
export interface Arrow {
  readonly from: AnyStateNode;
  readonly to: AnyStateNode;
  /** One per transition, in the order in which XState tries them. */
  readonly labels: readonly string[];
}

/** Mermaid's keywords, in any case: a state id must not be one of them. */
const MERMAID_KEYWORDS =
  /^(?:acc(?:descr|title)|as|class(?:def)?|click|default|direction|end|hide|href|note|scale|state|statediagram|style)$/i;

/** What is said below the name of a history state, with the sign that UML has for it. */
const HISTORY = { shallow: 'H: history', deep: 'H*: deep history' };

/** The states, arrows and texts of one machine's diagram. */
export class Drawing {
  readonly root: AnyStateNode;
  readonly #ids = new Map<AnyStateNode, string>();

  constructor(machine: AnyStateMachine) {
    this.root = machine.root;
    const taken = new Set<string>();
    for (const node of subtree(this.root)) {
      const id = idAt(node.path);
      let unique = id;
      for (let at = 2; taken.has(unique); at += 1) unique = `${id}_${String(at)}`;
      taken.add(unique);
      this.#ids.set(node, unique);
    }
  }

  /** The state's unique id in the diagram, of letters, digits and `_`. */
  idOf(node: AnyStateNode): string {
    return this.#ids.get(node) ?? '_';
  }

  /** The arrows between states, at most one from each state to each other. */
  arrows(): Arrow[] {
    return [...this.#ids.keys()].flatMap((node) => this.#arrowsFrom(node).filter(isArrow));
  }

  /** What a state is and does besides its arrows: the actors that it runs, the events that change no state. */
  factsOf(node: AnyStateNode): string[] {
    const actors = node.invoke.map(({ id }) => id);
    const actorErrors = new Set(actors.map((id) => typeOfOwnEvent({ kind: 'actorFailed', id })));
    const handled = transitionsOf(node)
      .filter(({ target, eventType }) => target === undefined && !actorErrors.has(eventType))
      .map(labelOf);
    return [
      ...(node.type === 'history' ? [HISTORY[node.history || 'shallow']] : []),
      ...(actors.length === 0 ? [] : [`runs ${actors.join(', ')}`]),
      ...(handled.length === 0 ? [] : [`handles ${handled.join(', ')}`]),
      ...this.#arrowsFrom(node)
        .filter(({ to }) => to === this.root)
        .map(({ labels }) => `restarts on ${labels.join(', ')}`),
    ];
  }

  /** What the machine does in every state, including the transitions that start at its root. */
  globalFacts(): string[] {
    return [
      ...this.factsOf(this.root),
      ...this.#arrowsFrom(this.root)
        .filter(({ to }) => to !== this.root)
        .map(({ to, labels }) => `${labels.join(', ')} leads to ${this.idOf(to)}`),
    ];
  }

  /** The arrows that start at a state. They may lead to the root. */
  #arrowsFrom(from: AnyStateNode): Arrow[] {
    const labels = new Map<AnyStateNode, string[]>();
    const add = (id: string, label: string) => {
      const to = this.#nodeOf(id);
      labels.set(to, [...(labels.get(to) ?? []), label]);
    };
    for (const id of defaultsOf(from)) add(id, 'without history');
    for (const transition of transitionsOf(from)) {
      for (const target of transition.target ?? []) {
        add(target.id, labelOf(transition));
      }
    }
    return [...labels].map(([to, texts]) => ({ from, to, labels: texts }));
  }

  #nodeOf(id: string): AnyStateNode {
    for (const node of this.#ids.keys()) if (node.id === id) return node;
    return this.root;
  }
}

/** A state's path as an id that no diagram language reads as syntax. */
const idAt = (path: readonly string[]): string => {
  const id = path.join('_').replace(/\W/g, '_') || '_';
  return MERMAID_KEYWORDS.test(id) ? `${id}_` : id;
};

/** Where a history state leads when there is no history yet, as far as its chart says so. */
function defaultsOf({ type, config, parent }: AnyStateNode): string[] {
  const { target }: { target?: unknown } = config;
  if (type !== 'history' || parent === undefined) return [];
  return [target].flat().flatMap((one) => (typeof one === 'string' ? idsFrom(parent, one) : []));
}

/** The id of the state that a target means: `#id`, or a path from the parent. */
function idsFrom(parent: AnyStateNode, target: string): string[] {
  if (target.startsWith('#')) return [target.slice(1)];
  let node: AnyStateNode | undefined = parent;
  for (const key of target.split('.')) {
    node = childrenOf(node).find((child) => child.key === key);
    if (node === undefined) return [];
  }
  return [node.id];
}

/** Arrows from and to the root are not drawn: it is not a state in the diagram. */
const isArrow = ({ from, to }: Arrow): boolean =>
  from.parent !== undefined && to.parent !== undefined;

/** A state and all its descendants, parents first. */
function* subtree(node: AnyStateNode): Generator<AnyStateNode> {
  yield node;
  for (const child of childrenOf(node)) yield* subtree(child);
}

/** The guard `isFinite` is left out: it only says that a deadline may be Infinity. */
const labelOf = ({ eventType, guard }: Transition): string => {
  const event = eventType === '' ? 'always' : inWords(eventType);
  const name = guard === undefined ? undefined : nameOf(guard, 'guarded');
  return name === undefined || name === 'isFinite' ? event : `${event} [${name}]`;
};
