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
  isStateError,
  StateError,
  TimeoutError,
} from '../core/errors.ts';
import { checkKinds, checkNames, signalOf } from '../core/options.ts';
import { show } from '../core/shape.ts';
import type { Clock, SessionOutcome } from '../core/types.ts';
import {
  CALL_OPTIONS,
  type CallFailure,
  type CallOptions,
  CALLS_OPTIONS,
  type CallsOptions,
  type ParsedCallOptions,
} from './call-options.ts';
import { PendingReply } from './pending-reply.ts';

/** The part of an `AsyncProtocol` that calls need. */
export interface CallsProtocol {
  /** What deadlines are measured with. */
  readonly clock: Clock;
  /** How the last session has ended. */
  readonly outcome: SessionOutcome | undefined;
  /** @internal */
  onEnd(listener: (outcome: SessionOutcome) => boolean): void;
}

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

  readonly #protocol: CallsProtocol;
  readonly #options: CallsOptions<Key, Reply>;
  readonly #byKey = new Map<Key, AnyPending<Key, Reply>>();
  readonly #inOrder = new Queue<AnyPending<Key, Reply>>();
  readonly #abandoned = new Set<Key>();
  #pendingInOrder = 0;
  #made = 0;
  #failed = 0;
  #late = 0;

  /**
   * @param protocol - The connection. At the end of each session all pending calls reject with a `ClosedError`
   *   whose `cause` is that of the end; `disconnect()` then does not reject with it.
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(protocol: CallsProtocol, options: CallsOptions<Key, Reply> = {}) {
    const owner = 'new Calls()';
    checkNames(owner, options, CALLS_OPTIONS);
    checkTimeout(options.timeout);
    checkKinds(owner, options, { cancel: 'function', explain: 'function', onEnd: 'function' });
    this.#protocol = protocol;
    this.#options = options;
    protocol.onEnd((outcome) => this.#end(outcome));
  }

  /** How many calls wait for their reply. */
  get size(): number {
    return this.#byKey.size + this.#pendingInOrder;
  }

  /** How many calls were made, in all sessions; without those whose options were invalid. */
  get made(): number {
    return this.#made;
  }

  /** How many of these have rejected. */
  get failed(): number {
    return this.#failed;
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
   * @throws {StateError} When there is no session, as `send()` says.
   * @throws {ArgumentError} When an option is invalid, or another pending call has the key.
   * @throws `signal.reason`, when the signal was aborted.
   * @throws What `parse` throws.
   */
  call<Result>(
    send: () => Promise<void>,
    options: ParsedCallOptions<Key, Reply, Result>,
  ): Promise<Result>;
  /** The same, and resolves with the reply as it is. */
  call(send: () => Promise<void>, options?: CallOptions<Key>): Promise<Reply>;
  call(
    send: () => Promise<void>,
    options: CallOptions<Key> & Partial<ParsedCallOptions<Key, Reply, unknown>> = {},
  ): Promise<unknown> {
    const { key, name, parse, trace } = options;
    let signal: AbortSignal | undefined;
    try {
      signal = signalOf('call()', options, CALL_OPTIONS);
      signal?.throwIfAborted();
      checkTimeout(options.timeout);
      this.#checkKey(key);
    } catch (error) {
      trace?.finish(error);
      return rejectHandled(error);
    }
    const pending = new PendingReply(key, name, parse, trace);
    this.open(pending, signal, options.timeout);
    try {
      this.sent(pending, send());
    } catch (error) {
      this.#onNotSent(pending, error);
    }
    return pending.promise;
  }

  /**
   * Adds a call whose request is sent next. For callers that have checked the options: with `sent()`, this is
   * `call()` without a function and an object of options for each call.
   *
   * @internal
   */
  open(
    pending: AnyPending<Key, Reply>,
    signal: AbortSignal | undefined,
    timeout = this.#options.timeout,
  ): void {
    this.#made += 1;
    if (pending.key === undefined) {
      this.#inOrder.push(pending);
      this.#pendingInOrder += 1;
    } else {
      this.#byKey.set(pending.key, pending);
    }
    if (signal === undefined && timeout === undefined) return;
    pending.release = this.#watch(pending, signal, timeout);
  }

  /**
   * The request was passed to `send()`, which has returned a promise.
   *
   * @internal
   */
  sent(pending: AnyPending<Key, Reply>, sent: Promise<void>): void {
    // The usual case: a handler on each promise would cost as much as the sending.
    if (sent === ACCEPTED) return;
    sent.catch((error: unknown) => {
      this.#onNotSent(pending, error);
    });
  }

  /**
   * Resolves the call that a reply belongs to: that with the key, or else the oldest call without one.
   *
   * @returns Whether there was such a call, pending or given up. If not, the reply belongs to none.
   */
  settle(reply: Reply, key?: Key): boolean {
    const pending = this.#take(key);
    if (pending === undefined) return key !== undefined && this.#isLate(key);
    if (!pending.isSettled && !pending.settle(reply)) this.#failed += 1;
    return true;
  }

  /** The same for a reply that says that the request has failed: rejects the call with the error. */
  fail(error: unknown, key?: Key): boolean {
    const pending = this.#take(key);
    if (pending === undefined) return key !== undefined && this.#isLate(key);
    if (!pending.isSettled) this.#reject(pending, error);
    return true;
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
    throw new ArgumentError(`A pending call has the key ${show(key)}; give each call its own`);
  }

  /** A call that was not sent gets no reply. */
  #onNotSent(pending: AnyPending<Key, Reply>, error: unknown): void {
    // Such as a call that was rejected because the session ended, before there was room for its message.
    if (pending.isSettled) return;
    if (pending.key !== undefined) {
      this.#byKey.delete(pending.key);
    } else {
      this.#inOrder.remove(pending);
      this.#pendingInOrder -= 1;
    }
    this.#reject(pending, isStateError(error) ? this.#notSent(pending, error) : error);
  }

  /** The same error for the caller of a call with a name: why there is no session. */
  #notSent(pending: AnyPending<Key, Reply>, error: StateError): unknown {
    const explained = this.#explained(pending, error);
    const { name } = pending;
    if (explained !== undefined || name === undefined) return explained ?? error;
    const { message, state, required } = error;
    const { cause } = this.#protocol.outcome ?? {};
    const why = state === 'IDLE' && cause ? ` The last session failed: ${cause.message}.` : '';
    return new StateError(`${name} was not sent: ${message}${why}`, state, required);
  }

  #explain(pending: AnyPending<Key, Reply>, error: CallFailure): unknown {
    return this.#explained(pending, error) ?? error;
  }

  #explained(pending: AnyPending<Key, Reply>, error: CallFailure): unknown {
    try {
      return this.#options.explain?.(error, pending);
    } catch (thrown) {
      return thrown;
    }
  }

  #reject(pending: AnyPending<Key, Reply>, error: unknown): void {
    this.#failed += 1;
    pending.reject(error);
  }

  /** Takes out the call that a reply belongs to; one in order may have been given up. */
  #take(key: Key | undefined): AnyPending<Key, Reply> | undefined {
    if (key !== undefined) {
      const pending = this.#byKey.get(key);
      if (pending !== undefined) this.#byKey.delete(key);
      return pending;
    }
    const pending = this.#inOrder.take();
    if (pending?.isSettled === true) this.#late += 1;
    else if (pending !== undefined) this.#pendingInOrder -= 1;
    return pending;
  }

  #isLate(key: Key): boolean {
    const isLate = this.#abandoned.delete(key);
    if (isLate) this.#late += 1;
    return isLate;
  }

  #watch(
    pending: AnyPending<Key, Reply>,
    signal: AbortSignal | undefined,
    timeout: number | undefined,
  ): () => void {
    const unwatch =
      signal &&
      whenAborted(signal, () => {
        this.#abandon(pending, signal.reason);
        pending.rejectAsIs(signal.reason);
      });
    const stop = startTimer(
      timeout,
      () => {
        const error = this.#explain(pending, noReply(pending.name, timeout ?? Infinity));
        this.#abandon(pending, error);
        pending.reject(error);
      },
      this.#protocol.clock,
    );
    return () => {
      unwatch?.();
      stop();
    };
  }

  /** Gives up a call that was sent: its late reply is recognized, by its key or by its place in the order. */
  #abandon(pending: AnyPending<Key, Reply>, reason: unknown): void {
    const { key } = pending;
    this.#failed += 1;
    if (key === undefined) {
      this.#pendingInOrder -= 1;
      return;
    }
    this.#byKey.delete(key);
    this.#abandoned.add(key);
    const [oldest] = this.#abandoned;
    if (this.#abandoned.size > MAX_ABANDONED_KEYS && oldest !== undefined) {
      this.#abandoned.delete(oldest);
    }
    try {
      this.#options.cancel?.(key, reason);
    } catch {
      // The call is given up in any case.
    }
  }

  /** The session has ended. Returns whether any call was rejected by that. */
  #end(outcome: SessionOutcome): boolean {
    const pending = [...this.#byKey.values()];
    for (let next; (next = this.#inOrder.take());) if (!next.isSettled) pending.push(next);
    this.#byKey.clear();
    this.#abandoned.clear();
    this.#pendingInOrder = 0;
    let hasRejected = false;
    for (const call of pending) if (!this.#settleAtEnd(call, outcome)) hasRejected = true;
    return hasRejected;
  }

  /** Returns whether the call has resolved. */
  #settleAtEnd(call: AnyPending<Key, Reply>, outcome: SessionOutcome): boolean {
    try {
      const reply = this.#options.onEnd?.(call, outcome);
      if (reply !== undefined && call.settle(reply)) return true;
      if (reply !== undefined) this.#failed += 1;
      else this.#reject(call, this.#explain(call, interrupted(call.name, outcome)));
    } catch (thrown) {
      this.#reject(call, thrown);
    }
    return false;
  }
}

/** A pending call, whatever it resolves with. */
type AnyPending<Key, Reply> = PendingReply<Key, Reply, unknown>;

const noReply = (name = 'a call', ms: number): TimeoutError =>
  new TimeoutError('execute', ms, `No reply to ${name} within ${String(ms)} ms`);

function interrupted(name: string | undefined, { cause }: SessionOutcome): ClosedError {
  const text = `The session ended before the reply${name === undefined ? '' : ` to ${name}`}`;
  return new ClosedError(text, cause === undefined ? { expected: true } : { cause });
}
