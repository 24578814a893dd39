/**
 * How a machine handled an event: the transitions that it took, and those that it tried before, in the
 * order in which XState tries them. A program reports only the transitions that were taken. Which guards
 * refused follows from the chart: of the transitions that match the event, from the innermost active state
 * outwards, XState takes the first one whose guard allows it.
 */

import type { Json, Microstep, TakenTransition } from '../shared/view.ts';
import { activeBelow } from './format.ts';

/** A state, as far as it matters here: one of a shape, or of a chart. */
export interface StateOfMachine {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly parent?: string;
  /** For any event, in the order in which they are tried. */
  readonly transitions: readonly TransitionOfState[];
}

interface TransitionOfState {
  readonly event: string;
  readonly guard?: string;
  readonly target: readonly string[];
}

/** A transition that matches the event, and what became of it. */
export interface Candidate {
  /** The id of the state that has it. */
  readonly source: string;
  readonly transition: TransitionOfState;
  /**
   * `setAside`: no guard refused it, but a transition of another region was taken that excludes it.
   * `unknown`: it was taken or refused. Several transitions of the state have the reported target.
   */
  readonly result: 'refused' | 'taken' | 'setAside' | 'unknown';
}

/** A step of a machine: the transitions that it took at once. */
export interface HandledStep {
  /** The name of the event; empty for eventless transitions. */
  readonly event: string;
  readonly taken: readonly TakenTransition[];
  /** In the order in which they were tried; empty when the machine is not known. */
  readonly candidates: readonly Candidate[];
  readonly before: Json;
  readonly after: Json;
}

/** How an event was handled. */
export interface Handling {
  readonly isHandled: boolean;
  readonly steps: readonly HandledStep[];
  /** The eventless transitions that were refused last: the machine waits for the next event. */
  readonly refusedLast: readonly Candidate[];
}

/** More steps are not shown. */
const MAX_STEPS = 50;

/**
 * How an event was handled.
 *
 * @param event - Its name, as reported.
 * @param before - The value of the state before it.
 * @param after - The state that it led to.
 */
export function handlingOf(
  machine: StatesOfMachine | undefined,
  event: string,
  before: Json,
  after: { readonly value: Json; readonly microsteps?: readonly Microstep[] },
): Handling {
  const steps: HandledStep[] = [];
  let value = before;
  for (const step of (after.microsteps ?? []).slice(0, MAX_STEPS)) {
    const isEventless = step.transitions.length > 0 && step.transitions.every(isAlways);
    const name = isEventless ? '' : step.event;
    const candidates = machine?.candidates(name, value, step) ?? [];
    steps.push({
      event: name,
      taken: step.transitions,
      candidates,
      before: value,
      after: step.value,
    });
    value = step.value;
  }
  const isHandled = steps.some(({ taken }) => taken.length > 0);
  if (steps.length === 0) {
    const candidates = machine?.candidates(event, before, undefined) ?? [];
    steps.push({ event, taken: [], candidates, before, after: after.value });
  }
  const refusedLast = isHandled ? (machine?.candidates('', after.value, undefined) ?? []) : [];
  return { isHandled, steps, refusedLast };
}

const isAlways = ({ event }: TakenTransition): boolean => event === '';

/** Whether a transition's event, which may be a wildcard, matches the name of an event. */
export function matchesEvent(descriptor: string, name: string): boolean {
  if (descriptor === name) return true;
  if (name === '' || descriptor === '') return false;
  if (descriptor === '*') return true;
  // XState compares the parts between the dots: `a.*` also matches `a`.
  const prefix = descriptor.endsWith('.*') ? descriptor.slice(0, -2) : undefined;
  return prefix !== undefined && (name === prefix || name.startsWith(`${prefix}.`));
}

/** The states of a machine, by their place in it. */
export class StatesOfMachine {
  readonly #root: StateOfMachine | undefined;
  readonly #below = new Map<string, Map<string, StateOfMachine>>();

  constructor(nodes: readonly StateOfMachine[]) {
    this.#root = nodes.find(({ parent, kind }) => parent === undefined && kind !== 'initial');
    for (const node of nodes) {
      if (node.parent === undefined || node.kind === 'initial') continue;
      const siblings = this.#below.get(node.parent);
      if (siblings === undefined) this.#below.set(node.parent, new Map([[node.key, node]]));
      else siblings.set(node.key, node);
    }
  }

  /** The active states of a value, those within another before it. */
  active(value: Json): StateOfMachine[] {
    const found: StateOfMachine[] = [];
    const visit = (node: StateOfMachine, inner: Json): void => {
      for (const [child, below] of this.#activeIn(node, inner)) visit(child, below);
      found.push(node);
    };
    if (this.#root !== undefined) visit(this.#root, value);
    return found;
  }

  /**
   * The transitions that were tried for an event, in order.
   *
   * @param step - What was reported of it; `undefined` when nothing was taken.
   */
  candidates(event: string, value: Json, step: Microstep | undefined): Candidate[] {
    const found: Candidate[] = [];
    const taken = step?.transitions ?? [];
    if (this.#root !== undefined) this.#try(this.#root, value, { event, taken, found });
    return step === undefined || taken.length < 2
      ? found
      : found.map((one) => this.#withoutExcluded(one, step.value));
  }

  /** XState reports each transition that its guard allows, also those that exclude each other. */
  #withoutExcluded(candidate: Candidate, after: Json): Candidate {
    const { target } = candidate.transition;
    const active = new Set(this.active(after).map(({ id }) => id));
    const isLeft =
      target.length > 0 && target.every((id) => !active.has(id) && !this.#isHistory(id));
    return candidate.result === 'taken' && isLeft
      ? { ...candidate, result: 'setAside' }
      : candidate;
  }

  #isHistory(id: string): boolean {
    for (const below of this.#below.values()) {
      for (const node of below.values()) if (node.id === id) return node.kind === 'history';
    }
    return false;
  }

  /** Whether a state, or one within it, has taken a transition or would have. */
  #try(node: StateOfMachine, value: Json, attempt: Attempt): boolean {
    let isHandledBelow = false;
    for (const [child, inner] of this.#activeIn(node, value))
      isHandledBelow = this.#try(child, inner, attempt) || isHandledBelow;
    return isHandledBelow || tryOwn(node, attempt);
  }

  #activeIn(node: StateOfMachine, value: Json): (readonly [StateOfMachine, Json])[] {
    const below = this.#below.get(node.id);
    if (below === undefined) return [];
    return activeBelow(value).flatMap(([key, inner]) => {
      const child = below.get(key);
      return child === undefined ? [] : [[child, inner] as const];
    });
  }
}

interface Attempt {
  readonly event: string;
  readonly taken: readonly TakenTransition[];
  readonly found: Candidate[];
}

/** Whether a state has a transition for the event that no guard refuses. */
function tryOwn({ id, transitions }: StateOfMachine, { event, taken, found }: Attempt): boolean {
  const own = taken.find(({ source }) => source === id);
  const matching = transitions.filter((one) => matchesEvent(one.event, event));
  const isReported = (one: TransitionOfState) => own !== undefined && isSameTransition(one, own);
  const [first, last] = [matching.findIndex(isReported), matching.findLastIndex(isReported)];
  for (const [at, transition] of matching.entries()) {
    const result = resultOf(transition, at, first, last);
    found.push({ source: id, transition, result });
    if (result === 'taken' || (result === 'unknown' && at >= last)) return true;
  }
  return own !== undefined;
}

/** What became of the transition at a position, when those from `first` to `last` may be the reported one. */
function resultOf(
  { guard }: TransitionOfState,
  at: number,
  first: number,
  last: number,
): Candidate['result'] {
  if (first >= 0 && at >= first) return first === last ? 'taken' : 'unknown';
  // It would have been taken: the report does not fit the chart.
  return guard === undefined ? 'unknown' : 'refused';
}

const isSameTransition = (transition: TransitionOfState, taken: TakenTransition): boolean =>
  transition.event === taken.event &&
  transition.target.length === taken.target.length &&
  transition.target.every((id, at) => id === taken.target[at]);
