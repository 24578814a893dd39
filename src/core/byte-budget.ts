/**
 * A bound on the bytes that all peers of a server hold together: received and not handled yet, or waiting to be
 * sent.
 *
 * Each peer has a share of the budget, which counts what this peer holds. When the sum exceeds the bound, the
 * peer that holds the most fails, so that a peer that holds little is never the victim of one that holds much.
 */

import { LimitError } from './errors.ts';

/** Fewer bytes than these do not change the place of a share in the heap. */
const MIN_KEY_BYTES = 4096;

/** The bound, and the shares of the peers. */
export class ByteBudget {
  readonly #limit: number;
  /** How many bytes all open shares hold. Changed by the shares. */
  total = 0;
  /**
   * A binary heap of the open shares: none has a larger key than its parent. The key of a share is at least what
   * it holds. It is not lowered before the largest share is looked for, and grows to twice of what is needed, so
   * that messages that come and go move nothing: a change costs O(log n) at most, and O(1) nearly always.
   */
  readonly #heap: ByteShare[] = [];

  /** @param limit - In bytes; `Infinity` turns the bound off. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Returns the share of a new peer.
   *
   * @param onExceeded - Called when the bound is exceeded and this peer holds the most. It must end the peer. Its
   *   bytes do not count any more.
   */
  open(onExceeded: (error: LimitError) => void): ByteShare {
    const share = new ByteShare(this, onExceeded);
    share.place = this.#heap.push(share) - 1;
    return share;
  }

  /** To be called by a share that holds more than its key. */
  raise(share: ByteShare): void {
    share.key = Math.max(2 * share.held, MIN_KEY_BYTES);
    this.#moveUp(share);
  }

  /** To be called by a share that has grown. */
  enforce(): void {
    while (this.total > this.#limit) {
      const largest = this.#largest();
      if (largest === undefined) return;
      const error = exceededError(this.#limit, this.total, largest.held);
      this.remove(largest);
      largest.fail(error);
    }
  }

  /** Takes a share out. Its bytes do not count any more. */
  remove(share: ByteShare): void {
    const { place } = share;
    const last = this.#heap.pop();
    this.total -= share.held;
    share.held = 0;
    share.place = -1;
    if (last === undefined || last === share) return;
    this.#heap[place] = last;
    last.place = place;
    this.#moveUp(last);
    this.#moveDown(last);
  }

  #largest(): ByteShare | undefined {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined || first.key === first.held) return first;
      first.key = first.held;
      this.#moveDown(first);
    }
  }

  #moveUp(share: ByteShare): void {
    for (;;) {
      const parent = this.#heap[(share.place - 1) >> 1];
      if (share.place === 0 || parent === undefined || parent.key >= share.key) return;
      this.#swap(share, parent);
    }
  }

  #moveDown(share: ByteShare): void {
    for (;;) {
      const left = this.#heap[2 * share.place + 1];
      const right = this.#heap[2 * share.place + 2];
      const child =
        right !== undefined && left !== undefined && right.key > left.key ? right : left;
      if (child === undefined || child.key <= share.key) return;
      this.#swap(share, child);
    }
  }

  #swap(one: ByteShare, other: ByteShare): void {
    const { place } = one;
    one.place = other.place;
    other.place = place;
    this.#heap[one.place] = one;
    this.#heap[other.place] = other;
  }
}

/** What one peer holds. After its end it counts nothing. */
export class ByteShare {
  /** How many bytes the peer holds. */
  held = 0;
  /** By which it is sorted, and where it stands in the heap; -1 after its end. Set by the budget. */
  key = 0;
  place = -1;
  readonly #budget: ByteBudget;
  readonly #onExceeded: (error: LimitError) => void;
  #failure: LimitError | undefined;

  constructor(budget: ByteBudget, onExceeded: (error: LimitError) => void) {
    this.#budget = budget;
    this.#onExceeded = onExceeded;
  }

  /** Why the peer has failed, from then until its end. */
  get failure(): LimitError | undefined {
    return this.#failure;
  }

  /**
   * The peer holds so many bytes more; with a negative number, less. If that exceeds the bound, the peer that holds
   * the most fails before the call returns.
   *
   * @returns Whether the peer may hold them: `false` when it has failed itself.
   */
  change(bytes: number): boolean {
    if (this.place < 0) return this.#failure === undefined;
    this.held += bytes;
    this.#budget.total += bytes;
    if (bytes <= 0) return true;
    if (this.held > this.key) this.#budget.raise(this);
    this.#budget.enforce();
    return this.#failure === undefined;
  }

  /** The peer has gone. */
  close(): void {
    if (this.place >= 0) this.#budget.remove(this);
    this.#failure = undefined;
  }

  /** Called by the budget. */
  fail(error: LimitError): void {
    this.#failure = error;
    this.#onExceeded(error);
  }
}

const exceededError = (limit: number, total: number, held: number): LimitError =>
  new LimitError(
    `All peers of the server together would hold ${String(total)} bytes that are not handled or not sent yet, ` +
      `and the limit (limits.maxBufferedBytes) is ${String(limit)}. This peer holds the most, ${String(held)} ` +
      'bytes. If your peers need so much, raise the limit; otherwise lower what one peer may hold, with ' +
      'limits.maxMessageBytes and limits.maxQueuedBytes, or how many there may be, with limits.maxPeers.',
    limit,
    total,
  );
