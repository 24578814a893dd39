/** Sends commands, and settles them with their replies or with the end of the session. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import {
  ArgumentError,
  ClosedError,
  isClosedError,
  isStateError,
  StateError,
} from '../core/errors.ts';
import { ACCEPTED, markHandled } from '../async/deferred.ts';
import { type Names, signalOf } from '../core/options.ts';
import { memberOf, show } from '../core/shape.ts';
import type { Clock, SessionOutcome } from '../core/types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { CommandTracer } from '../protocol/diagnostics.ts';
import { checkTimeout } from '../async/timer.ts';
import type { EndAnnouncement } from './end-announcement.ts';
import { PlainCommand } from './messages.ts';
import { type PendingCommand, PendingReply, PendingReturn } from './pending-command.ts';
import { type ExecuteOptions, PendingCommands, type ReplyOptions } from './pending-commands.ts';
import { redactQmp } from './redact.ts';
import type { QmpStats } from './stats.ts';
import { TracedCommand } from './traced-command.ts';
import type { QmpCommand, QmpReply } from './types.ts';

const REPLY_OPTIONS: Names<ReplyOptions> = { signal: true, timeout: true };
const EXECUTE_OPTIONS: Names<ExecuteOptions> = { signal: true, timeout: true, oob: true };

/** What an exchange needs to know of its link. */
export interface ExchangeLink {
  /** Returns an id that no other command has. */
  nextId(): number;
  /** What has announced the end of the session. */
  readonly ending: EndAnnouncement;
}

/** The commands of one client. */
export class Exchange {
  readonly #protocol: AsyncProtocol<JsonObject, QmpCommand>;
  readonly #link: ExchangeLink;
  readonly #pending: PendingCommands;

  constructor(
    protocol: AsyncProtocol<JsonObject, QmpCommand>,
    link: ExchangeLink,
    clock: Clock | undefined,
  ) {
    this.#protocol = protocol;
    this.#link = link;
    this.#pending = new PendingCommands(clock);
  }

  /** See `QmpClient.execute()`. */
  execute(
    command: string,
    args: object | undefined,
    options: ExecuteOptions | undefined,
  ): Promise<JsonValue> {
    if (typeof command !== 'string') return refused('execute()', 'the name of a command', command);
    const id = this.#link.nextId();
    const message: QmpCommand =
      options?.oob === true
        ? { 'exec-oob': command, arguments: args, id }
        : new PlainCommand(command, args, id);
    const pending = new PendingReturn(command);
    this.#send(id, message, pending, options, EXECUTE_OPTIONS);
    return pending.promise;
  }

  /** See `QmpClient.executeMessage()`. */
  executeMessage(message: QmpCommand, options: ReplyOptions | undefined): Promise<QmpReply> {
    const name = memberOf(message, 'execute') ?? memberOf(message, 'exec-oob');
    if (typeof name !== 'string') {
      const needed = 'a command with its name in a member "execute" or "exec-oob"';
      return refused('executeMessage()', needed, message);
    }
    const pending = new PendingReply(name, message.id);
    const id = this.#link.nextId();
    this.#send(id, { ...message, id }, pending, options, REPLY_OPTIONS);
    return pending.promise;
  }

  /** Counts the commands. */
  get stats(): Pick<QmpStats, 'commands' | 'commandsFailed' | 'commandsInFlight'> {
    const { added, failed, size } = this.#pending;
    return { commands: added, commandsFailed: failed, commandsInFlight: size };
  }

  /** Settles the command that the message replies to; returns whether there was one. */
  settle(message: JsonObject): boolean {
    return this.#pending.settle(message['id'], message);
  }

  /** To be called when the client disconnects: the end of the session then no longer resolves `quit`. */
  dismissQuit(): void {
    this.#pending.dismissQuit();
  }

  /**
   * To be called when the session has ended: settles all commands in flight. Returns whether any of them
   * was rejected.
   */
  end({ cause }: SessionOutcome): boolean {
    const text = this.#link.ending.text ?? 'The session was disconnected';
    const end = cause ?? new ClosedError(text, { expected: true });
    return this.#pending.end(end, cause === undefined);
  }

  #send(
    id: number,
    message: QmpCommand,
    untraced: PendingCommand,
    options: ReplyOptions | undefined,
    names: object,
  ): void {
    const command = CommandTracer.isWanted ? this.#traced(untraced, message) : untraced;
    try {
      signalOf('execute()', options, names)?.throwIfAborted();
      checkTimeout(options?.timeout);
    } catch (error) {
      command.reject(error);
      return;
    }
    const isQuit = command.name === 'quit';
    if (isQuit) this.#link.ending.onQuit();
    this.#pending.add(id, isQuit ? this.#revokingEnd(command) : command, options);
    const sent = this.#protocol.send(message);
    // The usual case; handlers on each promise would cost as much as the sending.
    if (sent === ACCEPTED) return;
    sent.catch((error: unknown) => {
      this.#onNotSent(id, command.name, error);
    });
  }

  #traced(command: PendingCommand, message: QmpCommand): PendingCommand {
    const { name } = command;
    const definition = { redact: redactQmp };
    return new TracedCommand(
      command,
      new CommandTracer(this.#protocol, { command: name, message, definition }),
    );
  }

  #onNotSent(id: number, name: string, error: unknown): void {
    // A failure of the session rejects this command together with all others, in `end()`.
    if (isClosedError(error) || error === this.#protocol.outcome?.cause) return;
    if (name === 'quit') this.#link.ending.onQuitRefused();
    const command = this.#pending.withdraw(id);
    if (isStateError(error)) command?.fail(this.#notSent(name, error));
    else command?.reject(error);
  }

  /** The same error for the caller of a command: why there is no session. */
  #notSent(command: string, { message, state, required }: StateError): StateError {
    const { cause } = this.#protocol.outcome ?? {};
    const why = this.#link.ending.text ?? (cause && `The last session failed: ${cause.message}`);
    const reason = state === 'IDLE' && why !== undefined ? ` ${why}.` : '';
    return new StateError(`${command} was not sent: ${message}${reason}`, state, required);
  }

  /** A `quit` that also revokes the announced end of the session if the server refuses the command. */
  #revokingEnd(command: PendingCommand): PendingCommand {
    const { ending } = this.#link;
    return {
      name: command.name,
      fail: (error) => {
        command.fail(error);
      },
      reject: (error) => {
        command.reject(error);
      },
      settle: (reply) => {
        if ('error' in reply) ending.onQuitRefused();
        command.settle(reply);
      },
    };
  }
}

/** A promise that rejects because a call got something else than it needs. */
const refused = (method: string, needed: string, given: unknown): Promise<never> =>
  markHandled(Promise.reject(new ArgumentError(`${method} needs ${needed}, not ${show(given)}`)));
