/** Event listeners: async iterators over events, each with a bounded queue. */

import { whenAborted } from '../../async/abort.ts';
import { ArgumentError, handlerError } from '../../core/errors.ts';
import { type Names as OptionNames, signalOf } from '../../core/options.ts';
import { show } from '../../core/shape.ts';
import { checkedName } from './event-names.ts';
import { EventHistory } from './event-history.ts';
import { EventQueue, type QueueBounds } from './event-queue.ts';
import type { Names, Subscriber } from './subscribers.ts';
import type { QmpEvent } from '../types.ts';

/** Selects events: by a name, by several names, or by a function that returns whether it accepts one. */
export type EventFilter = string | readonly string[] | ((event: QmpEvent) => boolean);

/** The options of `events()`. */
export interface EventListenerOptions {
  /** How many events the listener queues until `next()` takes them. Default 10 000. */
  readonly limit?: number | undefined;
  /**
   * How much memory the queued events may take, in bytes: an estimate, with two bytes for each character of
   * their texts, and 16 to 64 for each value. Default 64 MiB (67 108 864).
   */
  readonly maxBytes?: number | undefined;
  /**
   * What happens to an event when the queue is full. `error`: the iteration yields the queued events,
   * then throws a `LimitError` and ends. `drop-oldest`: the oldest queued events are dropped and counted
   * in `dropped`; so is an event that exceeds `maxBytes` alone. A full queue never blocks the reader, because a server may send the events of a
   * command before its reply. Default `error`: no event is lost silently.
   */
  readonly overflow?: 'error' | 'drop-oldest' | undefined;
  /**
   * How many of the last events `history` has, whether they were read or not. `maxBytes` bounds their memory, too.
   * Default 0.
   */
  readonly history?: number | undefined;
  /** Ends the iteration when it is aborted: `next()` rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: OptionNames<EventListenerOptions> = {
  limit: true,
  maxBytes: true,
  overflow: true,
  history: true,
  signal: true,
};

/** How an iteration ends: after the queued events, and with `error` by throwing it once. */
interface End {
  readonly error?: unknown;
  /** Called when `error` is thrown. */
  readonly onThrown?: (() => void) | undefined;
}

/** An iteration, whatever the type of its events is. */
export interface Iteration extends Subscriber {
  readonly names: Names;
  end(end?: End): void;
}

/**
 * An async iterator over the events of one session, in order, from the call of `events()` on. The
 * iteration ends with the session, and throws the cause if the session failed; `return()`, or leaving a
 * `for await` loop, ends it earlier.
 *
 * @typeParam E - The type of its events.
 */
export class EventListener<E = QmpEvent> implements AsyncIterableIterator<E>, AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'EventListener';

  /** @internal The only names that the filter can accept; `undefined`: unknown. */
  readonly names: Names;

  #dropped = 0;
  readonly #queue: EventQueue;
  readonly #history: EventHistory;
  readonly #accepts: ((event: QmpEvent) => boolean) | undefined;
  readonly #overflow: 'error' | 'drop-oldest';
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: (iteration: Iteration) => void;
  readonly #removeAbortListener: (() => void) | undefined;

  /** @internal */
  constructor(
    filter: EventFilter | undefined,
    options: EventListenerOptions,
    onEnd: (iteration: Iteration) => void,
  ) {
    this.names = namesIn(filter);
    this.#signal = signalOf('events()', options, OPTIONS);
    this.#accepts = typeof filter === 'function' ? filter : undefined;
    this.#overflow = options.overflow ?? 'error';
    const bounds = boundsIn(options);
    this.#queue = new EventQueue(bounds);
    this.#history = new EventHistory({ ...bounds, limit: historyIn(options) });
    this.#checkOverflow();
    this.#onEnd = onEnd;
    this.#removeAbortListener = this.#signal && whenAborted(this.#signal, this.#abort);
    if (this.#signal?.aborted === true) this.#abort();
  }

  /** How many events were dropped because the queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * The last events that the listener has received, the oldest first: as many as the option `history` says. It has
   * events that were read, cleared or dropped, too, and stays when the iteration has ended.
   */
  get history(): readonly E[] {
    return this.#history.events as E[];
  }

  /** Removes the queued events, and returns them in order. The iteration goes on with the next event. */
  clear(): E[] {
    return this.#queue.clear() as E[];
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
  next(): Promise<IteratorResult<E>> {
    return this.#queue.next() as Promise<IteratorResult<E>>;
  }

  /** Ends the iteration and discards the queued events. */
  return(): Promise<IteratorResult<E>> {
    this.#queue.clear();
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
    return this.#queue.hasEnded;
  }

  /** @internal Queues an event, if the filter accepts it. */
  push(event: QmpEvent): void {
    if (this.#queue.hasEnded || !this.#wants(event)) return;
    this.#history.push(event);
    const full = this.#queue.push(event);
    if (full === undefined) return;
    if (this.#overflow === 'error') this.end({ error: full });
    else this.#dropFor(event);
  }

  /** @internal Ends the iteration after the queued events; an error is thrown behind them, once. */
  end(end: End = {}): void {
    if (this.#queue.hasEnded) return;
    this.#queue.end(end);
    this.#removeAbortListener?.();
    this.#onEnd(this);
  }

  readonly #abort = (): void => {
    this.#queue.clear();
    this.end({ error: this.#signal?.reason });
  };

  #wants(event: QmpEvent): boolean {
    try {
      return this.#accepts === undefined || this.#accepts(event);
    } catch (error) {
      this.end({ error: handlerError('events() filter', error) });
      return false;
    }
  }

  #checkOverflow(): void {
    const overflow: unknown = this.#overflow;
    if (overflow === 'error' || overflow === 'drop-oldest') return;
    throw new ArgumentError(`overflow must be 'error' or 'drop-oldest', not ${show(overflow)}`);
  }

  /** Drops the oldest events until there is room for this one; if it is too large for the queue, also this one. */
  #dropFor(event: QmpEvent): void {
    do {
      this.#dropped += 1;
    } while (this.#queue.drop() && this.#queue.push(event) !== undefined);
  }
}

function boundsIn({
  limit = 10_000,
  maxBytes = 64 * 1024 * 1024,
}: EventListenerOptions): QueueBounds {
  for (const [name, bound] of Object.entries({ limit, maxBytes })) {
    if (bound > 0) continue;
    throw new ArgumentError(`${name} must be a number above 0, not ${show(bound)}`);
  }
  return { limit, maxBytes };
}

function historyIn({ history = 0 }: EventListenerOptions): number {
  const given: unknown = history;
  if (typeof given === 'number' && given >= 0) return history;
  throw new ArgumentError(`history must be a number from 0 on, not ${show(history)}`);
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
