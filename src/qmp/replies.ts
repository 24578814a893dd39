/** Commands that wait for their replies, by id. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { abortable } from '../abort.ts';
import { type Deferred, defer } from '../deferred.ts';
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

interface Pending {
  readonly name: string;
  /** Whether a clean end of the session is as good as a reply: `quit` asks for nothing else. */
  endIsReply: boolean;
  readonly reply: Deferred<QmpReply>;
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

  /** Waits for the reply to a command. */
  async expect(id: string, name: string, { signal, timeout }: ReplyOptions): Promise<QmpReply> {
    const reply = defer<QmpReply>();
    this.#pending.set(id, { name, reply, endIsReply: name === 'quit' });
    const cancel = startTimer(
      timeout,
      () => {
        this.#expire(id, name, timeout ?? Infinity);
      },
      this.#clock,
    );
    try {
      return await abortable(reply.promise, signal);
    } finally {
      cancel();
      // Still pending: the caller has gone, the reply is yet to come, and is then no surprise.
      if (this.#pending.delete(id)) this.#abandon(id);
    }
  }

  /** Gives a message to the command whose id it has; says whether somebody waited for it. */
  settle(id: JsonValue | undefined, message: JsonObject): boolean {
    if (typeof id !== 'string') return false;
    const pending = this.#pending.get(id);
    if (pending === undefined) return this.#abandoned.delete(id);
    this.#pending.delete(id);
    if (isSuccess(message) || isError(message)) pending.reply.resolve(message);
    else pending.reply.reject(new BadReplyError(pending.name, message));
    return true;
  }

  /** The command was not sent: there will be no reply. */
  reject(id: string, error: unknown): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.reply.reject(error);
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
    for (const { name, reply, endIsReply } of this.#pending.values()) {
      if (clean && endIsReply) reply.resolve({ return: {} });
      else reply.reject(new ExecInterruptedError(name, cause));
    }
    this.#pending.clear();
    this.#abandoned.clear();
  }

  #expire(id: string, name: string, ms: number): void {
    const text = `No reply to ${name} within ${String(ms)} ms; it may still be executed`;
    // The command stays pending for the moment in which its promise settles; see `expect()`.
    this.#pending.get(id)?.reply.reject(new TimeoutError('execute', ms, text));
  }

  #abandon(id: string): void {
    this.#abandoned.add(id);
    const [oldest] = this.#abandoned;
    if (this.#abandoned.size > MAX_ABANDONED && oldest !== undefined) {
      this.#abandoned.delete(oldest);
    }
  }
}
