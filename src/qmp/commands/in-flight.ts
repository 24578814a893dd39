/**
 * The commands of one session that were sent and are not answered, and the ids that they have on the wire.
 *
 * QEMU reads its input byte by byte, and needs about 6 µs for each, so an id costs as much as a fifth of a
 * command. It answers in-band commands in the order in which they were sent, but a client must not rely on that for
 * other servers. Therefore at most one in-band command without an id is in flight: the reply without an id is its
 * reply, whatever the order.
 *
 * What QEMU cannot parse it answers in the same order as in-band commands, with an error that has no id: the error
 * is attributed to the command that was sent first of those in flight. This may be wrong for other servers, so
 * after such an error every command has an id, and none that was given up gets free: no command ever gets the
 * return value of another.
 */

import type { JsonObject } from '../../codecs/json.ts';
import { CommandIds } from './command-ids.ts';
import { isParseError } from '../messages.ts';
import { CommandList, type PendingCommand } from './pending-command.ts';

/** So many commands that were given up are kept, so that their late replies are recognized. */
const MAX_ABANDONED = 1024;

/** What a message says of the commands in flight. */
export interface Answered {
  readonly command: PendingCommand;
  /** Whether the server could not parse the command. */
  readonly isUnparsed: boolean;
}

/** One for each session. */
export class InFlight {
  readonly #nextOobId: () => number;
  readonly #ids = new CommandIds();
  readonly #byId = new Map<number, PendingCommand>();
  /** In the order in which they were sent. */
  readonly #all = new CommandList();
  /** The one in-band command without an id. */
  #bare: PendingCommand | undefined;
  /** The one command that takes a descriptor. */
  #taker: PendingCommand | undefined;
  #inBand = 0;
  #abandoned = 0;
  /** Whether a command may do without an id. */
  #isCertain = true;

  /** @param nextOobId - Returns an id that no stale reply of an earlier client matches. */
  constructor(nextOobId: () => number) {
    this.#nextOobId = nextOobId;
  }

  /** How many in-band commands are not answered, those that were given up included. */
  get inBand(): number {
    return this.#inBand;
  }

  /**
   * Whether a command that takes a descriptor is not answered. Until then no other one may be sent: QEMU keeps only the
   * descriptors of the last message that had some, and reads ahead of the command that it executes.
   */
  get isPassing(): boolean {
    return this.#taker !== undefined;
  }

  /** How many commands wait for their reply. */
  get pending(): number {
    return this.#all.size - this.#abandoned;
  }

  /** To be called when a command is about to be sent: gives it its id. */
  add(command: PendingCommand): void {
    this.#all.push(command);
    if (command.takesDescriptor) this.#taker = command;
    if (!command.isOob) this.#inBand += 1;
    if (this.#inBand === 1 && this.#isCertain && !command.isTagged) {
      this.#bare = command;
      return;
    }
    const id = command.isOob ? this.#nextOobId() : this.#ids.take();
    command.message.id = id;
    this.#byId.set(id, command);
  }

  /** A command could not be sent. */
  withdraw(command: PendingCommand): void {
    if (command.list === this.#all) this.#remove(command);
  }

  /** A command was given up, and is settled. It keeps its place until its reply comes. */
  abandon(command: PendingCommand): void {
    if (command.list !== this.#all) return;
    this.#abandoned += 1;
    if (this.#abandoned <= MAX_ABANDONED) return;
    let oldest = this.#all.first;
    while (oldest !== undefined && !oldest.isSettled) oldest = oldest.after;
    if (oldest !== undefined) this.#forget(oldest);
  }

  /** Removes and returns the command that a message answers; `undefined` if it answers none. */
  take(message: JsonObject): Answered | undefined {
    const { id } = message;
    if (id === undefined) return this.#takeWithoutId(message);
    const command = typeof id === 'number' ? this.#byId.get(id) : undefined;
    if (command === undefined) return undefined;
    this.#remove(command);
    return { command, isUnparsed: false };
  }

  /** Removes and returns all, in the order in which they were sent. */
  takeAll(): PendingCommand[] {
    return this.#all.takeAll();
  }

  #takeWithoutId(message: JsonObject): Answered | undefined {
    const bare = this.#bare;
    if ('error' in message && (bare === undefined || isParseError(message))) {
      return this.#takeUnparsed();
    }
    // QEMU may greet a client twice that it accepts while it starts.
    if (bare === undefined || 'QMP' in message) return undefined;
    this.#remove(bare);
    return { command: bare, isUnparsed: false };
  }

  /** The command that an error without an id is about: the one that was sent first. */
  #takeUnparsed(): Answered | undefined {
    const command = this.#all.first;
    if (command === undefined) return undefined;
    this.#forget(command);
    this.#isCertain = false;
    return { command, isUnparsed: true };
  }

  #remove(command: PendingCommand): void {
    const { id } = command.message;
    if (!command.isOob && id !== undefined) this.#ids.release(id);
    this.#drop(command);
  }

  /** The same for a command whose reply may come all the same: no other command gets its id. */
  #forget(command: PendingCommand): void {
    if (command === this.#bare) this.#isCertain = false;
    this.#drop(command);
  }

  #drop(command: PendingCommand): void {
    const { id } = command.message;
    this.#all.remove(command);
    if (command === this.#taker) this.#taker = undefined;
    if (!command.isOob) this.#inBand -= 1;
    if (command.isSettled) this.#abandoned -= 1;
    if (id === undefined) this.#bare = undefined;
    else this.#byId.delete(id);
  }
}
