/** Event listeners: async iterators over events, each with a bounded queue. */

import { whenAborted } from '../async/abort.ts';
import { Channel } from '../async/channel.ts';
import { ArgumentError, handlerError, LimitError, type WirechartError } from '../core/errors.ts';
import { type Names as OptionNames, signalOf } from '../core/options.ts';
import { show } from '../core/shape.ts';
import { checkedName } from './event-names.ts';
import type { Names } from './subscribers.ts';
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

const OPTIONS: OptionNames<EventListenerOptions> = { limit: true, overflow: true, signal: true };

/** How an iteration ends: after the queued events, and with `error` by throwing it once. */
interface End {
  readonly error?: unknown;
  /** Called when `error` is thrown. */
  readonly onThrown?: (() => void) | undefined;
}

/**
 * An async iterator over the events of one session, in order, from the call of `events()` on. The
 * iteration ends with the session, and throws the cause if the session failed; `return()`, or leaving a
 * `for await` loop, ends it earlier.
 */
export class EventListener implements AsyncIterableIterator<QmpEvent>, AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'EventListener';

  /** @internal The only names that the filter can accept; `undefined`: unknown. */
  readonly names: Names;

  #dropped = 0;
  readonly #channel: Channel<QmpEvent>;
  readonly #accepts: ((event: QmpEvent) => boolean) | undefined;
  readonly #limit: number;
  readonly #overflow: 'error' | 'drop-oldest';
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: (iterator: EventListener) => void;
  readonly #removeAbortListener: (() => void) | undefined;

  /** @internal */
  constructor(
    filter: EventFilter | undefined,
    options: EventListenerOptions,
    onEnd: (iterator: EventListener) => void,
  ) {
    this.names = namesIn(filter);
    this.#signal = signalOf('events()', options, OPTIONS);
    this.#accepts = typeof filter === 'function' ? filter : undefined;
    this.#limit = options.limit ?? 10_000;
    this.#overflow = options.overflow ?? 'error';
    this.#checkOptions();
    this.#channel = new Channel({ limit: this.#limit });
    this.#onEnd = onEnd;
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
   * @throws {WirechartError} Once, after the queued events, when the session failed: its cause.
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

  /** @internal Whether the iteration takes no more events. */
  get hasEnded(): boolean {
    return this.#channel.hasEnded;
  }

  /** @internal Queues an event, if the filter accepts it. */
  push(event: QmpEvent): void {
    if (this.#channel.hasEnded || !this.#wants(event)) return;
    if (!this.#channel.push(event) && this.#makeRoom()) this.#channel.push(event);
  }

  /** @internal Ends the iteration after the queued events; an error is thrown behind them, once. */
  end(end: End = {}): void {
    if (this.#channel.hasEnded) return;
    this.#channel.end(end);
    this.#removeAbortListener?.();
    this.#onEnd(this);
  }

  readonly #abort = (): void => {
    this.#channel.clear();
    this.end({ error: this.#signal?.reason });
  };

  #checkOptions(): void {
    if (!(this.#limit > 0)) {
      throw new ArgumentError(`limit must be a number above 0, not ${show(this.#limit)}`);
    }
    const overflow: unknown = this.#overflow;
    if (overflow === 'error' || overflow === 'drop-oldest') return;
    throw new ArgumentError(`overflow must be 'error' or 'drop-oldest', not ${show(overflow)}`);
  }

  #wants(event: QmpEvent): boolean {
    try {
      return this.#accepts === undefined || this.#accepts(event);
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

function namesIn(filter: unknown): Names {
  if (filter === undefined || typeof filter === 'function') return undefined;
  if (typeof filter !== 'string' && !Array.isArray(filter)) {
    const text = 'events() takes a name, an array of names or a function';
    throw new ArgumentError(`${text}, not ${show(filter)}; its options are the second argument`);
  }
  const names = new Set<unknown>(typeof filter === 'string' ? [filter] : filter);
  return [...names].map(checkedName);
}
