/**
 * The outgoing queue of one session: encoded messages on their way to the kernel, first in, first out.
 *
 * It gathers what is sent into batches of about 64 KiB, because one write of a batch costs about as
 * much as one write of a message. It counts what the kernel has not confirmed, in messages and in
 * bytes: that count is the backpressure (`highWaterMark`), the bound (`maxQueuedBytes`), the flush
 * (everything before a point confirmed) and, in the end, the number of messages undelivered.
 *
 * It does no I/O: the writer loop takes batches, writes them, and reports each one back.
 * Text is counted by its length, which for ASCII is its size in bytes.
 */

import { ACCEPTED, type Deferred, deferHandled } from '../async/deferred.ts';
import { LimitError } from '../core/errors.ts';
import type { Bounds } from '../core/limits.ts';
import { Queue } from '../async/queue.ts';

/** What is written at once. */
export interface Batch {
  readonly data: string | Uint8Array;
  readonly messages: number;
  readonly bytes: number;
}

/** Who waits until so many messages are confirmed. */
interface Barrier {
  readonly at: number;
  readonly passed: Deferred<void>;
}

const BATCH_BYTES = 64 * 1024;

/** See the module's comment. */
export class Outbound {
  /** Told of new data by `push()`; `full` when a whole batch is ready. Set by the writer loop. */
  wake: ((full: boolean) => void) | undefined;

  readonly #limits: Bounds;
  /** The batch that is being gathered: text or binary parts, never both. */
  #text = '';
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #gathered = 0;
  readonly #sealed = new Queue<Batch>();

  #bytes = 0;
  #accepted = 0;
  #delivered = 0;
  #room: Deferred<void> | undefined;
  readonly #barriers = new Queue<Barrier>();
  /** Made only when somebody is to be told: errors are dear, and most sessions end in silence. */
  #settled: (() => Error) | undefined;

  constructor(limits: Bounds) {
    this.#limits = limits;
  }

  /** How many messages were accepted and are not confirmed. */
  get undelivered(): number {
    return this.#accepted - this.#delivered;
  }

  /** Whether `take()` would give a batch. */
  get hasMore(): boolean {
    return this.#gathered > 0 || this.#sealed.size > 0;
  }

  /**
   * Accepts an encoded message. Resolves when there is room for the next.
   *
   * @throws {LimitError} When `maxQueuedBytes` would be exceeded; the message is not accepted.
   */
  push(data: string | Uint8Array): Promise<void> {
    if (this.#settled !== undefined) return Promise.reject(this.#settled());
    const bytes = this.#bytes + data.length;
    if (bytes > this.#limits.maxQueuedBytes) return Promise.reject(this.#overflow(bytes));
    this.#bytes = bytes;
    this.#accepted += 1;
    const full = this.#gather(data);
    this.wake?.(full);
    return this.#bytes < this.#limits.highWaterMark ? ACCEPTED : this.#waitForRoom();
  }

  /** The next batch to write, or `undefined` when nothing waits. */
  take(): Batch | undefined {
    if (this.#sealed.size === 0) this.#seal();
    return this.#sealed.take();
  }

  /** The kernel has taken a batch. Batches are confirmed in the order in which they were taken. */
  confirm(batch: Batch): void {
    this.#bytes -= batch.bytes;
    this.#delivered += batch.messages;
    if (this.#room !== undefined && this.#bytes <= this.#limits.highWaterMark / 2) {
      this.#room.resolve();
      this.#room = undefined;
    }
    for (let next; (next = this.#barriers.first) && next.at <= this.#delivered;) {
      this.#barriers.take();
      next.passed.resolve();
    }
  }

  /** Resolves when all that was accepted before the call is confirmed. */
  flushed(): Promise<void> {
    if (this.#delivered === this.#accepted) return ACCEPTED;
    if (this.#settled !== undefined) return Promise.reject(this.#settled());
    const passed: Deferred<void> = deferHandled();
    this.#barriers.push({ at: this.#accepted, passed });
    return passed.promise;
  }

  /** The session is over: whoever waits is told why, what is queued is dropped (and stays counted). */
  settle(reason: () => Error): void {
    if (this.#settled !== undefined) return;
    this.#settled = reason;
    this.wake = undefined;
    this.#room?.reject(reason());
    for (let next; (next = this.#barriers.take());) next.passed.reject(reason());
    this.#sealed.clear();
    this.#text = '';
    this.#parts = [];
    this.#partsBytes = 0;
    this.#gathered = 0;
  }

  /** Adds to the batch that is being gathered; says whether a batch is full. */
  #gather(data: string | Uint8Array): boolean {
    if (typeof data === 'string') {
      if (this.#partsBytes > 0) this.#seal();
      this.#text += data;
    } else {
      if (this.#text !== '') this.#seal();
      this.#parts.push(data);
      this.#partsBytes += data.length;
    }
    this.#gathered += 1;
    if (this.#text.length + this.#partsBytes < BATCH_BYTES) return false;
    this.#seal();
    return true;
  }

  #seal(): void {
    if (this.#gathered === 0) return;
    const bytes = this.#text.length + this.#partsBytes;
    this.#sealed.push({ data: this.#gatheredData(), messages: this.#gathered, bytes });
    this.#text = '';
    this.#parts = [];
    this.#partsBytes = 0;
    this.#gathered = 0;
  }

  #gatheredData(): string | Uint8Array {
    if (this.#parts.length > 0) {
      const [only] = this.#parts;
      return this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts);
    }
    // Text that will lie here for a while costs less as bytes: ropes weigh on the collector.
    return this.#sealed.size > 0 ? Buffer.from(this.#text) : this.#text;
  }

  #waitForRoom(): Promise<void> {
    this.#room ??= deferHandled();
    return this.#room.promise;
  }

  #overflow(bytes: number): LimitError {
    const limit = this.#limits.maxQueuedBytes;
    return new LimitError(
      `The peer does not read: ${String(bytes)} bytes would wait, the limit (maxQueuedBytes) is ` +
        `${String(limit)}. Wait for the promise that send() returns.`,
      limit,
      bytes,
    );
  }
}
