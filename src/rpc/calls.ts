/**
 * Calls that wait for their reply: the correlation that every protocol of requests and replies needs.
 *
 * A client sends a request and asks for its promise here; its `onMessage` hands each reply over, with the key
 * that the protocol repeats in it, such as an id, or without one where replies come in the order of the
 * requests. Each call settles exactly once: by its reply, by its deadline, by its signal, or by the end of the
 * session. A reply that comes after that is recognized and counted.
 */

import { whenAborted } from '../async/abort.ts';
import { ACCEPTED, rejectHandled } from '../async/deferred.ts';
import { Queue } from '../async/queue.ts';
import { checkTimeout, startTimer } from '../async/timer.ts';
import {
  ArgumentError,
  ClosedError,
  isClosedError,
  TimeoutError,
  type WirechartError,
} from '../core/errors.ts';
import { checkNames, type Names, signalOf } from '../core/options.ts';
import type { Clock, SessionOutcome, WaitOptions } from '../core/types.ts';
import { PendingReply } from './pending-reply.ts';

/** The options of `call()`. */
export interface CallOptions<Key> extends WaitOptions {
  /** What the reply will be found by. Without it, the call is settled in the order of the calls without one. */
  readonly key?: Key | undefined;
  /** A deadline for the reply, in ms. Default: that of the constructor's options, or none. */
  readonly timeout?: number | undefined;
  /** What is called, for error texts: `GET`, `initialize`. */
  readonly name?: string | undefined;
}

/** The options of `new Calls()`. */
export interface CallsOptions<Key> {
  /** The deadline of calls that are given none, in ms. Default: none; the wait ends with the session. */
  readonly timeout?: number | undefined;
  /**
   * Called when a call with a key was sent and is given up, by its signal or its deadline: the place to send
   * the cancel message of the protocol. What it throws is ignored.
   */
  readonly cancel?: ((key: Key, reason: unknown) => void) | undefined;
}

/** The part of an `AsyncProtocol` that calls need. */
export interface CallsProtocol {
  /** @internal */
  readonly clock: Clock | undefined;
  /** @internal */
  onEnd(listener: (outcome: SessionOutcome) => boolean): void;
}

const OPTIONS: Names<CallsOptions<unknown>> = { timeout: true, cancel: true };
const CALL_OPTIONS: Names<CallOptions<unknown>> = {
  key: true,
  timeout: true,
  name: true,
  signal: true,
};

/** How many keys of abandoned calls are kept, so that their late replies are recognized. */
const MAX_ABANDONED_KEYS = 1024;

/**
 * The pending calls of one connection.
 *
 * @example
 * class Redis {
 *   readonly protocol = new AsyncProtocol<Reply, string[]>({
 *     codec: resp(),
 *     onMessage: (reply) => void this.calls.settle(reply),
 *   });
 *   readonly calls = new Calls<never, Reply>(this.protocol);
 *   command(...words: string[]) {
 *     return this.calls.call(() => this.protocol.send(words));
 *   }
 * }
 *
 * @typeParam Key - What a reply is found by: an id. `never` where replies come in order.
 * @typeParam Reply - What a call resolves with.
 */
export class Calls<Key, Reply> {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'Calls';

  readonly #clock: Clock | undefined;
  readonly #timeout: number | undefined;
  readonly #cancel: CallsOptions<Key>['cancel'];
  readonly #byKey = new Map<Key, PendingReply<Reply>>();
  readonly #inOrder = new Queue<PendingReply<Reply>>();
  readonly #abandoned = new Set<Key>();
  #pendingInOrder = 0;
  #late = 0;

  /**
   * @param protocol - The connection. At the end of each session all pending calls reject with a `ClosedError`
   *   whose `cause` is that of the end; `disconnect()` then does not reject with it.
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(protocol: CallsProtocol, options: CallsOptions<Key> = {}) {
    checkNames('new Calls()', options, OPTIONS);
    checkTimeout(options.timeout);
    this.#clock = protocol.clock;
    this.#timeout = options.timeout;
    this.#cancel = options.cancel;
    protocol.onEnd((outcome) => this.#end(outcome));
  }

  /** How many calls wait for their reply. */
  get size(): number {
    return this.#byKey.size + this.#pendingInOrder;
  }

  /** How many replies have come after their call was given up. */
  get late(): number {
    return this.#late;
  }

  /**
   * Sends a request and resolves with its reply. A rejection that is not awaited does not end the process.
   *
   * @param send - Sends the request, usually by the protocol's `send()`. Called at once, unless the signal was
   *   aborted before. What it throws, or rejects with, rejects the call.
   * @throws {TimeoutError} When the deadline passed; its `phase` is `execute`.
   * @throws {ClosedError} When the session ended before the reply; `cause` says why.
   * @throws {ArgumentError} When an option is invalid, or another pending call has the key.
   * @throws `signal.reason`, when the signal was aborted.
   */
  call(send: () => Promise<void>, options: CallOptions<Key> = {}): Promise<Reply> {
    let signal: AbortSignal | undefined;
    try {
      signal = signalOf('call()', options, CALL_OPTIONS);
      signal?.throwIfAborted();
      checkTimeout(options.timeout);
      this.#checkKey(options.key);
    } catch (error) {
      return rejectHandled(error);
    }
    const pending = new PendingReply<Reply>(options.name);
    this.#add(options.key, pending);
    const timeout = options.timeout ?? this.#timeout;
    if (signal !== undefined || timeout !== undefined) {
      pending.release = this.#watch(pending, { ...options, signal, timeout });
    }
    this.#start(send, options.key, pending);
    return pending.promise;
  }

  /**
   * Resolves the call that a reply belongs to: that with the key, or else the oldest call without one.
   *
   * @returns Whether there was such a call, pending or given up. If not, the reply belongs to none.
   */
  settle(reply: Reply, key?: Key): boolean {
    return this.#take(key, (pending) => {
      pending.resolve(reply);
    });
  }

  /** The same for a reply that says that the request has failed: rejects the call with the error. */
  fail(error: unknown, key?: Key): boolean {
    return this.#take(key, (pending) => {
      pending.reject(error);
    });
  }

  /**
   * The name of the pending call with this key.
   *
   * @internal
   */
  nameOf(key: Key): string | undefined {
    return this.#byKey.get(key)?.name;
  }

  #checkKey(key: Key | undefined): void {
    if (key === undefined || !this.#byKey.has(key)) return;
    throw new ArgumentError(`A pending call has the key ${String(key)}; give each call its own`);
  }

  #add(key: Key | undefined, pending: PendingReply<Reply>): void {
    if (key !== undefined) {
      this.#byKey.set(key, pending);
      return;
    }
    this.#inOrder.push(pending);
    this.#pendingInOrder += 1;
  }

  #start(send: () => Promise<void>, key: Key | undefined, pending: PendingReply<Reply>): void {
    const fail = (error: unknown): void => {
      // A failure of the session rejects this call together with all others, in `#end()`.
      if (isClosedError(error) || pending.isSettled) return;
      this.#withdraw(key, pending);
      pending.reject(error);
    };
    try {
      const sent = send();
      // The usual case: a handler on each promise would cost as much as the sending.
      if (sent !== ACCEPTED) sent.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  /** Takes out a call that was not sent, and so gets no reply. */
  #withdraw(key: Key | undefined, pending: PendingReply<Reply>): void {
    if (key !== undefined) {
      this.#byKey.delete(key);
      return;
    }
    this.#inOrder.remove(pending);
    this.#pendingInOrder -= 1;
  }

  #take(key: Key | undefined, settle: (pending: PendingReply<Reply>) => void): boolean {
    const pending = key === undefined ? this.#inOrder.take() : this.#byKey.get(key);
    if (pending === undefined) return key !== undefined && this.#isLate(key);
    if (key !== undefined) this.#byKey.delete(key);
    else if (pending.isSettled) this.#late += 1;
    else this.#pendingInOrder -= 1;
    if (!pending.isSettled) settle(pending);
    return true;
  }

  #isLate(key: Key): boolean {
    const isLate = this.#abandoned.delete(key);
    if (isLate) this.#late += 1;
    return isLate;
  }

  #watch(
    pending: PendingReply<Reply>,
    { key, name = 'a call', signal, timeout }: CallOptions<Key>,
  ): () => void {
    const unwatch =
      signal &&
      whenAborted(signal, () => {
        this.#abandon(key, pending, signal.reason);
        pending.rejectAsIs(signal.reason);
      });
    const stop = startTimer(
      timeout,
      () => {
        const ms = timeout ?? Infinity;
        const error = new TimeoutError(
          'execute',
          ms,
          `No reply to ${name} within ${String(ms)} ms`,
        );
        this.#abandon(key, pending, error);
        pending.reject(error);
      },
      this.#clock,
    );
    return () => {
      unwatch?.();
      stop();
    };
  }

  /** Gives up a call that was sent: its late reply is recognized, by its key or by its place in the order. */
  #abandon(key: Key | undefined, pending: PendingReply<Reply>, reason: unknown): void {
    if (key === undefined) {
      this.#pendingInOrder -= 1;
      return;
    }
    if (this.#byKey.get(key) === pending) this.#byKey.delete(key);
    this.#abandoned.add(key);
    const [oldest] = this.#abandoned;
    if (this.#abandoned.size > MAX_ABANDONED_KEYS && oldest !== undefined) {
      this.#abandoned.delete(oldest);
    }
    try {
      this.#cancel?.(key, reason);
    } catch {
      // The call is given up in any case.
    }
  }

  /** The session has ended. Returns whether any call was rejected by that. */
  #end({ cause }: SessionOutcome): boolean {
    const pending = [...this.#byKey.values()];
    for (let next; (next = this.#inOrder.take());) pending.push(next);
    this.#byKey.clear();
    this.#abandoned.clear();
    this.#pendingInOrder = 0;
    const waiting = pending.filter(({ isSettled }) => !isSettled);
    for (const call of waiting) call.reject(interrupted(cause));
    return waiting.length > 0;
  }
}

const interrupted = (cause: WirechartError | undefined): ClosedError =>
  new ClosedError(
    'The session ended before the reply',
    cause === undefined ? { expected: true } : { cause },
  );
