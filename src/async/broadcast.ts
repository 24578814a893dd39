/** Values as they come, for any number of readers, each from the moment it began, none lost. */

import { abortable } from './abort.ts';
import { defer, type Deferred } from './deferred.ts';

interface Node<T> {
  readonly value: T;
  readonly next: NextNode<T>;
}
/** Where the next value will be; `undefined` when there will be none. */
type NextNode<T> = Deferred<Node<T> | undefined>;

/**
 * A linked list of promises, of which the feed holds only the last: what a reader has yet to read is
 * held by that reader, and goes when the reader goes.
 */
export class Broadcast<T> {
  #last: NextNode<T> = defer();

  /** Gives a value to all readers. */
  push(value: T): void {
    const next: NextNode<T> = defer();
    this.#last.resolve({ value, next });
    this.#last = next;
  }

  /** There will be no more values: to be called last. */
  end(): void {
    this.#last.resolve(undefined);
  }

  /** The next value pushed; `undefined` when there will be none. */
  async next(): Promise<T | undefined> {
    return (await this.#last.promise)?.value;
  }

  /**
   * All values pushed from this call on. Ends with the feed, or when the reader returns, or when
   * `signal` is aborted.
   */
  values(signal?: AbortSignal): AsyncIterableIterator<T> {
    let place = this.#last;
    let waiting: Deferred<Node<T> | undefined> | undefined;
    let over = false;
    const done: IteratorResult<T> = { done: true, value: undefined };
    const take = async (): Promise<IteratorResult<T>> => {
      if (over) return done;
      // Not a race of two promises: the one that stays pending would collect the losers for ever.
      const wait = defer<Node<T> | undefined>();
      waiting = wait;
      void place.promise.then(wait.resolve);
      const node = await abortable(wait.promise, signal);
      if (node === undefined) return done;
      place = node.next;
      return { done: false, value: node.value };
    };
    // Calls of next() that overlap are served in order.
    let turn: Promise<unknown> = Promise.resolve();
    return {
      next: () => {
        const taken = turn.then(take);
        turn = taken.catch(() => undefined);
        return taken;
      },
      return: () => {
        over = true;
        waiting?.resolve(undefined);
        return Promise.resolve(done);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
