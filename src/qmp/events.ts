/** Event listeners: async iterators over events, each with a bounded queue. */

import { whenAborted } from '../async/abort.ts';
import { Channel } from '../async/channel.ts';
import { ArgumentError, handlerError, LimitError, type WirechartError } from '../core/errors.ts';
import type { QmpEvent } from './types.ts';

/** Selects events: by a name, by several names, or by a function that returns whether it accepts one. */
export type EventFilter = string | readonly string[] | ((event: QmpEvent) => boolean);

/** The options of `events()`. */
export interface EventListenerOptions {
  /** How many events the listener queues until `next()` takes them. Default 10 000. */
  readonly limit?: number | undefined;
  /**
   * What happens to an event when the queue is full. `error`: the iteration yields the queued events,
   * then throws a `LimitError` and ends. `drop-oldest`: the oldest queued event is dropped and counted
   * in `dropped`. A full queue never blocks the reader, because a server may send the events of a
   * command before its reply. Default `error`: no event is lost silently.
   */
  readonly overflow?: 'error' | 'drop-oldest' | undefined;
  /** Ends the iteration when it is aborted: `next()` rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * An async iterator over the events of one session, in order, from the call of `events()` on. The
 * iteration ends with the session; `return()`, or leaving a `for await` loop, ends it earlier.
 */
export class EventListener implements AsyncIterableIterator<QmpEvent>, AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'EventListener';

  #dropped = 0;
  readonly #channel: Channel<QmpEvent>;
  /** The only names that the filter can accept; `undefined`: unknown. */
  readonly #names: ReadonlySet<string> | undefined;
  readonly #accepts: (event: QmpEvent) => boolean;
  readonly #limit: number;
  readonly #overflow: 'error' | 'drop-oldest';
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: (listener: EventListener) => void;
  readonly #removeAbortListener: (() => void) | undefined;

  /** @internal */
  constructor(
    filter: EventFilter | undefined,
    options: EventListenerOptions,
    onEnd: (listener: EventListener) => void,
    names = namesIn(filter),
  ) {
    this.#names = names && new Set(names);
    this.#accepts = typeof filter === 'function' ? filter : ({ event }) => this.wants(event);
    this.#limit = options.limit ?? 10_000;
    if (!(this.#limit > 0)) {
      throw new ArgumentError(`limit must be a number above 0, not ${String(this.#limit)}`);
    }
    this.#channel = new Channel({ limit: this.#limit });
    this.#overflow = options.overflow ?? 'error';
    this.#onEnd = onEnd;
    this.#signal = options.signal;
    this.#removeAbortListener = this.#signal && whenAborted(this.#signal, this.#abort);
    if (this.#signal?.aborted === true) this.#abort();
  }

  /** How many events were dropped because the queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Resolves with the next event, or as done when the iteration has ended. Calls that overlap are
   * served in order.
   *
   * @throws {LimitError} Once, when the queue overflowed and `overflow` is `error`.
   * @throws {HandlerError} Once, when the filter threw.
   * @throws `signal.reason`, once, when the signal was aborted.
   */
  next(): Promise<IteratorResult<QmpEvent>> {
    return this.#channel.next();
  }

  /** Ends the iteration and discards the queued events. */
  return(): Promise<IteratorResult<QmpEvent>> {
    this.#channel.clear();
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** The listener itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `return()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal Whether the listener may want events of this name. */
  wants(name: string): boolean {
    return this.#names?.has(name) !== false;
  }

  /** @internal Queues an event, if the filter accepts it. */
  push(event: QmpEvent): void {
    if (this.#channel.hasEnded || !this.#wants(event)) return;
    if (!this.#channel.push(event) && this.#makeRoom()) this.#channel.push(event);
  }

  /** @internal Ends the iteration after the queued events; an error is thrown behind them, once. */
  end(outcome: { error?: unknown } = {}): void {
    if (this.#channel.hasEnded) return;
    this.#channel.end(outcome);
    this.#removeAbortListener?.();
    this.#onEnd(this);
  }

  readonly #abort = (): void => {
    this.#channel.clear();
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
    this.#channel.drop();
    this.#dropped += 1;
    return true;
  }

  #overflowError(): WirechartError {
    return new LimitError(
      `More than ${String(this.#limit)} events are queued: read them faster, raise limit, or ` +
        "set overflow to 'drop-oldest'",
      this.#limit,
      this.#limit + 1,
    );
  }
}

const namesIn = (filter: EventFilter | undefined): readonly string[] | undefined => {
  if (filter === undefined || typeof filter === 'function') return undefined;
  return typeof filter === 'string' ? [filter] : filter;
};
