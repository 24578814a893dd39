/** Sends commands, and settles them with their replies or with the end of the session. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { ArgumentError, ClosedError, isClosedError } from '../core/errors.ts';
import { ACCEPTED } from '../async/deferred.ts';
import type { Clock, SessionOutcome } from '../core/types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { checkTimeout } from '../async/timer.ts';
import { nameOf, PlainCommand } from './messages.ts';
import { type PendingCommand, PendingReply, PendingReturn } from './pending-command.ts';
import { type ExecuteOptions, PendingCommands, type ReplyOptions } from './pending-commands.ts';
import type { QmpCommand, QmpReply } from './types.ts';

/** The commands of one client. */
export class Exchange {
  readonly #protocol: AsyncProtocol<JsonObject, QmpCommand>;
  readonly #nextId: () => number;
  readonly #pending: PendingCommands;

  /** @param nextId - Returns an id that no other command has. */
  constructor(
    protocol: AsyncProtocol<JsonObject, QmpCommand>,
    nextId: () => number,
    clock: Clock | undefined,
  ) {
    this.#protocol = protocol;
    this.#nextId = nextId;
    this.#pending = new PendingCommands(clock);
  }

  /** See `QmpClient.execute()`. */
  execute(
    command: string,
    args: object | undefined,
    options: ExecuteOptions | undefined,
  ): Promise<JsonValue> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId();
      const message: QmpCommand =
        options?.oob === true
          ? { 'exec-oob': command, arguments: args, id }
          : new PlainCommand(command, args, id);
      this.#send(id, message, new PendingReturn(command, resolve, reject), options);
    });
  }

  /** See `QmpClient.executeMessage()`. */
  executeMessage(message: QmpCommand, options: ReplyOptions | undefined): Promise<QmpReply> {
    return new Promise((resolve, reject) => {
      const name = nameOf(message);
      if (name === undefined) {
        throw new ArgumentError('A command needs a member "execute" or "exec-oob" with its name');
      }
      const id = this.#nextId();
      const command = new PendingReply(name, message.id, resolve, reject);
      this.#send(id, { ...message, id }, command, options);
    });
  }

  /** Settles the command that the message replies to; returns whether there was one. */
  settle(message: JsonObject): boolean {
    return this.#pending.settle(message['id'], message);
  }

  /** To be called when the client disconnects: the end of the session then no longer resolves `quit`. */
  dismissQuit(): void {
    this.#pending.dismissQuit();
  }

  /** To be called when the session has ended: settles all commands in flight. */
  end({ cause }: SessionOutcome): void {
    const ended = new ClosedError('The session was disconnected', { expected: true });
    this.#pending.end(cause ?? ended, cause === undefined);
  }

  #send(
    id: number,
    message: QmpCommand,
    command: PendingCommand,
    options: ReplyOptions | undefined,
  ): void {
    options?.signal?.throwIfAborted();
    checkTimeout(options?.timeout);
    const isQuit = command.name === 'quit';
    if (isQuit) this.#protocol.expectEnd();
    this.#pending.add(id, isQuit ? this.#revokingEnd(command) : command, options);
    const sent = this.#protocol.send(message);
    // The usual case; handlers on each promise would cost as much as the sending.
    if (sent === ACCEPTED) return;
    sent.catch((error: unknown) => {
      // A failure of the session rejects this command together with all others, in `end()`.
      if (isClosedError(error) || error === this.#protocol.outcome?.cause) return;
      if (isQuit) this.#protocol.expectEnd(false);
      this.#pending.reject(id, error);
    });
  }

  /** A `quit` that also revokes the announced end of the session if the server refuses the command. */
  #revokingEnd(command: PendingCommand): PendingCommand {
    return {
      name: command.name,
      reject: (error) => {
        command.reject(error);
      },
      settle: (reply) => {
        if ('error' in reply) this.#protocol.expectEnd(false);
        command.settle(reply);
      },
    };
  }
}
