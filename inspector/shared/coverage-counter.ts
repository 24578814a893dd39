/** Counts what the actors of machines do, entry by entry. */

import {
  compareTexts,
  type Coverage,
  type MachineCoverage,
  mergeCoverage,
  NO_COVERAGE,
  type StateCoverage,
  type TransitionCoverage,
} from './coverage.ts';
import {
  indexed,
  isWithin,
  type StateNode,
  StateTree,
  type TransitionNode,
} from './coverage-machine.ts';
import { StayCounter } from './coverage-stays.ts';
import type { MachineShape, ShapeState } from './shape.ts';
import type { ActorState, ActorView, Entry, Json, TakenTransition } from './view.ts';

/** What is counted of an actor. */
interface CountedActor {
  readonly machine: MachineCounter;
  /** Since when it has been in each of its states; `undefined` where that is not known. */
  readonly active: Map<StateNode, number | undefined>;
  /** It was registered, and nothing has happened to it yet. */
  isFresh: boolean;
  status: ActorState['status'];
}

/** Entries that wait for the shape of their machine; further ones are not counted. */
const MAX_WAITING = 100_000;
/** Events of a machine with different names; further ones are counted together. */
const MAX_EVENT_NAMES = 1_000;
const OTHER_EVENTS = '(other events)';
const START_EVENT = 'xstate.init';
/** Every actor gets them. */
const LIFECYCLE: ReadonlySet<string> = new Set([START_EVENT, 'xstate.stop']);

/** Counts the entries of any number of actors. */
export class CoverageCounter {
  readonly #shapeOf: (actor: ActorView) => MachineShape | 'unknown' | undefined;
  readonly #machines = new Map<string, MachineCounter>();
  readonly #actors = new Map<string, CountedActor>();
  #waiting: (readonly [Entry, ActorView])[] = [];
  /** Incremented with each change. */
  version = 0;

  /**
   * @param shapeOf - The shape of an actor's machine. Its entries wait while it is `undefined`, and are not
   *   counted when it is `unknown`.
   */
  constructor(shapeOf: (actor: ActorView) => MachineShape | 'unknown' | undefined) {
    this.#shapeOf = shapeOf;
  }

  /** Counts an entry of an actor. The entries of an actor must come in order. */
  add(entry: Entry, actor: ActorView): void {
    if (actor.kind !== 'machine' || entry.kind === 'message' || entry.kind === 'problem') return;
    const machine = this.#machineOf(actor);
    if (machine === 'unknown') return;
    if (machine !== undefined) this.#count(entry, actor, machine);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push([entry, actor]);
  }

  /** Counts the entries that have waited for a shape which is known now. */
  settle(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const [entry, actor] of waiting) this.add(entry, actor);
  }

  /** What has been counted so far. */
  get coverage(): Coverage {
    this.settle();
    const machines = [...this.#machines.values()].map((machine) => machine.coverage);
    // Sorts the machines.
    return mergeCoverage({ ...NO_COVERAGE, machines }, NO_COVERAGE);
  }

  /** Forgets all counts. Actors stay in their states. */
  reset(): void {
    for (const machine of this.#machines.values()) machine.reset();
    for (const { active } of this.#actors.values())
      for (const node of active.keys()) active.set(node, undefined);
    this.version += 1;
  }

  #machineOf(actor: ActorView): MachineCounter | 'unknown' | undefined {
    const known = this.#machines.get(actor.chart);
    if (known !== undefined) return known;
    const shape = this.#shapeOf(actor);
    if (shape === undefined || shape === 'unknown') return shape;
    const machine = new MachineCounter(shape);
    this.#machines.set(actor.chart, machine);
    // The entries that have waited for it come first.
    this.settle();
    return machine;
  }

  #count(entry: Entry, actor: ActorView, machine: MachineCounter): void {
    this.version += 1;
    machine.see(entry.at);
    const known = this.#actors.get(actor.id);
    const counted = known ?? machine.begin(actor.base);
    if (known === undefined) this.#actors.set(actor.id, counted);
    if (entry.kind === 'event') machine.onEvent(entry.name, entry.at, counted);
    else if (entry.kind === 'state') machine.onState(entry.state, counted);
    else if (entry.kind === 'stop') {
      machine.end(entry.at, counted);
      this.#actors.delete(actor.id);
    }
  }
}

/** Counts the actors of one machine. */
class MachineCounter {
  readonly #shape: MachineShape;
  readonly #tree: StateTree;
  #states = new Map<StateNode, StateCounts>();
  #taken: number[] = [];
  #events = new Map<string, { received: number; unhandled: number }>();
  #actors = 0;
  #firstSeen = Number.POSITIVE_INFINITY;
  #lastSeen = Number.NEGATIVE_INFINITY;

  constructor(shape: MachineShape) {
    this.#shape = shape;
    this.#tree = new StateTree(shape);
  }

  reset(): void {
    this.#states = new Map();
    this.#taken = [];
    this.#events = new Map();
    this.#actors = 0;
    this.#firstSeen = Number.POSITIVE_INFINITY;
    this.#lastSeen = Number.NEGATIVE_INFINITY;
  }

  see(at: number): void {
    this.#firstSeen = Math.min(this.#firstSeen, at);
    this.#lastSeen = Math.max(this.#lastSeen, at);
  }

  /** An actor is known, and is in these states. */
  begin({ value, status }: ActorState): CountedActor {
    const active = new Map<StateNode, number | undefined>();
    for (const node of this.#tree.activeIn(value)) {
      active.set(node, undefined);
      this.#countsOf(node).found += 1;
    }
    this.#actors += 1;
    return { machine: this, active, isFresh: true, status };
  }

  onEvent(name: string, at: number, actor: CountedActor): void {
    const isStart = actor.isFresh && name === START_EVENT;
    actor.isFresh = false;
    if (isStart) {
      // It was not found in its first states: it has entered them.
      for (const node of actor.active.keys()) {
        const counts = this.#countsOf(node);
        counts.found -= 1;
        this.#enter(node, at, actor, true);
      }
    }
    if (!LIFECYCLE.has(name)) this.#eventOf(name).received += 1;
  }

  onState(state: ActorState, actor: CountedActor): void {
    const { at, value, event, microsteps = [] } = state;
    actor.isFresh = false;
    actor.status = state.status;
    if (event === START_EVENT) this.#onStart(state, actor);
    else {
      for (const { value: next, transitions } of microsteps)
        this.#step(next, this.#take(transitions), at, actor);
      const isUnhandled =
        microsteps.length > 0 && microsteps.every(({ transitions }) => transitions.length === 0);
      if (isUnhandled && !LIFECYCLE.has(event)) this.#eventOf(event).unhandled += 1;
    }
    this.#step(value, [], at, actor);
  }

  /** The actor has ended. One that was stopped has left its states; the last ones of others last for ever. */
  end(at: number, actor: CountedActor): void {
    if (actor.status === 'done' || actor.status === 'error') return;
    for (const [node, since] of actor.active) this.#leave(node, since, at);
  }

  get coverage(): MachineCoverage {
    const { machine, chart, states } = this.#shape;
    const isSeen = this.#firstSeen <= this.#lastSeen;
    return {
      machine,
      chart,
      actors: this.#actors,
      firstSeen: isSeen ? this.#firstSeen : 0,
      lastSeen: isSeen ? this.#lastSeen : 0,
      states: this.#statesIn(states),
      transitions: states.flatMap(transitionsOf).map((transition, at) => ({
        ...transition,
        taken: this.#taken[at] ?? 0,
      })),
      events: [...this.#events]
        .map(([name, counts]) => ({ name, ...counts }))
        .sort((one, other) => compareTexts(one.name, other.name)),
    };
  }

  #statesIn(states: readonly ShapeState[]): StateCoverage[] {
    const counts = new Map([...this.#states].map(([{ shape }, one]) => [shape.id, one]));
    return states.flatMap(({ id, kind, parent }): StateCoverage[] => {
      if (kind === 'history' || parent === undefined) return [];
      const { entered = 0, initial = 0, found = 0, stays } = counts.get(id) ?? {};
      return [{ id, kind, entered, initial, found, stays: (stays ?? new StayCounter()).stays }];
    });
  }

  /** What an actor did before its first state is known only by its eventless transitions. */
  #onStart({ at, microsteps = [] }: ActorState, actor: CountedActor): void {
    for (const { value, transitions } of microsteps) {
      this.#take(transitions);
      for (const node of this.#tree.activeIn(value)) {
        if (actor.active.has(node)) continue;
        this.#enter(node, at, actor, true);
        this.#leave(node, at, at);
        actor.active.delete(node);
      }
    }
  }

  /** Counts transitions. Returns the states below which everything was left. */
  #take(transitions: readonly TakenTransition[]): (StateNode | 'all')[] {
    return transitions.flatMap((taken) => {
      const transition: TransitionNode | undefined = this.#tree.transitionOf(taken);
      if (transition === undefined) return [];
      this.#taken[transition.at] = (this.#taken[transition.at] ?? 0) + 1;
      return transition.domain === undefined ? [] : [transition.domain];
    });
  }

  #step(
    value: Json,
    domains: readonly (StateNode | 'all')[],
    at: number,
    actor: CountedActor,
  ): void {
    const next = this.#tree.activeIn(value);
    const after = new Set(next);
    const isLeft = (node: StateNode): boolean =>
      !after.has(node) || domains.some((domain) => domain === 'all' || isWithin(node, domain));
    for (const [node, since] of actor.active) {
      if (!isLeft(node)) continue;
      this.#leave(node, since, at);
      actor.active.delete(node);
    }
    for (const node of next) if (!actor.active.has(node)) this.#enter(node, at, actor, false);
  }

  #enter(node: StateNode, at: number, actor: CountedActor, isInitial: boolean): void {
    const counts = this.#countsOf(node);
    counts.entered += 1;
    if (isInitial) counts.initial += 1;
    actor.active.set(node, at);
  }

  #leave(node: StateNode, since: number | undefined, at: number): void {
    if (since !== undefined) this.#countsOf(node).stays.add(at - since);
  }

  #countsOf(node: StateNode): StateCounts {
    const known = this.#states.get(node);
    if (known !== undefined) return known;
    const counts = { entered: 0, initial: 0, found: 0, stays: new StayCounter() };
    this.#states.set(node, counts);
    return counts;
  }

  #eventOf(name: string): { received: number; unhandled: number } {
    const isFull = this.#events.size >= MAX_EVENT_NAMES;
    const shown = isFull && !this.#events.has(name) ? OTHER_EVENTS : name;
    const known = this.#events.get(shown);
    if (known !== undefined) return known;
    const counts = { received: 0, unhandled: 0 };
    this.#events.set(shown, counts);
    return counts;
  }
}

interface StateCounts {
  entered: number;
  initial: number;
  found: number;
  readonly stays: StayCounter;
}

const transitionsOf = ({ id, transitions }: ShapeState): Omit<TransitionCoverage, 'taken'>[] =>
  [...indexed(transitions)].map(([index, { event, guard, target }]) => ({
    source: id,
    event,
    index,
    ...(guard !== undefined && { guard }),
    target,
  }));
