/** The events that a listener has not read yet: bounded in their number and in their size. */

import { Channel } from '../../async/channel.ts';
import { Queue } from '../../async/queue.ts';
import { LimitError } from '../../core/errors.ts';
import { weightOf } from '../../core/weight.ts';
import type { QmpEvent } from '../types.ts';

/** The bounds of a queue. */
export interface QueueBounds {
  /** How many events it may hold. */
  readonly limit: number;
  /** How much memory they may take, as `weightOf()` estimates it. */
  readonly maxBytes: number;
}

/** Delivers events to the consumer that waits, or holds them until one asks. */
export class EventQueue {
  readonly #bounds: QueueBounds;
  readonly #channel: Channel<QmpEvent>;
  /** The weights of the events in the channel, in the same order. */
  readonly #weights = new Queue<number>();
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
    this.#channel = new Channel({ onDelivered: this.#forgetFirst });
  }

  /** How many events it holds. */
  get size(): number {
    return this.#weights.size;
  }

  /** How much memory they take, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether `end()` was called. */
  get hasEnded(): boolean {
    return this.#channel.hasEnded;
  }

  /** Takes an event, unless it would exceed a bound: then returns the error that says so. */
  push(event: QmpEvent): LimitError | undefined {
    if (this.#channel.isAwaited) {
      this.#channel.push(event);
      return undefined;
    }
    const { limit, maxBytes } = this.#bounds;
    if (this.size >= limit) return tooMany(limit);
    const bytes = maxBytes === Infinity ? 0 : weightOf(event, maxBytes);
    if (this.#bytes + bytes > maxBytes) return tooLarge(maxBytes, this.#bytes + bytes);
    this.#weights.push(bytes);
    this.#bytes += bytes;
    this.#channel.push(event);
    return undefined;
  }

  /** Removes the oldest event; returns whether there was one. */
  drop(): boolean {
    const hasOne = this.size > 0;
    this.#channel.drop();
    this.#forgetFirst();
    return hasOne;
  }

  /** Removes all events, and returns them in order. */
  clear(): QmpEvent[] {
    const events: QmpEvent[] = [];
    for (let event = this.#channel.drop(); event !== undefined; event = this.#channel.drop()) {
      events.push(event);
    }
    this.#weights.clear();
    this.#bytes = 0;
    return events;
  }

  /** See `Channel.end()`. */
  end(end: Parameters<Channel<QmpEvent>['end']>[0]): void {
    this.#channel.end(end);
  }

  /** See `Channel.next()`. */
  next(): Promise<IteratorResult<QmpEvent, undefined>> {
    return this.#channel.next();
  }

  /** An event that was delivered at once was the first of none. */
  readonly #forgetFirst = (): void => {
    this.#bytes -= this.#weights.take() ?? 0;
  };
}

const ADVICE = "set overflow to 'drop-oldest'";

const tooMany = (limit: number): LimitError =>
  new LimitError(
    `More than ${String(limit)} events are queued: read them faster, raise limit, or ${ADVICE}`,
    limit,
    limit + 1,
  );

const tooLarge = (maxBytes: number, bytes: number): LimitError =>
  new LimitError(
    `The queued events take more than ${String(maxBytes)} bytes: read them faster, raise maxBytes, or ${ADVICE}`,
    maxBytes,
    bytes,
  );
