/** What an inbound object is: greeting, event, success, error. Only what is relied on is checked. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { toText } from '../codecs/big-integers.ts';
import { jsonStream } from '../codecs/json-stream.ts';
import { JsonStreamDecoder, MAX_DEPTH } from '../codecs/json-stream-decoder.ts';
import { CodecError } from '../core/errors.ts';
import { CREATE_SKIPPING_DECODER, type SkippingCodec } from '../core/skipping-codec.ts';
import { GreetingError } from './errors.ts';
import type { ErrorReply, QmpCommand, QmpEvent, QmpGreeting, SuccessReply } from './types.ts';
import { eventSkipper } from './event-skipper.ts';

/** A command of the client's own, with no members but these. */
export class PlainCommand {
  readonly execute: string;
  readonly arguments: object | undefined;
  readonly id: number;

  constructor(name: string, args: object | undefined, id: number) {
    this.execute = name;
    this.arguments = args;
    this.id = id;
  }
}

const DECODER_SETTINGS = { first: '{', maxDepth: MAX_DEPTH, integers: 'bigint' } as const;

/**
 * JSON objects, framed by their structure, because a monitor with `pretty=on` spreads one over many
 * lines. Integers are exact: QMP's go up to 2^64-1. Every command ends its line but `quit`: a byte
 * after it that QEMU has not read when it exits makes the kernel reset the connection.
 *
 * An event that nobody hears of is not read, where that makes no difference but in time: it is ASCII on
 * a line of its own, written as QEMU does it, and looked through, so that one with an error in it is an
 * error all the same.
 *
 * @param isWanted - Whether somebody wants to hear of events of a name, now.
 */
export const qmpCodec = (
  isWanted: (name: string) => boolean,
): SkippingCodec<JsonObject, QmpCommand> => {
  const lined = jsonStream<JsonObject, QmpCommand>();
  const textOf = plainCommandEncoder();
  const bare = jsonStream<JsonObject, QmpCommand>({ terminator: '' });
  return {
    encode: (command) => {
      const { arguments: args } = command;
      if (args === undefined && command instanceof PlainCommand && command.execute !== 'quit') {
        return textOf(command);
      }
      // JSON leaves a function out: the server would be sent another command.
      if (args !== undefined && typeof args !== 'object') {
        throw new CodecError('The arguments of a command must be an object');
      }
      return (nameOf(command) === 'quit' ? bare : lined).encode(command);
    },
    createDecoder: (limits) => new JsonStreamDecoder(limits, DECODER_SETTINGS),
    [CREATE_SKIPPING_DECODER]: (limits, isObserved) => {
      const skip = eventSkipper((name) => isObserved() || isWanted(name));
      return new JsonStreamDecoder(limits, { ...DECODER_SETTINGS, skip });
    },
  };
};

/**
 * The text of a command without arguments, of a known shape, in half the time that `JSON.stringify`
 * takes for one: what repeats, the name, is quoted once.
 */
const plainCommandEncoder = (): ((command: PlainCommand) => string) => {
  let name = '';
  let begin = '{"execute":"","id":';
  return ({ execute, id }) => {
    if (execute !== name) {
      begin = `{"execute":${toText(execute) ?? 'null'},"id":`;
      name = execute;
    }
    return `${begin}${String(id)}}\n`;
  };
};

/** The name of a command; `undefined` when it has none. */
export const nameOf = (command: QmpCommand): string | undefined =>
  'execute' in command ? command.execute : command['exec-oob'];

/** Whether a message is an event. */
export const isEvent = (message: JsonObject): message is JsonObject & QmpEvent =>
  typeof message['event'] === 'string';

/** Whether a message is a reply to a command that succeeded. */
export const isSuccess = (message: JsonObject): message is JsonObject & SuccessReply =>
  'return' in message && !('error' in message);

/** Whether a message is a reply to a command that failed. */
export const isError = (message: JsonObject): message is JsonObject & ErrorReply => {
  const { error } = message;
  return (
    !('return' in message) &&
    isObject(error) &&
    typeof error['class'] === 'string' &&
    typeof error['desc'] === 'string'
  );
};

/**
 * The greeting that a message is.
 *
 * @throws {GreetingError} When it is none.
 */
export function parseGreeting(message: JsonObject): QmpGreeting {
  const { QMP: body } = message;
  if (!isObject(body)) throw new GreetingError('it has no "QMP" object', message);
  const { version, capabilities } = body;
  if (!isObject(version) || !isObject(version['qemu'])) {
    throw new GreetingError('it has no "version"', message);
  }
  if (!Array.isArray(capabilities)) {
    throw new GreetingError('it has no list of "capabilities"', message);
  }
  const { major, minor, micro } = version['qemu'];
  const numbers = [major, minor, micro].map((part) => (typeof part === 'number' ? part : -1));
  const [qemuMajor = -1, qemuMinor = -1, qemuMicro = -1] = numbers;
  return {
    QMP: {
      version: {
        qemu: { major: qemuMajor, minor: qemuMinor, micro: qemuMicro },
        package: typeof version['package'] === 'string' ? version['package'] : '',
      },
      capabilities: capabilities.filter((capability) => typeof capability === 'string'),
    },
  };
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
