/** Values as they come, for any number of readers, each from the moment it began, none lost. */

import { abortable } from './abort.ts';
import { defer, type Deferred } from './deferred.ts';

interface Node<T> {
  readonly value: T;
  readonly next: Deferred<Node<T>>;
}

/**
 * A linked list of promises, of which the feed holds only the last: what a reader has yet to read is
 * held by that reader, and goes when the reader goes.
 */
export class Feed<T> {
  #last: Deferred<Node<T>> = defer();

  /** Gives a value to all readers. */
  push(value: T): void {
    const next = defer<Node<T>>();
    this.#last.resolve({ value, next });
    this.#last = next;
  }

  /** The next value pushed. */
  async next(): Promise<T> {
    const { value } = await this.#last.promise;
    return value;
  }

  /** All values pushed from this call on. Ends when the reader returns, or `signal` is aborted. */
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
