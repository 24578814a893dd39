/** The states of a machine in a form in which entering and leaving them can be counted quickly. */

import type { MachineShape, ShapeState } from './shape.ts';
import type { Json, TakenTransition } from './view.ts';

/** A state of a machine. */
export interface StateNode {
  readonly shape: ShapeState;
  readonly parent: StateNode | undefined;
  readonly depth: number;
  readonly children: Map<string, StateNode>;
}

/** A transition, with all that leaves or enters states when it is taken. */
export interface TransitionNode {
  /** Its position among all transitions of the machine. */
  readonly at: number;
  /** All active states below this one are left, and others entered; `undefined`: it changes no state. */
  readonly domain: StateNode | undefined | 'all';
}

/** The most state values whose active states are remembered. */
const MAX_REMEMBERED = 1_000;

/** Finds states and transitions of a machine. */
export class StateTree {
  readonly root: StateNode | undefined;
  readonly #nodes = new Map<string, StateNode>();
  readonly #transitions = new Map<string, TransitionNode>();
  readonly #active = new Map<string, readonly StateNode[]>();

  constructor({ states }: MachineShape) {
    for (const shape of states) {
      const parent = shape.parent === undefined ? undefined : this.#nodes.get(shape.parent);
      const depth = parent === undefined ? 0 : parent.depth + 1;
      const node: StateNode = { shape, parent, depth, children: new Map() };
      this.#nodes.set(shape.id, node);
      parent?.children.set(shape.key, node);
    }
    this.root = this.#nodes.get(states[0]?.id ?? '');
    let at = 0;
    for (const { id, transitions } of states) {
      for (const [index, { event, target, reenter = false }] of indexed(transitions)) {
        const domain = this.#domainOf(id, target, reenter);
        this.#transitions.set(keyOf(id, event, index), { at, domain });
        at += 1;
      }
    }
  }

  /** The transition that was taken, if the definition has it. */
  transitionOf({ source, event, target, index }: TakenTransition): TransitionNode | undefined {
    if (index !== undefined) return this.#transitions.get(keyOf(source, event, index));
    const transitions = this.#nodes.get(source)?.shape.transitions ?? [];
    for (const [candidate, transition] of indexed(transitions)) {
      const isSame =
        transition.event === event && transition.target.join('\n') === target.join('\n');
      if (isSame) return this.#transitions.get(keyOf(source, event, candidate));
    }
    return undefined;
  }

  /** The active states of a state value, parents before their children, without the root. */
  activeIn(value: Json): readonly StateNode[] {
    const key = typeof value === 'string' ? value : JSON.stringify(value);
    const known = this.#active.get(key);
    if (known !== undefined) return known;
    const active: StateNode[] = [];
    if (this.root !== undefined) addActive(this.root, value, active);
    if (this.#active.size < MAX_REMEMBERED) this.#active.set(key, active);
    return active;
  }

  /** As XState does it: the closest state around the source and all targets, in which all changes are. */
  #domainOf(source: string, target: readonly string[], reenter: boolean): TransitionNode['domain'] {
    const from = this.#nodes.get(source);
    const targets = target.map((id) => this.#nodes.get(id));
    if (from === undefined || targets.length === 0) return undefined;
    const nodes = targets.filter((node) => node !== undefined);
    if (!reenter && nodes.every((node) => node === from || isWithin(node, from))) return from;
    for (let around = nodes[0]?.parent; around !== undefined; around = around.parent) {
      const common = around;
      if ([...nodes, from].every((node) => isWithin(node, common))) return common;
    }
    return 'all';
  }
}

/** Whether a state is in another one, at any depth. */
export function isWithin(node: StateNode, around: StateNode): boolean {
  if (node.depth <= around.depth) return false;
  let at: StateNode | undefined = node;
  while (at !== undefined && at.depth > around.depth) at = at.parent;
  return at === around;
}

/** The transitions of a state, each with its index among those for the same event. */
export function* indexed<T extends { readonly event: string }>(
  transitions: readonly T[],
): Generator<readonly [index: number, transition: T]> {
  const counts = new Map<string, number>();
  for (const transition of transitions) {
    const index = counts.get(transition.event) ?? 0;
    counts.set(transition.event, index + 1);
    yield [index, transition];
  }
}

const keyOf = (source: string, event: string, index: number): string =>
  `${source}\n${event}\n${String(index)}`;

function addActive(node: StateNode, value: Json, into: StateNode[]): void {
  if (typeof value === 'string') {
    const child = node.children.get(value);
    if (child !== undefined) into.push(child);
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const child = node.children.get(key);
      if (child === undefined) continue;
      into.push(child);
      addActive(child, inner, into);
    }
  }
}
