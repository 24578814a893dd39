/** One command from its call to its reply, and lists of such commands. */

import type { JsonObject } from '../../codecs/json.ts';
import type { Passing } from '../../core/passing.ts';
import type { CallTrace } from '../../rpc/call-options.ts';
import { type Parse, PendingReply } from '../../rpc/pending-reply.ts';
import type { SentCommand } from '../messages.ts';
import { noteRequest } from './request.ts';

/** A command that waits to be sent, or for its reply. */
export class PendingCommand<Result = unknown> extends PendingReply<never, JsonObject, Result> {
  declare readonly name: string;
  /** What is sent. A command that waits to be sent has a copy of its arguments. */
  message: SentCommand;
  readonly isOob: boolean;
  /** Whether it has an id on the wire in any case. */
  readonly isTagged: boolean;
  /** The descriptor that goes with it. */
  readonly passing: Passing | undefined;
  /** Whether QEMU gives it the descriptor that has come last, also one that was sent for another command. */
  readonly takesDescriptor: boolean;
  /** Whether it was handed to the engine to be sent. */
  isSent = false;
  /** How many bytes it takes up while it waits to be sent. */
  size = 0;
  /** The list that it is in, and its neighbours there. */
  list: CommandList | undefined;
  before: PendingCommand | undefined;
  after: PendingCommand | undefined;

  constructor(
    message: SentCommand,
    { name, isTagged = false, passing, parse, trace }: CommandParts<Result>,
  ) {
    super(undefined, name, parse, trace);
    this.message = message;
    this.isOob = 'exec-oob' in message;
    this.isTagged = isTagged || this.isOob;
    this.passing = passing;
    this.takesDescriptor = passing !== undefined || name === 'add-fd' || name === 'getfd';
  }

  override reject(error: unknown): void {
    noteRequest(error, this.message);
    super.reject(error);
  }

  /** Whether the server may have got it: with a descriptor, it is written only once that has been passed. */
  get mayBeExecuted(): boolean {
    return this.isSent && (this.passing === undefined || this.passing.stage === 'passed');
  }
}

/** What a command is made of, besides its message. */
interface CommandParts<Result> {
  readonly name: string;
  readonly isTagged?: boolean;
  readonly passing?: Passing | undefined;
  readonly parse: Parse<JsonObject, Result>;
  readonly trace: CallTrace | undefined;
}

/** Commands in an order, each of which can be removed at once. A command is in one list at a time. */
export class CommandList {
  #first: PendingCommand | undefined;
  #last: PendingCommand | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): PendingCommand | undefined {
    return this.#first;
  }

  push(command: PendingCommand): void {
    command.list = this;
    command.before = this.#last;
    if (this.#last === undefined) this.#first = command;
    else this.#last.after = command;
    this.#last = command;
    this.#size += 1;
  }

  /** Removes a command that is in this list. */
  remove(command: PendingCommand): void {
    const { before, after } = command;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    command.list = undefined;
    command.before = undefined;
    command.after = undefined;
    this.#size -= 1;
  }

  /** Removes and returns all commands, in order. */
  takeAll(): PendingCommand[] {
    const all: PendingCommand[] = [];
    for (let first; (first = this.#first);) {
      this.remove(first);
      all.push(first);
    }
    return all;
  }
}
