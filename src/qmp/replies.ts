/** Commands that wait for their replies, by id. */

import { whenAborted } from '../abort.ts';
import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { TimeoutError, type WirechartError } from '../errors.ts';
import type { Clock } from '../protocol.ts';
import { startTimer } from '../timer.ts';
import { BadReplyError, ExecInterruptedError } from './errors.ts';
import { isError, isSuccess } from './messages.ts';
import type { QmpReply } from './types.ts';

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

/** Who waits for a reply: two functions and not a promise, since there is one for every command. */
export interface Waiter {
  /** The command's name. */
  readonly name: string;
  readonly resolve: (reply: QmpReply) => void;
  readonly reject: (error: unknown) => void;
}

interface Pending extends Waiter {
  /** Whether a clean end of the session is as good as a reply: `quit` asks for nothing else. */
  endIsReply: boolean;
  /** Ends its deadline and its signal. */
  release: (() => void) | undefined;
}

/** How many ids of commands that nobody waits for any more are remembered. */
const MAX_ABANDONED = 1024;

/** See the module's comment. */
export class Replies {
  readonly #clock: Clock | undefined;
  readonly #pending = new Map<string, Pending>();
  readonly #abandoned = new Set<string>();

  constructor(clock: Clock | undefined) {
    this.#clock = clock;
  }

  /** Waits for the reply to a command. The waiter is called once. */
  expect(id: string, { name, resolve, reject }: Waiter, options: ReplyOptions): void {
    const endIsReply = name === 'quit';
    const pending: Pending = { name, resolve, reject, endIsReply, release: undefined };
    this.#pending.set(id, pending);
    if (options.signal !== undefined || options.timeout !== undefined) {
      pending.release = this.#watch(id, name, options);
    }
  }

  /** Gives a message to the command whose id it has; says whether somebody waited for it. */
  settle(id: JsonValue | undefined, message: JsonObject): boolean {
    if (typeof id !== 'string') return false;
    const pending = this.#take(id);
    if (pending === undefined) return this.#abandoned.delete(id);
    if (isSuccess(message) || isError(message)) pending.resolve(message);
    else pending.reject(new BadReplyError(pending.name, message));
    return true;
  }

  /** The command was not sent: there will be no reply. */
  reject(id: string, error: unknown): void {
    this.#take(id)?.reject(error);
  }

  /** The end that comes now is ours: it answers nothing. */
  disown(): void {
    for (const pending of this.#pending.values()) pending.endIsReply = false;
  }

  /**
   * The session is over. A `quit` whose end came before its reply has been answered by that end;
   * all others are interrupted.
   */
  end(cause: WirechartError, clean: boolean): void {
    for (const [id, { name, resolve, reject, endIsReply }] of [...this.#pending]) {
      this.#take(id);
      if (clean && endIsReply) resolve({ return: {} });
      else reject(new ExecInterruptedError(name, cause));
    }
    this.#abandoned.clear();
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    pending.release?.();
    return pending;
  }

  #watch(id: string, name: string, { signal, timeout }: ReplyOptions): () => void {
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
  #abandon(id: string, reason: unknown): void {
    this.reject(id, reason);
    this.#abandoned.add(id);
    const [oldest] = this.#abandoned;
    if (this.#abandoned.size > MAX_ABANDONED && oldest !== undefined) {
      this.#abandoned.delete(oldest);
    }
  }
}
