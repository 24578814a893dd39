/**
 * The environment of walks through a facade: the order of events, the clock, and the pending
 * promises.
 */

import type { Scheduler } from 'fast-check';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Runstate, StateError, WirechartError } from '../../src/index.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES } from '../support/runstates.ts';
import { turn } from '../support/signal.ts';
import { scheduledPair, type ScheduledStream } from './scheduled-stream.ts';

/** In ms. Some are longer than one step of the clock, so that deadlines can pass one by one. */
export const TIMEOUTS = { connect: 50, accept: 50, handshake: 90, flush: 60, close: 40 };
export const TIME_STEP_MS = 50;
const ABORT_REASON = 'aborted by the walk';

/**
 * How long to wait after each scheduled event: some microtasks, all of them, or a turn of the event
 * loop.
 */
const pace = fc.constantFrom('promises', 'ticks', 'everything');
export type Pace = 'promises' | 'ticks' | 'everything';
export const paces = fc.array(pace, { minLength: 7, maxLength: 7 }) as fc.Arbitrary<Pace[]>;

/** The part of a protocol or QMP client that is used here. */
interface Client {
  readonly runstate: Runstate;
  runstates(): AsyncIterableIterator<Runstate>;
}

/** One walk: fast-check's scheduler chooses the order in which the scheduled functions run. */
export class FacadeSimulation {
  readonly clock = new CountingClock();
  /** What has happened, for the message of a failure. */
  readonly history: string[] = [];
  readonly #scheduler: Scheduler;
  readonly #paces: readonly Pace[];
  readonly #pending = new Set<string>();
  readonly #signals: AbortController[] = [];
  readonly #streams: ScheduledStream[] = [];
  readonly #foreignErrors: string[] = [];
  #moves = 0;

  constructor(scheduler: Scheduler, walk: readonly Pace[]) {
    this.#scheduler = scheduler;
    this.#paces = walk;
  }

  /** Schedules a function. */
  readonly later = (label: string, run: () => void): void => {
    void this.#scheduler.schedule(Promise.resolve(), label).then(() => {
      this.history.push(label);
      run();
    });
  };

  /** Resolves when the scheduler chooses. */
  scheduled(label: string): Promise<void> {
    return new Promise((resolve) => {
      this.later(label, resolve);
    });
  }

  pair(...names: readonly [string, string]): readonly [ScheduledStream, ScheduledStream] {
    const pair = scheduledPair(names, this.later);
    this.#streams.push(...pair);
    return pair;
  }

  signal(): AbortSignal {
    const controller = new AbortController();
    this.#signals.push(controller);
    return controller.signal;
  }

  abortAll(): void {
    for (const controller of this.#signals.splice(0)) controller.abort(ABORT_REASON);
  }

  /**
   * Tracks a promise, which must settle until the end of the walk; if it rejects, with a documented
   * error. Never rejects.
   */
  watch<T>(label: string, promise: Promise<T>): Promise<PromiseSettledResult<T>> {
    const name = `${label} #${String(this.#moves)}.${String(this.#pending.size)}`;
    this.#pending.add(name);
    return promise.then(
      (value): PromiseSettledResult<T> => {
        this.#pending.delete(name);
        return { status: 'fulfilled', value };
      },
      (reason: unknown): PromiseSettledResult<T> => {
        this.#pending.delete(name);
        this.history.push(`(${label} fails: ${String(reason)})`);
        if (reason !== ABORT_REASON && !(reason instanceof WirechartError))
          this.#foreignErrors.push(name);
        return { status: 'rejected', reason };
      },
    );
  }

  /** Takes steps in order, each scheduled among everything else. */
  async walk(steps: readonly (readonly [label: string, take: () => unknown])[]): Promise<void> {
    const task = this.#take(steps);
    const progress = { hasEnded: false };
    const end = (): void => {
      progress.hasEnded = true;
    };
    task.then(end, end);
    await this.settle();
    // A step may wait until a deadline has passed.
    for (let passed = 0; passed < 100 && !progress.hasEnded; passed += 1) {
      this.clock.increment(TIME_STEP_MS);
      await this.settle();
    }
    expect(progress.hasEnded, this.text).toBe(true);
    await task;
  }

  /** Resolves when nothing is scheduled any more. */
  async settle(): Promise<void> {
    do {
      while (this.#scheduler.count() > 0) {
        await this.#scheduler.waitNext(1);
        await this.#wait();
      }
      await turn();
    } while (this.#scheduler.count() > 0);
  }

  /** Advances the clock in steps until the condition holds; fails when it does not in ten steps. */
  async settleUntil(condition: () => boolean): Promise<void> {
    await this.settle();
    for (let passed = 0; passed < 10 && !condition(); passed += 1) {
      this.clock.increment(TIME_STEP_MS);
      await this.settle();
    }
    expect(condition(), this.text).toBe(true);
  }

  /** Asserts what must hold at the end of a walk. */
  expectIdle(clients: readonly Client[]): void {
    const { text } = this;
    expect(
      clients.map(({ runstate }) => runstate).filter((state) => state !== 'IDLE'),
      text,
    ).toEqual([]);
    expect([...this.#pending], text).toEqual([]);
    expect(this.#foreignErrors, text).toEqual([]);
    expect(this.clock.timers, text).toBe(0);
  }

  /** Closes the streams that no client has adopted. */
  async end(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    await this.settle();
  }

  /** The history, for the message of a failure. */
  get text(): string {
    return ['', ...this.history].join('\n  ');
  }

  async #take(steps: readonly (readonly [label: string, take: () => unknown])[]): Promise<void> {
    for (const [label, take] of steps) {
      await this.scheduled(`* ${label}`);
      await take();
    }
  }

  async #wait(): Promise<void> {
    const pace = this.#paces[this.#moves % this.#paces.length];
    this.#moves += 1;
    if (pace === 'everything') await turn();
    if (pace === 'ticks') {
      await new Promise<void>((resolve) => {
        process.nextTick(resolve);
      });
    }
  }
}

/** Records the runstates of a client and the results of its attempts. */
export class SessionLog {
  readonly #totals: Runstate[] = [];
  readonly #attempts: Promise<PromiseSettledResult<unknown>>[] = [];

  constructor(client: Client) {
    void this.#record(client.runstates());
  }

  /** Adds the result of a connect(). */
  addAttempt(result: Promise<PromiseSettledResult<unknown>>): void {
    this.#attempts.push(result);
  }

  /** The number of attempts that have become a session. */
  async sessions(): Promise<number> {
    const results = await Promise.all(this.#attempts);
    return results.filter(({ status }) => status === 'fulfilled').length;
  }

  /** Asserts that each attempt has all runstates of a session or of a failure, in order. */
  async expectComplete(text: string): Promise<void> {
    const results = await Promise.all(this.#attempts);
    const expected = results
      .filter((result) => !isRefused(result))
      .flatMap(({ status }) => (status === 'fulfilled' ? SESSION_RUNSTATES : FAILED_RUNSTATES));
    expect(this.#totals, text).toEqual(expected);
  }

  async #record(states: AsyncIterableIterator<Runstate>): Promise<void> {
    for await (const state of states) this.#totals.push(state);
  }
}

const isRefused = (result: PromiseSettledResult<unknown>): boolean =>
  result.status === 'rejected' && result.reason instanceof StateError;
