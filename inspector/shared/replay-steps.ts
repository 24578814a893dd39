/**
 * Turns what an actor did into the steps of a test with a simulated clock.
 *
 * The test sends what came from outside and from other actors. What the actor sent itself happens by
 * itself again. Its timers expire because the test advances the clock: for this, the recording's timers are
 * followed on a clock of their own, which only ever goes on as far as the recorded order of events allows.
 */

import type { ActorState, Entry, Json, RunningDeadline, StateEntry } from './view.ts';

type EventEntry = Extract<Entry, { kind: 'event' }>;

/** A step of a test. */
export type ReplayStep =
  | { readonly kind: 'advance'; readonly ms: number }
  | {
      readonly kind: 'send';
      readonly event: EventEntry;
      /** It is sent because the timer that sent it began before the test does. */
      readonly isTimer: boolean;
    }
  | { readonly kind: 'stop' }
  | { readonly kind: 'expect'; readonly value: Json };

/** An event that an actor handled, and its state then. */
export interface HandledEvent {
  /** Missing for a change without an event. */
  readonly event: EventEntry | undefined;
  readonly state: ActorState;
  readonly seq: number;
}

/** What an actor handled, in order, from its entries. */
export function handledIn(entries: readonly Entry[]): HandledEvent[] {
  const waiting: EventEntry[] = [];
  const handled: HandledEvent[] = [];
  for (const entry of entries) {
    if (entry.kind === 'event') waiting.push(entry);
    else if (entry.kind === 'state') handled.push(handledBy(entry, waiting));
  }
  return handled;
}

function handledBy({ state, seq }: StateEntry, waiting: EventEntry[]): HandledEvent {
  const at = waiting.findIndex(({ name }) => name === state.event);
  const event = waiting[at];
  if (event !== undefined) waiting.splice(0, at + 1);
  return { event, state, seq };
}

/** A timer that runs on the simulated clock. */
interface Timer {
  readonly event: string;
  readonly due: number;
  /** The number of steps before its start. */
  readonly startedAfter: number;
}

/** How the clock is advanced. */
interface Clock {
  /** Its steps, in milliseconds. */
  readonly resolution: number;
  /** Whether timers expire as late as they did, and not exactly when they are due. */
  readonly isLate: boolean;
}

/** The most readable way that keeps the order of events is taken. */
const CLOCKS: readonly Clock[] = [
  { resolution: 1, isLate: false },
  { resolution: 1, isLate: true },
  { resolution: 1 / 1024, isLate: true },
];
/** The clock of a program may have been set a little back or forth between its two measurements. */
const TOLERANCE_MS = 5;

/**
 * The steps after the start.
 *
 * @param handled - What the actor handled after it started, or after the state that the test begins in.
 * @param begin - The state that the test begins in.
 * @param hasTimers - Whether the timers of that state run in the test.
 */
export function stepsOf(
  handled: readonly HandledEvent[],
  begin: ActorState,
  hasTimers: boolean,
): readonly ReplayStep[] {
  let steps: readonly ReplayStep[] = [];
  for (const clock of CLOCKS) {
    const run = new Run(clock, begin, hasTimers);
    for (const one of handled) run.add(one);
    steps = run.finish();
    if (!run.isOutOfOrder) break;
  }
  return steps;
}

/** One attempt. */
class Run {
  /** Whether a timer expires before an event that came before it. */
  isOutOfOrder = false;
  readonly #clock: Clock;
  readonly #steps: ReplayStep[] = [];
  #now = 0;
  /** What is subtracted from a recorded time. */
  #offset: number;
  #timers = new Map<string, Timer>();
  /** The state after the latest step. */
  #value: Json | undefined;

  constructor(clock: Clock, begin: ActorState, hasTimers: boolean) {
    this.#clock = clock;
    this.#offset = begin.at;
    if (hasTimers) this.#follow(begin.deadlines ?? []);
  }

  add({ event, state }: HandledEvent): void {
    if (state.event === 'xstate.stop') this.#step({ kind: 'stop' });
    else if (event !== undefined) this.#handle(event, state);
    this.#follow(state.deadlines ?? []);
    this.#value = state.value;
  }

  finish(): readonly ReplayStep[] {
    this.#expect();
    return this.#steps;
  }

  #handle(event: EventEntry, state: ActorState): void {
    if (event.origin !== event.actor) {
      this.#advanceTo(event.at);
      this.#step({ kind: 'send', event, isTimer: false });
      return;
    }
    const timer = this.#timerOf(event, state);
    if (timer !== undefined) this.#expire(timer, event.at);
    // Other events that the actor sent itself are sent again by itself.
    else if (isTimerName(event.name)) this.#step({ kind: 'send', event, isTimer: true });
  }

  /** The timer that has sent an event: the earliest of its name, unless that one still runs. */
  #timerOf({ name, at }: EventEntry, state: ActorState): string | undefined {
    const keys = [...this.#timers]
      .filter(([, { event }]) => event === name)
      .sort(([, one], [, other]) => one.due - other.due)
      .map(([key]) => key);
    const still = new Set(keysOf(state.deadlines ?? []).map(([key]) => key));
    const ended = keys.find((key) => !still.has(key));
    if (ended === undefined || isTimerName(name)) return ended;
    const due = (this.#timers.get(ended)?.due ?? 0) + this.#offset;
    return due > at + TOLERANCE_MS ? undefined : ended;
  }

  #expire(key: string, at: number): void {
    const { due = this.#now, startedAfter } = this.#timers.get(key) ?? {};
    const others = [...this.#timers].filter(([other]) => other !== key);
    const position = [...this.#timers.keys()].indexOf(key);
    if (
      others.some(([, other], index) => other.due < due || (other.due === due && index < position))
    )
      this.isOutOfOrder = true;
    this.#timers.delete(key);
    // One that is due already expired when the clock was advanced for another.
    if (due > this.#now) this.#advance(this.#expiryOf(due, at));
    else if (!this.#steps.slice(startedAfter).some(({ kind }) => kind === 'advance')) {
      // Of those that are started while others expire, the simulated clock may leave one for the next time.
      if (this.#steps.at(-1)?.kind === 'advance') this.#value = undefined;
      this.#advance(this.#now);
    }
  }

  #expiryOf(due: number, at: number): number {
    const { resolution, isLate } = this.#clock;
    const exact = Math.ceil(due / resolution) * resolution;
    return isLate ? Math.max(exact, Math.min(this.#timeOf(at), this.#lastBeforeTimers())) : exact;
  }

  /** A recorded time on the simulated clock. */
  #timeOf(at: number): number {
    const { resolution } = this.#clock;
    return Math.round((at - this.#offset) / resolution) * resolution;
  }

  /** The latest time at which no timer expires. */
  #lastBeforeTimers(): number {
    const { resolution } = this.#clock;
    const dues = [...this.#timers.values()].map(({ due }) => due);
    return Math.ceil(Math.min(...dues) / resolution - 1) * resolution;
  }

  /** Advances the clock to a recorded time, as far as no timer expires before it did. */
  #advanceTo(at: number): void {
    const dues = [...this.#timers.values()].map(({ due }) => due);
    if (dues.some((due) => due <= this.#now && this.#now > 0)) this.isOutOfOrder = true;
    if (dues.length === 0) {
      this.#offset = at - this.#now;
      return;
    }
    const target = Math.min(this.#timeOf(at), this.#lastBeforeTimers());
    if (target > this.#now) this.#advance(target);
  }

  #advance(to: number): void {
    const ms = to - this.#now;
    this.#now = to;
    this.#step({ kind: 'advance', ms });
  }

  /** Adds a step. What was expected before it is checked first. */
  #step(step: ReplayStep): void {
    this.#expect();
    this.#steps.push(step);
  }

  #expect(): void {
    if (this.#value !== undefined) this.#steps.push({ kind: 'expect', value: this.#value });
    this.#value = undefined;
  }

  #newTimer(event: string, ms: number): Timer {
    return { event, due: this.#now + Math.max(0, ms), startedAfter: this.#steps.length };
  }

  /** Follows the timers that run after a step. */
  #follow(deadlines: readonly RunningDeadline[]): void {
    const timers = new Map<string, Timer>();
    for (const [key, { event, ms }] of keysOf(deadlines))
      timers.set(key, this.#timers.get(key) ?? this.#newTimer(event, ms));
    this.#timers = timers;
  }
}

/** Whether only a timer sends events of this name. */
const isTimerName = (name: string): boolean => name.startsWith('xstate.after(');

/** Timers by what identifies them. Several may have the same event and time. */
function keysOf(deadlines: readonly RunningDeadline[]): (readonly [string, RunningDeadline])[] {
  const counts = new Map<string, number>();
  return deadlines.map((deadline) => {
    const { event, ms, startedAt } = deadline;
    const key = `${event}\n${String(ms)}\n${String(startedAt)}`;
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return [`${key}\n${String(count)}`, deadline];
  });
}
