/** Sends commands, and settles them with their replies or with the end of the session. */

import { rejectHandled } from '../async/deferred.ts';
import { checkTimeout } from '../async/timer.ts';
import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { ArgumentError, ClosedError, StateError, TimeoutError } from '../core/errors.ts';
import { type Names, signalOf } from '../core/options.ts';
import { memberOf, show } from '../core/shape.ts';
import type { SessionOutcome } from '../core/types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { CommandTracer } from '../protocol/diagnostics.ts';
import type { CallFailure, PendingCall } from '../rpc/call-options.ts';
import { Calls } from '../rpc/calls.ts';
import { type Parse, PendingReply } from '../rpc/pending-reply.ts';
import type { EndAnnouncement } from './end-announcement.ts';
import { BadReplyError, ExecInterruptedError, ExecuteError } from './errors.ts';
import { isError, isSuccess, PlainCommand } from './messages.ts';
import type { QmpStats } from './stats.ts';
import { CommandTrace } from './traced-command.ts';
import type { QmpCommand, QmpGreeting, QmpReply } from './types.ts';

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

const REPLY_OPTIONS: Names<ReplyOptions> = { signal: true, timeout: true };
const COMMAND = 'a command with its name in a member "execute" or "exec-oob"';
const EXECUTE_OPTIONS: Names<ExecuteOptions> = { signal: true, timeout: true, oob: true };

/** The commands of one client. */
export class Exchange {
  readonly #protocol: AsyncProtocol<JsonObject, QmpCommand, QmpGreeting>;
  readonly #ending: EndAnnouncement;
  readonly #calls: Calls<number, JsonObject>;
  /** The ids of `quit` commands: a clean end of the session resolves them like a reply. */
  readonly #resolvedByEnd = new Set<number>();
  /** Starts at a random number, so that stale replies left by an earlier client match no id of ours. */
  #lastId = 100_000_000 + Math.floor(Math.random() * 900_000_000);
  /** How many replies were errors that `executeMessage()` has resolved with. */
  #errorReplies = 0;

  constructor(
    protocol: AsyncProtocol<JsonObject, QmpCommand, QmpGreeting>,
    ending: EndAnnouncement,
  ) {
    this.#protocol = protocol;
    this.#ending = ending;
    this.#calls = new Calls(protocol, {
      explain: (error, { name = 'the command' }) => this.#explain(error, name),
      onEnd: (command, outcome) => this.#replyAtEnd(command, outcome),
    });
  }

  /**
   * Returns an id for the next command. It is short, because QEMU reads its input byte by byte, and a
   * number, because each new string id would take up space in the JavaScript engine's string table.
   */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** See `QmpClient.execute()`. */
  execute(
    command: string,
    args: object | undefined,
    options: ExecuteOptions | undefined,
  ): Promise<JsonValue> {
    if (typeof command !== 'string') return refused('execute()', 'the name of a command', command);
    const id = this.nextId();
    const message: QmpCommand =
      options?.oob === true
        ? { 'exec-oob': command, arguments: args, id }
        : new PlainCommand(command, args, id);
    const trace = this.#traceOf(command, message);
    const parse = command === 'quit' ? this.#quitting(id, returnIn) : returnIn;
    const pending = new PendingReply(id, command, parse, trace);
    this.#send(message, pending, options, EXECUTE_OPTIONS);
    return pending.promise;
  }

  /** Executes a command that is given as a message of any type, as `execute()` does. */
  executeCommand(message: unknown): Promise<JsonValue> {
    const [execute, oob] = ['execute', 'exec-oob'].map((member) => memberOf(message, member));
    const args = memberOf(message, 'arguments');
    const name = execute ?? oob;
    if (typeof name !== 'string') return refused('SEND', COMMAND, message);
    // The codec refuses arguments that are not an object.
    return this.execute(name, args as object | undefined, { oob: execute === undefined });
  }

  /** See `QmpClient.executeMessage()`. */
  executeMessage(given: QmpCommand, options: ReplyOptions | undefined): Promise<QmpReply> {
    const name = memberOf(given, 'execute') ?? memberOf(given, 'exec-oob');
    if (typeof name !== 'string') {
      return refused('executeMessage()', COMMAND, given);
    }
    const id = this.nextId();
    const message = { ...given, id };
    const trace = this.#traceOf(name, message);
    const parse = (reply: JsonObject): QmpReply => {
      if (!isSuccess(reply) && !isError(reply)) throw new BadReplyError(name, reply);
      if (isError(reply)) {
        this.#errorReplies += 1;
        trace?.noteFailure(new ExecuteError(name, reply));
      }
      const outcome = isError(reply) ? { error: reply.error } : { return: reply.return };
      return given.id === undefined ? outcome : { ...outcome, id: given.id };
    };
    const parseReply = name === 'quit' ? this.#quitting(id, parse) : parse;
    const pending = new PendingReply(id, name, parseReply, trace);
    this.#send(message, pending, options, REPLY_OPTIONS);
    return pending.promise;
  }

  /** Counts the commands. */
  get stats(): Pick<QmpStats, 'commands' | 'commandsFailed' | 'commandsInFlight'> {
    const { made, failed, size } = this.#calls;
    return {
      commands: made,
      commandsFailed: failed + this.#errorReplies,
      commandsInFlight: size,
    };
  }

  /** Settles the command that the message replies to; returns whether there was one. */
  settle(message: JsonObject): boolean {
    const { id } = message;
    return typeof id === 'number' && this.#calls.settle(message, id);
  }

  /** To be called when the client disconnects: the end of the session then no longer resolves `quit`. */
  dismissQuit(): void {
    this.#resolvedByEnd.clear();
  }

  #send<Result>(
    message: QmpCommand,
    pending: PendingReply<number, JsonObject, Result>,
    options: ReplyOptions | undefined,
    names: object,
  ): void {
    if (options !== undefined) {
      try {
        signalOf('execute()', options, names)?.throwIfAborted();
        checkTimeout(options.timeout);
      } catch (error) {
        pending.rejectAsIs(error);
        return;
      }
    }
    this.#calls.open(pending, options?.signal, options?.timeout);
    const sent =
      pending.name === 'quit' ? this.#sendQuit(message, pending.key) : this.#protocol.send(message);
    this.#calls.sent(pending, sent);
  }

  /** After `quit`, the end of the stream is expected. */
  async #sendQuit(message: QmpCommand, id = 0): Promise<void> {
    this.#resolvedByEnd.add(id);
    this.#ending.onQuit();
    try {
      await this.#protocol.send(message);
    } catch (error) {
      // The end of the session has settled the others.
      if (this.#resolvedByEnd.delete(id)) this.#ending.onQuitRefused();
      throw error;
    }
  }

  /** Parses the reply to `quit`: no end is expected any more, if the server refuses the command. */
  #quitting<Result>(id: number, parse: Parse<JsonObject, Result>): Parse<JsonObject, Result> {
    return (reply, command) => {
      this.#resolvedByEnd.delete(id);
      if (isError(reply)) this.#ending.onQuitRefused();
      return parse(reply, command);
    };
  }

  #traceOf(command: string, message: QmpCommand): CommandTrace | undefined {
    return CommandTracer.isWanted ? new CommandTrace(this.#protocol, command, message) : undefined;
  }

  /** The reply that a clean end stands for. */
  #replyAtEnd({ key }: PendingCall<number>, { cause }: SessionOutcome): JsonObject | undefined {
    const isResolved = key !== undefined && this.#resolvedByEnd.has(key) && cause === undefined;
    return isResolved ? { return: {} } : undefined;
  }

  #explain(error: CallFailure, command: string): Error | undefined {
    switch (error.code) {
      case 'ERR_STATE':
        return this.#notSent(error, command);
      case 'ERR_CLOSED':
        return new ExecInterruptedError(command, this.#protocol.outcome?.cause ?? this.#closed());
      default:
        return unanswered(error);
    }
  }

  #closed(): ClosedError {
    const text = this.#ending.text ?? 'The session was disconnected';
    return new ClosedError(text, { expected: true });
  }

  /** Why there is no session, if that was announced. */
  #notSent({ message, state, required }: StateError, command: string): StateError | undefined {
    const { text } = this.#ending;
    if (state !== 'IDLE' || text === undefined) return undefined;
    return new StateError(`${command} was not sent: ${message} ${text}.`, state, required);
  }
}

/** What a command of `execute()` resolves with. */
function returnIn(reply: JsonObject, command: string): JsonValue {
  if (isSuccess(reply)) return reply.return;
  if (isError(reply)) throw new ExecuteError(command, reply);
  throw new BadReplyError(command, reply);
}

const unanswered = ({ phase, ms, message }: TimeoutError): TimeoutError =>
  new TimeoutError(phase, ms, `${message}; the command may still be executed`);

/** A promise that rejects because a call got something else than it needs. */
const refused = (method: string, needed: string, given: unknown): Promise<never> =>
  rejectHandled(new ArgumentError(`${method} needs ${needed}, not ${show(given)}`));
