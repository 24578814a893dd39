/** Commands that wait for their replies, by id. */

import { whenAborted } from '../async/abort.ts';
import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { TimeoutError, type WirechartError } from '../core/errors.ts';
import type { Clock } from '../core/types.ts';
import { startTimer } from '../async/timer.ts';
import { BadReplyError, ExecInterruptedError } from './errors.ts';
import { isError, isSuccess } from './messages.ts';
import type { Waiter } from './waiters.ts';

/** How long a command waits for its reply. */
export interface ReplyOptions {
  /** Gives up the waiting; the command itself cannot be withdrawn. */
  readonly signal?: AbortSignal | undefined;
  /** A deadline, in ms. Default: none, the session's end is one. */
  readonly timeout?: number | undefined;
}

/** How a command is executed. */
export interface ExecuteOptions extends ReplyOptions {
  /** Out of band: at once, past the commands that wait (qmp-spec, "Out-of-band execution"). */
  readonly oob?: boolean | undefined;
}

/** How many ids of commands that nobody waits for any more are remembered. */
const MAX_ABANDONED = 1024;

/** See the module's comment. */
export class Replies {
  readonly #clock: Clock | undefined;
  readonly #pending = new Map<number, Waiter>();
  /** What ends the deadlines and signals of those that have one: most have none. */
  readonly #releases = new Map<number, () => void>();
  /** Those that a clean end of the session answers as well as a reply: `quit` asks for nothing else. */
  readonly #answeredByEnd = new Set<number>();
  readonly #abandoned = new Set<number>();

  constructor(clock: Clock | undefined) {
    this.#clock = clock;
  }

  /** Waits for the reply to a command. */
  expect(id: number, waiter: Waiter, options: ReplyOptions | undefined): void {
    this.#pending.set(id, waiter);
    if (waiter.name === 'quit') this.#answeredByEnd.add(id);
    if (options?.signal !== undefined || options?.timeout !== undefined) {
      this.#releases.set(id, this.#watch(id, waiter.name, options));
    }
  }

  /** Gives a message to the command whose id it has; says whether somebody waited for it. */
  settle(id: JsonValue | undefined, message: JsonObject): boolean {
    if (typeof id !== 'number') return false;
    const waiter = this.#take(id);
    if (waiter === undefined) return this.#abandoned.delete(id);
    if (isSuccess(message) || isError(message)) waiter.answer(message);
    else waiter.reject(new BadReplyError(waiter.name, message));
    return true;
  }

  /** The command was not sent: there will be no reply. */
  reject(id: number, error: unknown): void {
    this.#take(id)?.reject(error);
  }

  /** The end that comes now is ours: it answers nothing. */
  dismissQuit(): void {
    this.#answeredByEnd.clear();
  }

  /**
   * The session is over. A `quit` whose end came before its reply has been answered by that end;
   * all others are interrupted.
   */
  end(cause: WirechartError, clean: boolean): void {
    for (const [id, waiter] of [...this.#pending]) {
      const isAnswered = clean && this.#answeredByEnd.has(id);
      this.#take(id);
      if (isAnswered) waiter.answer({ return: {} });
      else waiter.reject(new ExecInterruptedError(waiter.name, cause));
    }
    this.#abandoned.clear();
  }

  #take(id: number): Waiter | undefined {
    const waiter = this.#pending.get(id);
    if (waiter === undefined) return undefined;
    this.#pending.delete(id);
    if (this.#answeredByEnd.size > 0) this.#answeredByEnd.delete(id);
    if (this.#releases.size > 0) this.#release(id);
    return waiter;
  }

  #release(id: number): void {
    this.#releases.get(id)?.();
    this.#releases.delete(id);
  }

  #watch(id: number, name: string, { signal, timeout }: ReplyOptions): () => void {
    const forget =
      signal &&
      whenAborted(signal, () => {
        this.#abandon(id, signal.reason);
      });
    const cancel = startTimer(
      timeout,
      () => {
        const ms = timeout ?? Infinity;
        const text = `No reply to ${name} within ${String(ms)} ms; it may still be executed`;
        this.#abandon(id, new TimeoutError('execute', ms, text));
      },
      this.#clock,
    );
    return () => {
      forget?.();
      cancel();
    };
  }

  /** Nobody waits any more; the reply that is yet to come is then no surprise. */
  #abandon(id: number, reason: unknown): void {
    this.reject(id, reason);
    this.#abandoned.add(id);
    const [oldest] = this.#abandoned;
    if (this.#abandoned.size > MAX_ABANDONED && oldest !== undefined) {
      this.#abandoned.delete(oldest);
    }
  }
}
