/** The commands that wait to be sent, because too many are in flight. */

import { mayHoldBigInteger } from '../../codecs/big-integers.ts';
import { parseJson } from '../../codecs/json.ts';
import { LimitError } from '../../core/errors.ts';
import { encodeCommand, PlainCommand, type SentCommand } from '../messages.ts';
import { CommandList, type PendingCommand } from './pending-command.ts';

/** They wait in the order in which they were executed. */
export class WaitingCommands {
  readonly #commands = new CommandList();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes - How many bytes may wait. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#commands.size;
  }

  /**
   * Adds a command, with a copy of its arguments: the caller may change them now. Returns why it cannot wait; it was
   * not added then.
   */
  add(command: PendingCommand): unknown {
    let copy: MeasuredCommand;
    try {
      copy = copyOf(command.message);
    } catch (error) {
      return error;
    }
    const bytes = this.#bytes + copy.size;
    if (bytes > this.#maxBytes) return this.#overflow(command.name, bytes);
    command.message = copy.message;
    command.size = copy.size;
    this.#bytes = bytes;
    this.#commands.push(command);
    return undefined;
  }

  /**
   * Removes and returns the next one.
   *
   * @param mayPass - Whether it may be one that takes a descriptor; otherwise those keep their places.
   */
  take(mayPass: boolean): PendingCommand | undefined {
    let next = this.#commands.first;
    while (!mayPass && next?.takesDescriptor === true) next = next.after;
    if (next !== undefined) this.remove(next);
    return next;
  }

  /** Removes one that waits here; any other is ignored. */
  remove(command: PendingCommand): void {
    if (command.list !== this.#commands) return;
    this.#commands.remove(command);
    this.#bytes -= command.size;
  }

  /** Removes and returns all. */
  takeAll(): PendingCommand[] {
    this.#bytes = 0;
    return this.#commands.takeAll();
  }

  #overflow(command: string, bytes: number): LimitError {
    const limit = this.#maxBytes;
    return new LimitError(
      `${command} was not sent: ${String(this.size)} commands wait already for replies to those before them ` +
        `(limits.maxInFlight), and with this one they would take ${String(bytes)} bytes; the limit ` +
        `(maxQueuedBytes) is ${String(limit)}. Await replies before you execute more.`,
      limit,
      bytes,
    );
  }
}

/** A command, and about how many bytes it has. */
interface MeasuredCommand {
  readonly message: SentCommand;
  readonly size: number;
}

/** @throws {CodecError} When the command cannot be sent. */
function copyOf(message: SentCommand): MeasuredCommand {
  const isPlain = message instanceof PlainCommand;
  if (isPlain && message.arguments === undefined) {
    return { message, size: message.execute.length + FRAME_BYTES };
  }
  const text = encodeCommand(message);
  // The codec has written it.
  const copy = (mayHoldBigInteger(text) ? parseJson(text) : JSON.parse(text)) as SentCommand;
  const size = text.length;
  if (!isPlain) return { message: { ...copy, id: undefined }, size };
  return { message: new PlainCommand(message.execute, copy.arguments), size };
}

/** `{"execute":""}` and a line end. */
const FRAME_BYTES = 15;
