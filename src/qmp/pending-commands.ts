/** The commands in flight, by id. */

import { whenAborted } from '../async/abort.ts';
import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { TimeoutError, type WirechartError } from '../core/errors.ts';
import type { Clock } from '../core/types.ts';
import { startTimer } from '../async/timer.ts';
import { BadReplyError, ExecInterruptedError } from './errors.ts';
import { isError, isSuccess } from './messages.ts';
import type { PendingCommand } from './pending-command.ts';

/** The options of `executeMessage()`. */
export interface ReplyOptions {
  /** Gives up the wait for the reply when it is aborted. A command that was sent cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** A deadline for the reply, in ms. Default: none; the wait ends with the session. */
  readonly timeout?: number | undefined;
}

/** The options of `execute()`. */
export interface ExecuteOptions extends ReplyOptions {
  /**
   * Sends the command as `exec-oob`: the server executes it at once, ahead of the commands in its queue
   * (qmp-spec, "Out-of-band execution"). Default `false`.
   */
  readonly oob?: boolean | undefined;
}

/** How many ids of abandoned commands are kept, so that their late replies are recognized. */
const MAX_ABANDONED_IDS = 1024;

/** Settles each command when its reply, its deadline, its signal or the session's end comes. */
export class PendingCommands {
  /** How many commands were added. */
  added = 0;
  /** How many of them have failed. */
  failed = 0;
  readonly #clock: Clock | undefined;
  readonly #pending = new Map<number, PendingCommand>();
  /** Releases the timer and the signal of each command that has one; most have none. */
  readonly #releases = new Map<number, () => void>();
  /** The ids of `quit` commands: a clean end of the session resolves them like a reply. */
  readonly #resolvedByEnd = new Set<number>();
  readonly #abandoned = new Set<number>();

  constructor(clock: Clock | undefined) {
    this.#clock = clock;
  }

  /** How many commands wait for their reply. */
  get size(): number {
    return this.#pending.size;
  }

  /** Adds a command that is about to be sent. */
  add(id: number, command: PendingCommand, options: ReplyOptions | undefined): void {
    this.added += 1;
    this.#pending.set(id, command);
    if (command.name === 'quit') this.#resolvedByEnd.add(id);
    if (options?.signal !== undefined || options?.timeout !== undefined) {
      this.#releases.set(id, this.#watch(id, command.name, options));
    }
  }

  /** Settles the command with this id; returns whether there was one, pending or abandoned. */
  settle(id: JsonValue | undefined, message: JsonObject): boolean {
    if (typeof id !== 'number') return false;
    const command = this.#take(id);
    if (command === undefined) return this.#abandoned.delete(id);
    if (isSuccess(message)) {
      command.settle(message);
    } else {
      this.failed += 1;
      if (isError(message)) command.settle(message);
      else command.fail(new BadReplyError(command.name, message));
    }
    return true;
  }

  /** Takes a command that will get no reply, because it was not sent. */
  withdraw(id: number): PendingCommand | undefined {
    this.failed += 1;
    return this.#take(id);
  }

  /** To be called when the client disconnects: the end of the session then no longer resolves `quit`. */
  dismissQuit(): void {
    this.#resolvedByEnd.clear();
  }

  /**
   * To be called when the session has ended. A clean end resolves `quit`; other commands reject. Returns
   * whether any command was rejected.
   */
  end(cause: WirechartError, isClean: boolean): boolean {
    let hasRejected = false;
    for (const [id, command] of [...this.#pending]) {
      const isResolved = isClean && this.#resolvedByEnd.has(id);
      this.#take(id);
      if (!isResolved) this.failed += 1;
      if (isResolved) command.settle({ return: {} });
      else command.fail(new ExecInterruptedError(command.name, cause));
      hasRejected ||= !isResolved;
    }
    this.#abandoned.clear();
    return hasRejected;
  }

  #take(id: number): PendingCommand | undefined {
    const command = this.#pending.get(id);
    if (command === undefined) return undefined;
    this.#pending.delete(id);
    if (this.#resolvedByEnd.size > 0) this.#resolvedByEnd.delete(id);
    if (this.#releases.size > 0) this.#release(id);
    return command;
  }

  #release(id: number): void {
    this.#releases.get(id)?.();
    this.#releases.delete(id);
  }

  #watch(id: number, name: string, { signal, timeout }: ReplyOptions): () => void {
    const removeAbortListener =
      signal &&
      whenAborted(signal, () => {
        this.#abandon(id)?.reject(signal.reason);
      });
    const cancel = startTimer(
      timeout,
      () => {
        const ms = timeout ?? Infinity;
        const text = `No reply to ${name} within ${String(ms)} ms; the command may still be executed`;
        this.#abandon(id)?.fail(new TimeoutError('execute', ms, text));
      },
      this.#clock,
    );
    return () => {
      removeAbortListener?.();
      cancel();
    };
  }

  /** Takes a command that was sent, and keeps its id until its late reply arrives. */
  #abandon(id: number): PendingCommand | undefined {
    this.failed += 1;
    this.#abandoned.add(id);
    const [oldest] = this.#abandoned;
    if (this.#abandoned.size > MAX_ABANDONED_IDS && oldest !== undefined) {
      this.#abandoned.delete(oldest);
    }
    return this.#take(id);
  }
}
