/** Sends commands, and settles them with their replies or with the end of the session. */

import { whenAborted } from '../../async/abort.ts';
import { ACCEPTED, rejectHandled } from '../../async/deferred.ts';
import { checkTimeout, startTimer } from '../../async/timer.ts';
import type { JsonObject, JsonValue } from '../../codecs/json.ts';
import { ArgumentError, isStateError } from '../../core/errors.ts';
import { type Names, signalOf } from '../../core/options.ts';
import { memberOf, show } from '../../core/shape.ts';
import type { Passing } from '../../core/passing.ts';
import type { SessionOutcome } from '../../core/types.ts';
import type { AsyncProtocol } from '../../protocol/async-protocol.ts';
import { CommandTracer } from '../../protocol/diagnostics.ts';
import { CommandErrors, unparsed, withoutOob } from './command-errors.ts';
import type { EndAnnouncement } from '../end-announcement.ts';
import { BadReplyError, ExecuteError } from '../errors.ts';
import { InFlight } from './in-flight.ts';
import { isError, isSuccess, PlainCommand, type SentCommand } from '../messages.ts';
import { PendingCommand } from './pending-command.ts';
import type { QmpStats } from '../stats.ts';
import { CommandTrace } from './traced-command.ts';
import type { QmpCommand, QmpGreeting, QmpReply } from '../types.ts';
import { WaitingCommands } from './waiting-commands.ts';

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

/** The settings of one client's commands. */
export interface ExchangeSettings {
  /** How many in-band commands are in flight at most; `undefined`: it depends on what was negotiated. */
  readonly maxInFlight?: number | undefined;
  /** How many bytes of commands may wait to be sent. */
  readonly maxWaitingBytes: number;
  /** The deadline of commands that are given none, in ms. */
  readonly timeout?: number | undefined;
  /** Whether out-of-band execution is negotiated, if the server offers it. */
  readonly oob: boolean;
}

/**
 * QEMU stops reading its input when 8 in-band commands are queued, and then sees no out-of-band command either. The
 * monitors of a machine share the thread that executes commands, so 8 are too many as soon as another one is busy.
 */
const OOB_WINDOW = 7;

/** Passes a message to the session. */
type Send = (message: QmpCommand) => Promise<void>;

/** The commands of one client. */
export class Exchange {
  readonly #protocol: AsyncProtocol<JsonObject, QmpCommand, QmpGreeting>;
  readonly #ending: EndAnnouncement;
  readonly #settings: ExchangeSettings;
  readonly #errors: CommandErrors;
  readonly #waiting: WaitingCommands;
  #inFlight = this.#none();
  /** The `quit` commands that a clean end of the session resolves like a reply. */
  readonly #resolvedByEnd = new Set<PendingCommand>();
  /** Starts at a random number, so that stale replies left by an earlier client match no id of ours. */
  #lastId = 100_000_000 + Math.floor(Math.random() * 900_000_000);
  /** Whether out-of-band execution was negotiated; `undefined` without a session. */
  #hasOob: boolean | undefined;
  #window = Infinity;
  /** How many replies have arrived. */
  readonly answers = { inBand: 0, outOfBand: 0 };
  #made = 0;
  #failed = 0;

  constructor(
    protocol: AsyncProtocol<JsonObject, QmpCommand, QmpGreeting>,
    ending: EndAnnouncement,
    settings: ExchangeSettings,
  ) {
    this.#protocol = protocol;
    this.#ending = ending;
    this.#settings = settings;
    this.#errors = new CommandErrors(protocol, ending);
    this.#waiting = new WaitingCommands(settings.maxWaitingBytes);
    protocol.onEnd((outcome) => this.#end(outcome));
  }

  /** Returns an id that no other command has, also of an earlier client of the same monitor. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Whether to negotiate out-of-band execution, if the server offers it. */
  get wantsOob(): boolean {
    return this.#settings.oob;
  }

  /** To be called when the negotiation has succeeded. */
  begin(hasOob: boolean): void {
    this.#hasOob = hasOob;
    this.#window = this.#settings.maxInFlight ?? (hasOob ? OOB_WINDOW : Infinity);
  }

  /**
   * See `QmpClient.execute()`.
   *
   * @param passing - A descriptor that goes with the command.
   */
  execute(
    command: string,
    args: object | undefined,
    options: ExecuteOptions | undefined,
    passing?: Passing,
  ): Promise<JsonValue> {
    if (typeof command !== 'string') return refused('execute()', 'the name of a command', command);
    const message: SentCommand =
      options?.oob === true
        ? { 'exec-oob': command, arguments: args, id: undefined }
        : new PlainCommand(command, args);
    const trace = this.#traceOf(command, message);
    const parts = { name: command, passing, parse: returnIn, trace };
    const pending = new PendingCommand(message, parts);
    this.#start(pending, options, EXECUTE_OPTIONS);
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
    const message: SentCommand = { ...given, id: undefined };
    const trace = this.#traceOf(name, message);
    const parse = (reply: JsonObject): QmpReply => {
      if (!isSuccess(reply) && !isError(reply)) throw new BadReplyError(name, reply);
      if (isError(reply)) {
        this.#failed += 1;
        trace?.noteFailure(new ExecuteError(name, reply));
      }
      const outcome = isError(reply) ? { error: reply.error } : { return: reply.return };
      return given.id === undefined ? outcome : { ...outcome, id: given.id };
    };
    const pending = new PendingCommand(message, { name, isTagged: true, parse, trace });
    this.#start(pending, options, REPLY_OPTIONS);
    return pending.promise;
  }

  /** Counts the commands. */
  get stats(): Pick<
    QmpStats,
    'commands' | 'commandsFailed' | 'commandsInFlight' | 'commandsWaiting'
  > {
    return {
      commands: this.#made,
      commandsFailed: this.#failed,
      commandsInFlight: this.#inFlight.pending,
      commandsWaiting: this.#waiting.size,
    };
  }

  /** Whether commands wait to be sent. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether out-of-band execution was negotiated in the current session. */
  get hasOob(): boolean {
    return this.#hasOob === true;
  }

  /** How many in-band commands are not answered, or wait to be sent. */
  get inBandPending(): number {
    return this.#inFlight.inBand + this.#waiting.size;
  }

  /** Settles the command that the message answers; returns whether there was one. */
  settle(message: JsonObject): boolean {
    const answered = this.#inFlight.take(message);
    if (answered === undefined) return false;
    if (this.#waiting.size > 0) this.#fill();
    const { command, isUnparsed } = answered;
    if (command.isOob) this.answers.outOfBand += 1;
    else this.answers.inBand += 1;
    if (this.#resolvedByEnd.delete(command) && (isUnparsed || isError(message))) {
      this.#ending.onQuitRefused();
    }
    if (command.isSettled) return true;
    if (isUnparsed) this.#reject(command, unparsed(message, command.name));
    else if (!command.settle(message)) this.#failed += 1;
    return true;
  }

  /** To be called when the client disconnects: the end of the session then no longer resolves `quit`. */
  dismissQuit(): void {
    this.#resolvedByEnd.clear();
  }

  /**
   * Sends all commands that wait, but those that take a descriptor: the session ends on request, and no reply will
   * be read any more. Resolves when they have been sent. The session marks its promises as handled.
   */
  sendWaiting(send: Send): Promise<void> {
    let sent = ACCEPTED;
    for (let next; (next = this.#waiting.take(false));) {
      this.#inFlight.add(next);
      next.isSent = true;
      sent = send(next.message);
    }
    return sent;
  }

  #start(command: PendingCommand, options: ReplyOptions | undefined, names: object): void {
    let { timeout } = this.#settings;
    if (options !== undefined) {
      try {
        signalOf('execute()', options, names)?.throwIfAborted();
        checkTimeout(options.timeout);
      } catch (error) {
        command.rejectAsIs(error);
        return;
      }
      timeout = options.timeout ?? timeout;
    }
    this.#made += 1;
    const signal = options?.signal;
    if (signal !== undefined || timeout !== undefined) this.#watch(command, signal, timeout);
    if (command.isOob) this.#sendOob(command);
    else if (this.#inFlight.inBand < this.#window && this.#mayPass(command)) this.#send(command);
    else this.#wait(command);
  }

  #sendOob(command: PendingCommand): void {
    if (this.#hasOob === false) {
      this.#reject(command, withoutOob(command.name, this.#settings.oob));
    } else this.#send(command);
  }

  #mayPass({ takesDescriptor }: PendingCommand): boolean {
    return !takesDescriptor || !this.#inFlight.isPassing;
  }

  #wait(command: PendingCommand): void {
    if (this.#protocol.runstate === 'RUNNING' || command.takesDescriptor) {
      const refusal = this.#waiting.add(command);
      if (refusal !== undefined) this.#reject(command, refusal);
      return;
    }
    // The session ends, and says whether it still accepts a message.
    this.#fill(Infinity);
    this.#send(command);
  }

  /** Sends commands that have waited for as long as there is room. */
  #fill(window = this.#window): void {
    while (this.#inFlight.inBand < window) {
      const next = this.#waiting.take(!this.#inFlight.isPassing);
      if (next === undefined) return;
      this.#send(next);
    }
  }

  #send(command: PendingCommand): void {
    this.#inFlight.add(command);
    command.isSent = true;
    if (command.name === 'quit') {
      // After `quit`, the end of the stream is expected.
      this.#resolvedByEnd.add(command);
      this.#ending.onQuit();
    }
    const { message, passing } = command;
    const sent = passing ? this.#protocol.sendWith(message, passing) : this.#protocol.send(message);
    // The usual case: a handler on each promise would cost as much as the sending.
    if (sent === ACCEPTED) return;
    const inFlight = this.#inFlight;
    sent.catch((error: unknown) => {
      inFlight.withdraw(command);
      this.#onNotSent(command, error);
    });
  }

  #onNotSent(command: PendingCommand, error: unknown): void {
    // The end of the session has settled the others.
    if (this.#resolvedByEnd.delete(command)) this.#ending.onQuitRefused();
    if (this.#waiting.size > 0) this.#fill();
    if (command.isSettled) return;
    this.#reject(command, isStateError(error) ? this.#errors.notSent(command, error) : error);
  }

  #reject(command: PendingCommand, error: unknown): void {
    this.#failed += 1;
    command.reject(error);
  }

  #watch(
    command: PendingCommand,
    signal: AbortSignal | undefined,
    timeout: number | undefined,
  ): void {
    const unwatch =
      signal &&
      whenAborted(signal, () => {
        command.rejectAsIs(signal.reason);
        this.#abandon(command, signal.reason);
      });
    const expire = (): void => {
      const ms = timeout ?? Infinity;
      const error = this.#errors.late(command, ms, this.#inFlight.inBand);
      command.reject(error);
      this.#abandon(command, error);
    };
    const stop = startTimer(timeout, expire, this.#protocol.clock);
    command.release = () => {
      unwatch?.();
      stop();
    };
  }

  /** A command was given up: if it was sent, its late reply is recognized. */
  #abandon(command: PendingCommand, reason: unknown): void {
    this.#failed += 1;
    command.passing?.drop(reason);
    if (command.isSent) this.#inFlight.abandon(command);
    else this.#waiting.remove(command);
  }

  /** The session has ended. Returns whether any command was rejected by that. */
  #end(outcome: SessionOutcome): boolean {
    const commands = [...this.#inFlight.takeAll(), ...this.#waiting.takeAll()];
    this.#inFlight = this.#none();
    this.#hasOob = undefined;
    this.#window = Infinity;
    let hasRejected = false;
    for (const command of commands) {
      if (!command.isSettled && !this.#settleAtEnd(command, outcome)) hasRejected = true;
    }
    return hasRejected;
  }

  /** Returns whether the command has resolved: a clean end is the reply to `quit`. */
  #settleAtEnd(command: PendingCommand, { cause }: SessionOutcome): boolean {
    const isResolved = this.#resolvedByEnd.has(command) && cause === undefined;
    if (isResolved && command.settle({ return: {} })) return true;
    this.#reject(command, this.#errors.interrupted(command));
    return false;
  }

  #none(): InFlight {
    return new InFlight(() => this.nextId());
  }

  #traceOf(command: string, message: QmpCommand): CommandTrace | undefined {
    return CommandTracer.isWanted ? new CommandTrace(this.#protocol, command, message) : undefined;
  }
}

/** What a command of `execute()` resolves with. */
function returnIn(reply: JsonObject, command: string): JsonValue {
  if (isSuccess(reply)) return reply.return;
  if (isError(reply)) throw new ExecuteError(command, reply);
  throw new BadReplyError(command, reply);
}

/** A promise that rejects because a call got something else than it needs. */
const refused = (method: string, needed: string, given: unknown): Promise<never> =>
  rejectHandled(new ArgumentError(`${method} needs ${needed}, not ${show(given)}`));
