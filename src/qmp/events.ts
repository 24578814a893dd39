/** Events on their way to those who asked for them: bounded queues, one for each listener. */

import { whenAborted } from '../async/abort.ts';
import { type Deferred, defer } from '../async/deferred.ts';
import { ArgumentError, handlerError, LimitError, type WirechartError } from '../core/errors.ts';
import { Queue } from '../async/queue.ts';
import type { QmpEvent } from './types.ts';

/** Which events a listener wants: one name, several, those a function accepts; none given: all. */
export type EventFilter = string | readonly string[] | ((event: QmpEvent) => boolean);

/** How a listener holds what is not read yet. */
export interface EventListenerOptions {
  /** The most events that it holds. Default 10 000. */
  readonly limit?: number | undefined;
  /**
   * What it does with one more. `error`: the iteration throws a `LimitError` after the events that
   * it holds, and ends. `drop-oldest`: the oldest makes room and is counted in `dropped`. The reader
   * is never blocked, because a command may not be answered before its events are read. Default
   * `error`: no event is lost silently.
   */
  readonly overflow?: 'error' | 'drop-oldest' | undefined;
  /** Ends the iteration: `next()` rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The events of one session, in order, from the moment the listener was made. The iteration ends
 * with the session; `return()`, or leaving a `for await` loop, ends it earlier.
 */
export class EventListener implements AsyncIterableIterator<QmpEvent>, AsyncDisposable {
  #dropped = 0;
  readonly #queue = new Queue<QmpEvent>();
  readonly #waiting = new Queue<Deferred<IteratorResult<QmpEvent>>>();
  /** Set when nothing more will come; `error` is thrown once, after what is held. */
  #over: { error?: unknown } | undefined;
  /** The names of events that it may accept; `undefined`: all. */
  readonly #names: ReadonlySet<string> | undefined;
  readonly #accepts: (event: QmpEvent) => boolean;
  readonly #limit: number;
  readonly #overflow: 'error' | 'drop-oldest';
  readonly #signal: AbortSignal | undefined;
  readonly #onOver: (listener: EventListener) => void;
  readonly #forgetSignal: (() => void) | undefined;

  /** @internal */
  constructor(
    filter: EventFilter | undefined,
    options: EventListenerOptions,
    onOver: (listener: EventListener) => void,
    names = namesIn(filter),
  ) {
    this.#names = names && new Set(names);
    this.#accepts = typeof filter === 'function' ? filter : ({ event }) => this.wants(event);
    this.#limit = options.limit ?? 10_000;
    if (!(this.#limit > 0)) {
      throw new ArgumentError(`limit must be a number above 0, not ${String(this.#limit)}`);
    }
    this.#overflow = options.overflow ?? 'error';
    this.#onOver = onOver;
    this.#signal = options.signal;
    this.#forgetSignal = this.#signal && whenAborted(this.#signal, this.#abort);
    if (this.#signal?.aborted === true) this.#abort();
  }

  /** How many events were dropped for want of room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The next event; waits for it. Calls that overlap are served in order. */
  next(): Promise<IteratorResult<QmpEvent>> {
    const event = this.#queue.take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#over !== undefined) return this.#ended(this.#over);
    const waiting = defer<IteratorResult<QmpEvent>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Ends the iteration and forgets what was not read. */
  return(): Promise<IteratorResult<QmpEvent>> {
    this.#queue.clear();
    this.end();
    return Promise.resolve(DONE);
  }

  /** The listener itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `return()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal Whether it may want events of a name. */
  wants(name: string): boolean {
    return this.#names?.has(name) !== false;
  }

  /** @internal Gives it an event, which it may not want. */
  push(event: QmpEvent): void {
    if (this.#over !== undefined || !this.#wants(event)) return;
    const waiting = this.#waiting.take();
    if (waiting !== undefined) {
      waiting.resolve({ done: false, value: event });
      return;
    }
    if (this.#queue.size >= this.#limit && !this.#makeRoom()) return;
    this.#queue.push(event);
  }

  /** @internal Nothing more will come; with an error, the reader is told. */
  end(over: { error?: unknown } = {}): void {
    if (this.#over !== undefined) return;
    this.#over = over;
    this.#forgetSignal?.();
    this.#onOver(this);
    const first = this.#waiting.take();
    if (first !== undefined) this.#ended(over).then(first.resolve, first.reject);
    for (let other; (other = this.#waiting.take());) other.resolve(DONE);
  }

  readonly #abort = (): void => {
    this.#queue.clear();
    this.end({ error: this.#signal?.reason });
  };

  #wants(event: QmpEvent): boolean {
    try {
      return this.#accepts(event);
    } catch (error) {
      this.end({ error: handlerError('events() filter', error) });
      return false;
    }
  }

  #makeRoom(): boolean {
    if (this.#overflow === 'error') {
      this.end({ error: this.#overflowError() });
      return false;
    }
    this.#queue.take();
    this.#dropped += 1;
    return true;
  }

  #overflowError(): WirechartError {
    return new LimitError(
      `More than ${String(this.#limit)} events wait to be read from this listener`,
      this.#limit,
      this.#limit + 1,
    );
  }

  /** Throws the error once. */
  #ended(over: { error?: unknown }): Promise<IteratorResult<QmpEvent>> {
    if (!('error' in over)) return Promise.resolve(DONE);
    this.#over = {};
    return Promise.reject(over.error);
  }
}

const DONE: IteratorResult<QmpEvent> = { done: true, value: undefined };

const namesIn = (filter: EventFilter | undefined): readonly string[] | undefined => {
  if (filter === undefined || typeof filter === 'function') return undefined;
  return typeof filter === 'string' ? [filter] : filter;
};
