/** An asynchronous queue: each value is delivered to one consumer, in FIFO order. */

import { type Deferred, defer, markHandled } from './deferred.ts';
import { Queue } from './queue.ts';

/** How a channel is made. */
export interface ChannelOptions<T> {
  /** How many values may be queued. Default `Infinity`. */
  readonly limit?: number | undefined;
  /** Called when a consumer has been given a value. */
  readonly onDelivered?: ((value: T) => void) | undefined;
}

/** Why there are no more values; with `error`, one consumer gets it as a rejection. */
interface End {
  readonly error?: unknown;
  /** Called when a consumer is given the error. */
  readonly onThrown?: (() => void) | undefined;
}

/**
 * Holds the values that no consumer has asked for, or the consumers for which there is no value yet;
 * never both. After `end()` the queued values are still delivered.
 */
export class Channel<T extends object> implements AsyncIterable<T> {
  readonly #limit: number;
  readonly #onDelivered: ((value: T) => void) | undefined;
  readonly #values = new Queue<T>();
  readonly #consumers = new Set<Deferred<IteratorResult<T, undefined>>>();
  #end: End | undefined;

  constructor({ limit = Infinity, onDelivered }: ChannelOptions<T> = {}) {
    this.#limit = limit;
    this.#onDelivered = onDelivered;
  }

  /** How many values are queued. */
  get size(): number {
    return this.#values.size;
  }

  /** Whether a consumer waits for a value: the next one is not queued. */
  get isAwaited(): boolean {
    return this.#consumers.size > 0;
  }

  /** Whether `end()` was called. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Delivers a value to the consumer that has waited longest, or queues it.
   *
   * @returns `false` when the queue is full or the channel has ended; the value is then not taken.
   */
  push(value: T): boolean {
    if (this.#end !== undefined) return false;
    const [consumer] = this.#consumers;
    if (consumer !== undefined) {
      this.#consumers.delete(consumer);
      consumer.resolve({ done: false, value });
      this.#onDelivered?.(value);
      return true;
    }
    if (this.#values.size >= this.#limit) return false;
    this.#values.push(value);
    return true;
  }

  /** Removes and returns the oldest queued value, which is delivered to no consumer; `undefined` if there is none. */
  drop(): T | undefined {
    return this.#values.take();
  }

  /** Removes a value, if it is still queued. Linear in the number of queued values. */
  withdraw(value: T): void {
    this.#values.remove(value);
  }

  /** Removes all queued values. */
  clear(): void {
    this.#values.clear();
  }

  /**
   * No more values will come. The first call counts.
   *
   * @param end - With `error`, the consumer that has waited longest, or the next one after the queued
   *   values, rejects with it; all others are at the end.
   */
  end(end: End = {}): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const consumer of this.#consumers) {
      this.#consumers.delete(consumer);
      void markHandled(consumer.promise);
      this.#endOf().then(consumer.resolve, consumer.reject);
    }
  }

  /** The next value. Calls that overlap are served in order. */
  next(): Promise<IteratorResult<T, undefined>> {
    return this.#ask(undefined);
  }

  /** The values that no other consumer has taken. Leaving the iteration ends nothing but itself. */
  values(): AsyncIterableIterator<T, undefined> {
    const waiting = new Set<Deferred<IteratorResult<T, undefined>>>();
    let isOver = false;
    return {
      next: () => (isOver ? Promise.resolve(DONE) : this.#ask(waiting)),
      return: () => {
        isOver = true;
        for (const consumer of waiting) {
          // A consumer that has its value already keeps it.
          this.#consumers.delete(consumer);
          consumer.resolve(DONE);
        }
        return Promise.resolve(DONE);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return this.values();
  }

  /** @param waiting - Holds the consumer for as long as it waits. */
  #ask(
    waiting: Set<Deferred<IteratorResult<T, undefined>>> | undefined,
  ): Promise<IteratorResult<T, undefined>> {
    const value = this.#values.take();
    if (value !== undefined) {
      this.#onDelivered?.(value);
      return Promise.resolve({ done: false, value });
    }
    if (this.#end !== undefined) return this.#endOf();
    const consumer = defer<IteratorResult<T, undefined>>();
    this.#consumers.add(consumer);
    if (waiting === undefined) return consumer.promise;
    waiting.add(consumer);
    return markHandled(consumer.promise.finally(() => waiting.delete(consumer)));
  }

  /** The error goes to one consumer only. */
  #endOf(): Promise<IteratorResult<T, undefined>> {
    const end = this.#end ?? {};
    this.#end = {};
    if (!('error' in end)) return Promise.resolve(DONE);
    end.onThrown?.();
    return markHandled(Promise.reject(end.error));
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
