/** What walks through a facade have in common: an order of things, a time, and all that was promised. */

import type { Scheduler } from 'fast-check';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Runstate, StateError, WirechartError } from '../../src/index.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES } from '../support/runstates.ts';
import { turn } from '../support/signal.ts';
import { scheduledPair, type ScheduledStream } from './scheduled-stream.ts';

/** All longer than a step of time is, or not, so that they can pass one by one. */
export const TIMEOUTS = { connect: 50, accept: 50, handshake: 90, flush: 60, close: 40 };
export const STEP_OF_TIME = 50;
const GIVEN_UP = 'given up';

/** How much of what hangs on a move happens before the next: some promises, all of them, or everything. */
const pace = fc.constantFrom('promises', 'ticks', 'everything');
export type Pace = 'promises' | 'ticks' | 'everything';
export const paces = fc.array(pace, { minLength: 7, maxLength: 7 }) as fc.Arbitrary<Pace[]>;

/** What is asked of a client of either kind. */
interface Client {
  readonly runstate: Runstate;
  runstates(): AsyncIterableIterator<Runstate>;
}

/** See the module's comment. */
export class FacadeWorld {
  readonly clock = new CountingClock();
  /** What has happened, for people. */
  readonly story: string[] = [];
  readonly #scheduler: Scheduler;
  readonly #paces: readonly Pace[];
  readonly #open = new Set<string>();
  readonly #signals: AbortController[] = [];
  readonly #streams: ScheduledStream[] = [];
  readonly #bare: string[] = [];
  #moves = 0;

  constructor(scheduler: Scheduler, walk: readonly Pace[]) {
    this.#scheduler = scheduler;
    this.#paces = walk;
  }

  /** Has something done in its turn. */
  readonly later = (label: string, run: () => void): void => {
    void this.#scheduler.schedule(Promise.resolve(), label).then(() => {
      this.story.push(label);
      run();
    });
  };

  /** A promise that is kept in its turn. */
  inTurn(label: string): Promise<void> {
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

  giveUp(): void {
    for (const controller of this.#signals.splice(0)) controller.abort(GIVEN_UP);
  }

  /** Notes how a promise ends, which it must, once, and in no other way than those that are documented. */
  watch<T>(label: string, promise: Promise<T>): Promise<PromiseSettledResult<T>> {
    const name = `${label} #${String(this.#moves)}.${String(this.#open.size)}`;
    this.#open.add(name);
    return promise.then(
      (value): PromiseSettledResult<T> => {
        this.#open.delete(name);
        return { status: 'fulfilled', value };
      },
      (reason: unknown): PromiseSettledResult<T> => {
        this.#open.delete(name);
        this.story.push(`(${label} fails: ${String(reason)})`);
        if (reason !== GIVEN_UP && !(reason instanceof WirechartError)) this.#bare.push(name);
        return { status: 'rejected', reason };
      },
    );
  }

  /** Takes steps, in their order, among all else that happens. */
  async walk(steps: readonly (readonly [label: string, take: () => unknown])[]): Promise<void> {
    const task = this.#take(steps);
    const progress = { isOver: false };
    const end = (): void => {
      progress.isOver = true;
    };
    task.then(end, end);
    await this.settle();
    // What a step waits for may want a deadline to pass.
    for (let passed = 0; passed < 100 && !progress.isOver; passed += 1) {
      this.clock.increment(STEP_OF_TIME);
      await this.settle();
    }
    expect(progress.isOver, this.text).toBe(true);
    await task;
  }

  /** Until nothing waits for its turn any more. */
  async settle(): Promise<void> {
    do {
      while (this.#scheduler.count() > 0) {
        await this.#scheduler.waitNext(1);
        await this.#rest();
      }
      await turn();
    } while (this.#scheduler.count() > 0);
  }

  /** Lets deadlines pass as long as something is not so; whatever is in time must leave no timer. */
  async settleInTime(isSo: () => boolean): Promise<void> {
    await this.settle();
    for (let passed = 0; passed < 10 && !isSo(); passed += 1) {
      this.clock.increment(STEP_OF_TIME);
      await this.settle();
    }
    expect(isSo(), this.text).toBe(true);
  }

  /** What must hold in the end. */
  expectHome(clients: readonly Client[]): void {
    const { text } = this;
    expect(
      clients.map(({ runstate }) => runstate).filter((state) => state !== 'IDLE'),
      text,
    ).toEqual([]);
    expect([...this.#open], text).toEqual([]);
    expect(this.#bare, text).toEqual([]);
    expect(this.clock.timers, text).toBe(0);
  }

  /** Also the streams: those that nobody adopted are closed here. */
  async end(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    await this.settle();
  }

  /** The story, for a failure's message. */
  get text(): string {
    return ['', ...this.story].join('\n  ');
  }

  async #take(steps: readonly (readonly [label: string, take: () => unknown])[]): Promise<void> {
    for (const [label, take] of steps) {
      await this.inTurn(`* ${label}`);
      await take();
    }
  }

  async #rest(): Promise<void> {
    const now = this.#paces[this.#moves % this.#paces.length];
    this.#moves += 1;
    if (now === 'everything') await turn();
    if (now === 'ticks') {
      await new Promise<void>((resolve) => {
        process.nextTick(resolve);
      });
    }
  }
}

/** Records the states of a client, and what became of its attempts. */
export class Chronicle {
  readonly #seen: Runstate[] = [];
  readonly #attempts: Promise<PromiseSettledResult<unknown>>[] = [];

  constructor(client: Client) {
    void this.#record(client.runstates());
  }

  /** Notes a connect(). */
  attempt(result: Promise<PromiseSettledResult<unknown>>): void {
    this.#attempts.push(result);
  }

  /** How many attempts have become one. */
  async sessions(): Promise<number> {
    const results = await Promise.all(this.#attempts);
    return results.filter(({ status }) => status === 'fulfilled').length;
  }

  /** Each attempt is a whole session or a whole failure, in the order in which they were made. */
  async expectWhole(text: string): Promise<void> {
    const results = await Promise.all(this.#attempts);
    const expected = results
      .filter((result) => !isRefused(result))
      .flatMap(({ status }) => (status === 'fulfilled' ? SESSION_RUNSTATES : FAILED_RUNSTATES));
    expect(this.#seen, text).toEqual(expected);
  }

  async #record(states: AsyncIterableIterator<Runstate>): Promise<void> {
    for await (const state of states) this.#seen.push(state);
  }
}

const isRefused = (result: PromiseSettledResult<unknown>): boolean =>
  result.status === 'rejected' && result.reason instanceof StateError;
