/** Whether the connections of a scripted peer went as its script says, and the wait until that is known. */

import { setImmediate } from 'node:timers/promises';
import { deferHandled } from '../async/deferred.ts';
import { startTimer } from '../async/timer.ts';
import { describe, isClosedError, isWirechartError } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import { shown } from './codec-check-error.ts';
import { ScriptError } from './script-error.ts';

/** The part of a connection that is judged. */
export interface Judged {
  readonly session: { readonly number: number };
  /** What its script waits for, in words. */
  readonly awaits: string;
}

/** What to wait for on a connection. */
export type PromiseOf<C> = (connection: C) => Promise<unknown>;

/** How many of the received messages an error shows. */
const MAX_SHOWN_MESSAGES = 5;

/** The codes of failures that the other side has caused with its bytes, or the script with its callbacks. */
const BLAMED: readonly string[] = ['ERR_CODEC', 'ERR_LIMIT', 'ERR_HANDLER'];

/** Collects the failures of a peer. */
export class Verdict<C extends Judged> {
  /** The connections whose script has begun. */
  readonly connections: C[] = [];
  readonly #timeout: number;
  readonly #received: readonly unknown[];
  #failures: Error[] = [];
  #changed = deferHandled<'changed'>();
  #isClosed = false;

  /**
   * @param timeout - How long a wait may take, in ms.
   * @param received - All messages that were received.
   */
  constructor(timeout: number, received: readonly unknown[]) {
    this.#timeout = timeout;
    this.#received = received;
  }

  /** Whether there are no failures any more, because the peer ends its sessions. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
    this.#change();
  }

  add(connection: C): void {
    this.connections.push(connection);
    this.#change();
  }

  fail(error: Error): void {
    if (this.#isClosed || this.#failures.includes(error)) return;
    this.#failures.push(error);
    this.#change();
  }

  /** Notes the end of a session, if the other side must not have caused it. */
  judge(error: unknown): void {
    const cause = memberOf(error, 'phase') === undefined ? error : memberOf(error, 'cause');
    if (!isWirechartError(cause) || !BLAMED.includes(cause.code)) return;
    // A message that was cut: the other side has left, as it may.
    if (isClosedError(cause.cause)) return;
    const text = `The session of the peer has failed: ${describe(cause)}`;
    this.fail(new ScriptError(text, { cause }));
  }

  /** Throws the first failure, and forgets all. */
  throwFailure(): void {
    const [failure] = this.#failures;
    this.#failures = [];
    if (failure !== undefined) throw failure;
  }

  /**
   * Waits for all connections, also for those that come meanwhile, until there is a failure. That it takes too
   * long is one.
   *
   * @param least - How many connections there must be.
   */
  async until(least: number, promiseOf: PromiseOf<C>): Promise<void> {
    const late = deferHandled<'late'>();
    const cancel = startTimer(this.#timeout, () => {
      late.resolve('late');
    });
    try {
      let outcome: 'changed' | 'all' | 'late' = 'changed';
      while (outcome === 'changed' && !this.#isClosed && this.#failures.length === 0) {
        const all = Promise.all(this.connections.map(promiseOf)).then(() => 'all' as const);
        const isEnough = this.connections.length >= least;
        outcome = await Promise.race([
          late.promise,
          this.#changed.promise,
          ...(isEnough ? [all] : []),
        ]);
      }
      if (outcome === 'late') await this.#failLate(promiseOf);
    } finally {
      cancel();
    }
  }

  async #failLate(promiseOf: PromiseOf<C>): Promise<void> {
    const after = `After ${String(this.#timeout)} ms`;
    if (this.connections.length === 0) {
      this.fail(new ScriptError(`${after}, there is no connection.`));
    }
    for (const connection of this.connections) {
      const isOver = promiseOf(connection).then(() => true);
      if (await Promise.race([isOver, setImmediate(false)])) continue;
      const { session, awaits } = connection;
      const text = `${after}, the script of connection ${String(session.number)} waits for ${awaits}.`;
      this.fail(new ScriptError(`${text} ${this.#history()}`));
    }
  }

  #history(): string {
    const last = this.#received.slice(-MAX_SHOWN_MESSAGES).map((message) => shown(message));
    return last.length === 0
      ? 'The peer has received no message.'
      : `The last messages that it has received: ${last.join(', ')}.`;
  }

  /** Wakes those that wait. */
  #change(): void {
    this.#changed.resolve('changed');
    this.#changed = deferHandled<'changed'>();
  }
}
