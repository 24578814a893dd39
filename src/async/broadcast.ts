/** An asynchronous sequence of values: each value is delivered to every reader that has started. */

import { abortable } from './abort.ts';
import { defer, type Deferred } from './deferred.ts';

interface Node<T> {
  readonly value: T;
  readonly next: NextNode<T>;
}
/** A promise of the next node; `undefined` at the end. */
type NextNode<T> = Deferred<Node<T> | undefined>;

/**
 * A linked list of promises. The broadcast holds only the last one: the values that a reader has not read
 * yet are held by that reader, and are collected with it.
 */
export class Broadcast<T> {
  #last: NextNode<T> = defer();
  #hasEnded = false;

  /** Whether `end()` was called. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Delivers a value to all readers. */
  push(value: T): void {
    const next: NextNode<T> = defer();
    this.#last.resolve({ value, next });
    this.#last = next;
  }

  /** Ends all readers, after the values that they have not read. To be called last. */
  end(): void {
    this.#hasEnded = true;
    this.#last.resolve(undefined);
  }

  /** Resolves with the next value that is pushed; `undefined` at the end. */
  async next(): Promise<T | undefined> {
    return (await this.#last.promise)?.value;
  }

  /**
   * Iterates over the values that are pushed from this call on, until `end()` or `return()`. When `signal`
   * is aborted, `next()` rejects with its reason.
   */
  values(signal?: AbortSignal): AsyncIterableIterator<T> {
    let place = this.#last;
    let waiting: Deferred<Node<T> | undefined> | undefined;
    let over = false;
    const done: IteratorResult<T> = { done: true, value: undefined };
    const take = async (): Promise<IteratorResult<T>> => {
      if (over) return done;
      // Not Promise.race(): the promise that stays pending would hold every race's reactions.
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
