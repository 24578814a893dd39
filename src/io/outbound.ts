/**
 * The outgoing queue of one session: encoded messages until the kernel has them, in FIFO order.
 *
 * It joins messages into batches of about 64 KiB, because writing a batch costs about as much as
 * writing one message. It does no I/O: the writer loop takes batches, writes them, and confirms
 * each one. The messages and bytes that are not confirmed decide on backpressure (`highWaterMark`),
 * overflow (`maxQueuedBytes`), `flush()` and, at the end of the session, the number of undelivered
 * messages.
 *
 * Text is counted by its length, which for ASCII is its size in bytes.
 */

import {
  ACCEPTED,
  type Deferred,
  deferHandled,
  ObservedPromise,
  rejectHandled,
} from '../async/deferred.ts';
import { LimitError } from '../core/errors.ts';
import type { Encoded } from '../core/codec.ts';
import type { Bounds } from '../core/limits.ts';
import type { Passing } from '../core/passing.ts';
import { Counters } from '../core/stats.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import { Queue } from '../async/queue.ts';

/** Messages that are written at once. */
export interface Batch {
  readonly data: Encoded;
  readonly messages: number;
  readonly bytes: number;
  /** The descriptor that must be passed right before the batch, which is one message then. */
  readonly passing?: Passing;
}

/** A pending `flush()`: it resolves when so many messages of the session are confirmed. */
interface PendingFlush {
  readonly at: number;
  readonly flushed: Deferred<void>;
  /** Whether a caller waits for it, and not the engine itself. */
  readonly isCall: boolean;
}

const BATCH_BYTES = 64 * 1024;
/** Larger parts are written as they are: to copy them would take longer than one more part to write. */
const MAX_COPIED_BYTES = 16 * 1024;
/** Longer texts are not joined: a string of JavaScript may not become longer than 2^29 characters. */
const MAX_JOINED_CHARACTERS = 2 ** 28;

/** The link pushes messages and settles the session; the writer loop takes and confirms batches. */
export class Outbound {
  /** Called for each new message; `full` when it has completed a batch. Set by the writer loop. */
  wake: ((full: boolean) => void) | undefined;

  readonly #limits: Bounds;
  readonly #counters: Counters;
  /** Counts the bytes, too, until the end of the session. */
  #share: ByteShare | undefined;
  /** The batch that is being filled: text or binary parts, never both. */
  #text = '';
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #openMessages = 0;
  /** Full batches. */
  readonly #sealed = new Queue<Batch>();

  /** Bytes that are accepted and not confirmed. */
  #bytes = 0;
  /** Messages since the session began. */
  #accepted = 0;
  #confirmed = 0;
  /** What every `send()` waits for while the queue is above the `highWaterMark`. */
  #room: ReturnType<typeof ObservedPromise.defer> | undefined;
  readonly #flushes = new Queue<PendingFlush>();
  /** Creates the error of the ended session: a function, because creating an error is expensive. */
  #settled: (() => Error) | undefined;

  /** @param counters - What is confirmed, and what is dropped, is added to them. */
  constructor(limits: Bounds, counters = new Counters(), share?: ByteShare) {
    this.#limits = limits;
    this.#counters = counters;
    this.#share = share;
  }

  /** How many messages are accepted and not confirmed. */
  get undelivered(): number {
    return this.#accepted - this.#confirmed;
  }

  /** What `send()` has accepted, and the kernel has not; nothing any more after the end of the session. */
  get queued(): { readonly bytes: number; readonly messages: number } {
    if (this.#settled !== undefined) return { bytes: 0, messages: 0 };
    return { bytes: this.#bytes, messages: this.undelivered };
  }

  /** Whether `take()` would return a batch. */
  get hasMore(): boolean {
    return this.#openMessages > 0 || this.#sealed.size > 0;
  }

  /**
   * Accepts an encoded message. Resolves when there is room for the next one. A rejection may be ignored.
   *
   * Rejects with a `LimitError` when `maxQueuedBytes` would be exceeded, with the failure of the share when the
   * peer has failed because the budget is exceeded, and with the reason of `settle()` after the end of the session;
   * the message is not accepted then.
   */
  push(data: Encoded): Promise<void> {
    const refusal = this.#admit(sizeOf(data));
    if (refusal !== undefined) return rejectHandled(refusal);
    const full = this.#append(data);
    this.wake?.(full);
    return this.#bytes < this.#limits.highWaterMark ? ACCEPTED : this.#waitForRoom();
  }

  /**
   * The same for a message with a descriptor, which is passed right before it. Resolves when that has happened;
   * rejects when neither is sent.
   */
  pushWith(data: Encoded, passing: Passing): Promise<void> {
    const passed = passing.queue();
    const bytes = sizeOf(data);
    const refusal = this.#admit(bytes);
    if (refusal !== undefined) {
      passing.drop(refusal);
    } else {
      this.#seal();
      this.#sealed.push({ data, messages: 1, bytes, passing });
      this.wake?.(true);
    }
    return passed;
  }

  /** The descriptor that must be passed before the next batch is written, if there is one. */
  get passing(): Passing | undefined {
    return this.#sealed.first?.passing;
  }

  /** Removes the next batch: it is not written. */
  drop(): void {
    const batch = this.#sealed.take();
    if (batch !== undefined) this.#release(batch);
  }

  /** Removes and returns the next batch to write, or `undefined` when nothing is queued. */
  take(): Batch | undefined {
    if (this.#sealed.size === 0) this.#seal();
    return this.#sealed.take();
  }

  /** Marks a batch as handed to the kernel. Batches are confirmed in the order of `take()`. */
  confirm(batch: Batch): void {
    this.#counters.bytesOut += batch.bytes;
    this.#counters.messagesOut += batch.messages;
    this.#release(batch);
  }

  /** A batch is not queued any more. */
  #release(batch: Batch): void {
    this.#bytes -= batch.bytes;
    this.#share?.change(-batch.bytes);
    this.#confirmed += batch.messages;
    if (this.#room !== undefined && this.#bytes <= this.#limits.highWaterMark / 2) {
      this.#room.resolve(undefined);
      this.#room = undefined;
    }
    for (let next; (next = this.#flushes.first) && next.at <= this.#confirmed;) {
      this.#flushes.take();
      next.flushed.resolve();
    }
  }

  /**
   * Resolves when everything accepted before the call is confirmed; rejects as `push()` does.
   *
   * @param isCall - Whether a caller waits for it, and not the engine itself. Default true.
   */
  flushed({ isCall = true } = {}): Promise<void> {
    if (this.#confirmed === this.#accepted) return ACCEPTED;
    if (this.#settled !== undefined) return Promise.reject(this.#settled());
    const flushed: Deferred<void> = deferHandled();
    this.#flushes.push({ at: this.#accepted, flushed, isCall });
    return flushed.promise;
  }

  /**
   * Ends the session: rejects every pending promise with the reason, and drops what is queued,
   * which stays counted as undelivered. Returns whether a caller awaited one.
   */
  settle(reason: () => Error): boolean {
    if (this.#settled !== undefined) return false;
    let isAwaited = this.#room?.promise.isObserved === true;
    this.#settled = reason;
    this.#counters.undelivered += this.undelivered;
    this.#share?.change(-this.#bytes);
    this.#share = undefined;
    this.wake = undefined;
    this.#room?.reject(reason());
    for (let next; (next = this.#flushes.take());) {
      isAwaited ||= next.isCall;
      next.flushed.reject(reason());
    }
    for (let next; (next = this.#sealed.take());) next.passing?.drop(reason());
    this.#text = '';
    this.#parts = [];
    this.#partsBytes = 0;
    this.#openMessages = 0;
    return isAwaited;
  }

  /** Counts a message that is accepted. Returns the error of one that is not. */
  #admit(size: number): Error | undefined {
    if (this.#settled !== undefined) return this.#settled();
    const bytes = this.#bytes + size;
    if (bytes > this.#limits.maxQueuedBytes) return this.#overflow(bytes);
    if (this.#share?.change(size) === false) return this.#share.failure;
    this.#bytes = bytes;
    this.#accepted += 1;
    return undefined;
  }

  /** Adds a message to the open batch. Returns whether a batch has become full. */
  #append(data: Encoded): boolean {
    if (typeof data === 'string') {
      const isLong = this.#text.length + data.length > MAX_JOINED_CHARACTERS;
      if (this.#parts.length > 0 || isLong) this.#seal();
      this.#text += data;
    } else {
      if (this.#text !== '') this.#seal();
      if (isList(data)) for (const part of data) this.#appendPart(part);
      else this.#appendPart(data);
    }
    this.#openMessages += 1;
    if (this.#text.length + this.#partsBytes < BATCH_BYTES) return false;
    this.#seal();
    return true;
  }

  #appendPart(part: Uint8Array): void {
    this.#parts.push(part);
    this.#partsBytes += part.length;
  }

  /** Closes the open batch and queues it. */
  #seal(): void {
    if (this.#openMessages === 0) return;
    const bytes = this.#text.length + this.#partsBytes;
    this.#sealed.push({ data: this.#openData(), messages: this.#openMessages, bytes });
    this.#text = '';
    this.#parts = [];
    this.#partsBytes = 0;
    this.#openMessages = 0;
  }

  #openData(): Encoded {
    if (this.#parts.length > 0) return joinSmall(this.#parts);
    // Text that stays queued costs less as bytes: concatenated strings burden the collector. A long one
    // does not consist of many strings, and its bytes need much memory at once.
    const isQueued = this.#sealed.size > 0 && this.#text.length < 2 * BATCH_BYTES;
    return isQueued ? Buffer.from(this.#text) : this.#text;
  }

  #waitForRoom(): Promise<void> {
    this.#room ??= ObservedPromise.defer();
    return this.#room.promise;
  }

  #overflow(bytes: number): LimitError {
    const limit = this.#limits.maxQueuedBytes;
    return new LimitError(
      `The peer does not read: ${String(bytes)} bytes would be queued, and the limit ` +
        `(maxQueuedBytes) is ${String(limit)}. Await the promise that send() returns.`,
      limit,
      bytes,
    );
  }
}

const isList = (data: Uint8Array | readonly Uint8Array[]): data is readonly Uint8Array[] =>
  Array.isArray(data);

/** The size of a message; of text, its length. */
export function sizeOf(data: Encoded): number {
  if (typeof data === 'string' || !isList(data)) return data.length;
  let bytes = 0;
  for (const part of data) bytes += part.length;
  return bytes;
}

/** Joins the small parts that follow each other. The bytes of large ones are not copied. */
function joinSmall(parts: readonly Uint8Array[]): Uint8Array | readonly Uint8Array[] {
  if (parts.length === 1 || !parts.some(isLarge)) return joinAll(parts);
  const joined: Uint8Array[] = [];
  let from = 0;
  for (const [at, part] of parts.entries()) {
    if (!isLarge(part)) continue;
    if (at > from) joined.push(joinAll(parts.slice(from, at)));
    joined.push(part);
    from = at + 1;
  }
  if (from < parts.length) joined.push(joinAll(parts.slice(from)));
  return joined;
}

const isLarge = (part: Uint8Array): boolean => part.length >= MAX_COPIED_BYTES;

function joinAll(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}
