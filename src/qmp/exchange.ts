/** Sends commands, and settles them with their replies or with the end of the session. */

import { rejectHandled } from '../async/deferred.ts';
import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { ArgumentError, ClosedError, StateError, TimeoutError } from '../core/errors.ts';
import { type Names, signalOf } from '../core/options.ts';
import { memberOf, show } from '../core/shape.ts';
import type { SessionOutcome } from '../core/types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { CommandTracer } from '../protocol/diagnostics.ts';
import type { CallFailure, ParsedCallOptions, PendingCall } from '../rpc/call-options.ts';
import { Calls } from '../rpc/calls.ts';
import type { EndAnnouncement } from './end-announcement.ts';
import { BadReplyError, ExecInterruptedError, ExecuteError } from './errors.ts';
import { isError, isSuccess, PlainCommand } from './messages.ts';
import type { QmpStats } from './stats.ts';
import { CommandTrace } from './traced-command.ts';
import type { ErrorReply, QmpCommand, QmpGreeting, QmpReply, SuccessReply } from './types.ts';

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
const EXECUTE_OPTIONS: Names<ExecuteOptions> = { signal: true, timeout: true, oob: true };

/** A command that is about to be sent. */
interface Call<Result> extends ParsedCallOptions<number, JsonObject, Result> {
  readonly key: number;
}

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
    const call = {
      key: id,
      name: command,
      parse: returnIn,
      signal: options?.signal,
      timeout: options?.timeout,
      trace: this.#traceOf(command, message),
    };
    return this.#call(message, call, options, EXECUTE_OPTIONS);
  }

  /** See `QmpClient.executeMessage()`. */
  executeMessage(given: QmpCommand, options: ReplyOptions | undefined): Promise<QmpReply> {
    const name = memberOf(given, 'execute') ?? memberOf(given, 'exec-oob');
    if (typeof name !== 'string') {
      const needed = 'a command with its name in a member "execute" or "exec-oob"';
      return refused('executeMessage()', needed, given);
    }
    const id = this.nextId();
    const message = { ...given, id };
    const trace = this.#traceOf(name, message);
    const parse = (reply: JsonObject): QmpReply => {
      const checked = checkReply(reply, name);
      if ('error' in checked) {
        this.#errorReplies += 1;
        trace?.noteFailure(new ExecuteError(name, checked));
      }
      const outcome = 'error' in checked ? { error: checked.error } : { return: checked.return };
      return given.id === undefined ? outcome : { ...outcome, id: given.id };
    };
    const call = {
      key: id,
      name,
      parse,
      signal: options?.signal,
      timeout: options?.timeout,
      trace,
    };
    return this.#call(message, call, options, REPLY_OPTIONS);
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

  #call<Result>(
    message: QmpCommand,
    call: Call<Result>,
    options: ReplyOptions | undefined,
    names: object,
  ): Promise<Result> {
    try {
      if (options !== undefined) signalOf('execute()', options, names);
    } catch (error) {
      call.trace?.finish(error);
      return rejectHandled(error);
    }
    return call.name === 'quit'
      ? this.#quit(message, call)
      : this.#calls.call(() => this.#protocol.send(message), call);
  }

  /** After `quit`, the end of the stream is expected; no longer, if the server refuses the command. */
  #quit<Result>(message: QmpCommand, call: Call<Result>): Promise<Result> {
    const { key } = call;
    const send = async (): Promise<void> => {
      this.#resolvedByEnd.add(key);
      this.#ending.onQuit();
      try {
        await this.#protocol.send(message);
      } catch (error) {
        // The end of the session has settled the others.
        if (this.#resolvedByEnd.delete(key)) this.#ending.onQuitRefused();
        throw error;
      }
    };
    const parse = (reply: JsonObject, command: string): Result => {
      this.#resolvedByEnd.delete(key);
      if (isError(reply)) this.#ending.onQuitRefused();
      return call.parse(reply, command);
    };
    return this.#calls.call(send, { ...call, parse });
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
  const checked = checkReply(reply, command);
  if ('error' in checked) throw new ExecuteError(command, checked);
  return checked.return;
}

/** @throws {BadReplyError} When it is neither a success nor an error. */
function checkReply(reply: JsonObject, command: string): SuccessReply | ErrorReply {
  if (isSuccess(reply) || isError(reply)) return reply;
  throw new BadReplyError(command, reply);
}

const unanswered = ({ phase, ms, message }: TimeoutError): TimeoutError =>
  new TimeoutError(phase, ms, `${message}; the command may still be executed`);

/** A promise that rejects because a call got something else than it needs. */
const refused = (method: string, needed: string, given: unknown): Promise<never> =>
  rejectHandled(new ArgumentError(`${method} needs ${needed}, not ${show(given)}`));
