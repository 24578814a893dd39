/** What a picture of a machine in text is made of, in whatever language. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { childrenOf, type Transition, transitionsOf } from './definition.ts';
import { inWords, nameOf } from './names.ts';

/** An arrow, with all that lead from the one state to the other. */
export interface Arrow {
  readonly from: AnyStateNode;
  readonly to: AnyStateNode;
  /** One for each event, in the order in which they are tried. */
  readonly labels: readonly string[];
}

/** What is no name in Mermaid, whose words these are, in whatever case. */
const WORDS =
  /^(?:acc(?:descr|title)|as|class(?:def)?|click|default|direction|end|hide|href|note|scale|state|statediagram|style)$/i;

/** A machine as it is drawn. */
export class Drawing {
  readonly root: AnyStateNode;
  readonly #ids = new Map<AnyStateNode, string>();

  constructor(machine: AnyStateMachine) {
    this.root = machine.root;
    const taken = new Set<string>();
    for (const node of below(this.root)) {
      const id = idAt(node.path);
      let unique = id;
      for (let at = 2; taken.has(unique); at += 1) unique = `${id}_${String(at)}`;
      taken.add(unique);
      this.#ids.set(node, unique);
    }
  }

  /** A name that no other state of the machine has, of letters, digits and `_`. */
  idOf(node: AnyStateNode): string {
    return this.#ids.get(node) ?? '_';
  }

  /** The arrows between states; those between the same two states are one. */
  arrows(): Arrow[] {
    return [...this.#ids.keys()].flatMap((node) => this.#ways(node).filter(isArrow));
  }

  /** What a state does beside leading to others: the actors that it runs, the events that it notes. */
  factsOf(node: AnyStateNode): string[] {
    const actors = node.invoke.map(({ id }) => id);
    const own = new Set(actors.map((id) => `xstate.error.actor.${id}`));
    const noted = transitionsOf(node)
      .filter(({ target, eventType }) => target === undefined && !own.has(eventType))
      .map(labelOf);
    return [
      ...(actors.length === 0 ? [] : [`runs ${actors.join(', ')}`]),
      ...(noted.length === 0 ? [] : [`notes ${noted.join(', ')}`]),
      ...this.#ways(node)
        .filter(({ to }) => to === this.root)
        .map(({ labels }) => `begins anew at ${labels.join(', ')}`),
    ];
  }

  /** What the machine does in every state, its ways from everywhere included. */
  everywhere(): string[] {
    return [
      ...this.factsOf(this.root),
      ...this.#ways(this.root)
        .filter(({ to }) => to !== this.root)
        .map(({ to, labels }) => `${labels.join(', ')} leads to ${this.idOf(to)}`),
    ];
  }

  /** Where the transitions of a state lead. */
  #ways(from: AnyStateNode): Arrow[] {
    const ways = new Map<AnyStateNode, string[]>();
    for (const transition of transitionsOf(from)) {
      for (const target of transition.target ?? []) {
        const to = this.#nodeOf(target.id);
        ways.set(to, [...(ways.get(to) ?? []), labelOf(transition)]);
      }
    }
    return [...ways].map(([to, labels]) => ({ from, to, labels }));
  }

  #nodeOf(id: string): AnyStateNode {
    for (const node of this.#ids.keys()) if (node.id === id) return node;
    return this.root;
  }
}

/** The keys that lead to a state, as a name that nothing reads as something else. */
const idAt = (path: readonly string[]): string => {
  const id = path.join('_').replace(/\W/g, '_') || '_';
  return WORDS.test(id) ? `${id}_` : id;
};

/** Neither from nor to the machine as a whole, which is no state that could be drawn. */
const isArrow = ({ from, to }: Arrow): boolean =>
  from.parent !== undefined && to.parent !== undefined;

/** A state and all in it, parents first. */
function* below(node: AnyStateNode): Generator<AnyStateNode> {
  yield node;
  for (const child of childrenOf(node)) yield* below(child);
}

/** `isFinite` only says that a deadline may be Infinity. */
const labelOf = ({ eventType, guard }: Transition): string => {
  const event = eventType === '' ? 'always' : inWords(eventType);
  const name = guard === undefined ? undefined : nameOf(guard, 'guarded');
  return name === undefined || name === 'isFinite' ? event : `${event} [${name}]`;
};
