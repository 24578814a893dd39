/**
 * Messages that consumers take one by one, instead of a handler that is given them.
 *
 * A consumer's request opens the reader's gate for one message, so nothing is decoded that no consumer has
 * asked for, and a consumer that is slow slows its peer down. The iterators of one session share its
 * messages: each message goes to the consumer that has waited longest. While there is no iterator, an
 * observer may let the reader go on (`MessagePipeline.observe()`).
 */

import { abortable, whenAborted } from '../async/abort.ts';
import { type Deferred, defer, markHandled } from '../async/deferred.ts';
import type { WirechartError } from '../core/errors.ts';
import type { Gate } from './reader.ts';

type Next<In> = IteratorResult<In, undefined>;

/** How a session has ended. */
interface End {
  readonly cause: WirechartError | undefined;
  /** Whether consumers reject with the cause; a plain end of the peer's stream just ends the iteration. */
  readonly isFailure: boolean;
}

/** The consumers of one session. */
export class Pull<In> implements Gate {
  onOpen: (() => void) | undefined;
  /** Calls of `next()` that wait for a message, in order. */
  readonly #requests = new Set<Deferred<Next<In>>>();
  #end: End | undefined;
  /** What ends each of the iterators that have not ended. */
  readonly #iterators = new Set<() => void>();
  /** Whether there has been an iterator. */
  isUsed = false;

  /** Whether a consumer waits for a message. */
  get isOpen(): boolean {
    return this.#requests.size > 0;
  }

  /** Whether no iterator decides what is read: none has been asked for yet, or all were left. */
  get isFree(): boolean {
    return this.#iterators.size === 0 && this.#end === undefined;
  }

  /** Lets the reader look at the gate again, in a microtask: it may be in the middle of a message now. */
  openLater(): void {
    queueMicrotask(() => this.onOpen?.());
  }

  /** Gives a message to the consumer that has waited longest. To be called while the gate is open. */
  give(message: In): void {
    this.#take()?.resolve({ done: false, value: message });
  }

  /** Ends all iterations. Returns whether a waiting consumer was told the cause by that. */
  end(end: End): boolean {
    this.#end = end;
    const isTold = this.isOpen && end.cause !== undefined;
    for (let request; (request = this.#take());) settle(request, end);
    for (const leave of this.#iterators) leave();
    return isTold;
  }

  /**
   * Iterates over the messages that no other consumer takes, until the session ends or `return()` is called.
   *
   * @param onTold - Called when a consumer learns the cause of the session's end from this iterator.
   */
  values(
    signal: AbortSignal | undefined,
    onTold: (cause: WirechartError) => void,
  ): AsyncIterableIterator<In> {
    this.isUsed = true;
    const own = new Set<Deferred<Next<In>>>();
    let isOver = false;
    const leave = this.#enter(signal);
    const next = (): Promise<Next<In>> => {
      if (isOver) return Promise.resolve(DONE);
      const request = defer<Next<In>>();
      own.add(request);
      void markHandled(request.promise.finally(() => own.delete(request)));
      if (signal?.aborted !== true) this.#ask(request, onTold);
      return markHandled(abortable(request.promise, signal, () => this.#requests.delete(request)));
    };
    return {
      next,
      return: () => {
        isOver = true;
        leave();
        for (const request of own) {
          // A consumer that has its message already keeps it.
          this.#requests.delete(request);
          request.resolve(DONE);
        }
        return Promise.resolve(DONE);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Counts an iterator until the returned function is called, or the signal is aborted. */
  #enter(signal: AbortSignal | undefined): () => void {
    if (signal?.aborted === true || this.#end !== undefined) return () => undefined;
    let removeListener: (() => void) | undefined;
    const leave = (): void => {
      removeListener?.();
      this.#iterators.delete(leave);
      if (this.isFree) this.openLater();
    };
    this.#iterators.add(leave);
    if (signal !== undefined) removeListener = whenAborted(signal, leave);
    return leave;
  }

  #ask(request: Deferred<Next<In>>, onTold: (cause: WirechartError) => void): void {
    if (this.#end !== undefined) {
      settle(request, this.#end);
      if (this.#end.cause !== undefined) onTold(this.#end.cause);
      return;
    }
    this.#requests.add(request);
    this.onOpen?.();
  }

  #take(): Deferred<Next<In>> | undefined {
    const [request] = this.#requests;
    if (request !== undefined) this.#requests.delete(request);
    return request;
  }
}

function settle<In>(request: Deferred<Next<In>>, { cause, isFailure }: End): void {
  if (isFailure) request.reject(cause);
  else request.resolve(DONE);
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
