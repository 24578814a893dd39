/**
 * The QMP codec, and the classification of inbound messages: greeting, event, success, error. Only the
 * members that the client uses are checked.
 */

import { encodeJson, type JsonObject, type JsonValue } from '../codecs/json.ts';
import { toText } from '../codecs/big-integers.ts';
import { JsonStreamDecoder } from '../codecs/json-stream-decoder.ts';
import { CodecError } from '../core/errors.ts';
import { CREATE_SKIPPING_DECODER, type SkippingCodec } from '../core/skipping-codec.ts';
import type { Limits } from '../core/codec.ts';
import { GreetingError } from './errors.ts';
import { keptText } from './kept.ts';
import { checkParsable } from './commands/parser-limits.ts';
import type { ErrorReply, QmpCommand, QmpEvent, QmpGreeting, SuccessReply } from './types.ts';
import { eventSkipper } from './events/event-skipper.ts';

/** A command of the client's own making: it gets its id when it is sent, if it needs one. */
export type SentCommand = QmpCommand & { id: number | undefined };

/** A command that has no other members: it is encoded faster. */
export class PlainCommand {
  readonly execute: string;
  readonly arguments: object | undefined;
  id: number | undefined;

  constructor(name: string, args: object | undefined, id?: number) {
    this.execute = name;
    this.arguments = args;
    this.id = id;
  }
}

const DECODER_SETTINGS = { first: '{', integers: 'bigint' } as const;

/** What the codec of a link reports and asks. */
export interface CodecPort {
  /** Whether the client wants events of this name, now. */
  isWanted(name: string): boolean;
  /** Called for each event that is skipped, because it is not wanted: with the line that it is in `bytes`. */
  onSkipped(bytes: Uint8Array, from: number, end: number): void;
  /** Called when a stream is open, before any bytes. */
  onStream(): void;
  /** Called with each chunk of bytes. */
  onBytes(chunk: Uint8Array): void;
}

/** A decoder that skips events without a listener, and shows the bytes of the greeting. */
class LinkDecoder extends JsonStreamDecoder<JsonObject> {
  readonly #port: CodecPort;

  constructor(limits: Limits, port: CodecPort, isObserved: () => boolean) {
    const skip = eventSkipper(
      (name) => isObserved() || port.isWanted(name),
      ({ bytes }, from, end) => {
        port.onSkipped(bytes, from, end);
      },
    );
    super(limits, { ...DECODER_SETTINGS, skip });
    this.#port = port;
    port.onStream();
  }

  override write(chunk: Uint8Array): void {
    this.#port.onBytes(chunk);
    super.write(chunk);
  }
}

/**
 * Encodes and decodes JSON objects. They are delimited by their structure, not by lines, because a
 * monitor with `pretty=on` spreads an object over several lines. Integers are exact: QMP has integers
 * up to 2^64-1. Every command ends with a newline except `quit`: a byte that QEMU has not read when it
 * exits makes the kernel reset the connection.
 *
 * Decoders of a client skip events that are neither wanted nor observed; see `eventSkipper()`.
 *
 * @param portOf - Returns what the decoder of a session reports to.
 */
export const qmpCodec = (
  portOf: () => CodecPort | undefined,
): SkippingCodec<JsonObject, QmpCommand> => {
  const encodePlain = plainCommandEncoder();
  return {
    encode: (command) => {
      if (command.arguments === undefined && command instanceof PlainCommand) {
        return encodePlain(command);
      }
      const text = encodeCommand(command);
      return nameOf(command) === 'quit' ? text : `${text}\n`;
    },
    createDecoder: (limits) => new JsonStreamDecoder(limits, DECODER_SETTINGS),
    [CREATE_SKIPPING_DECODER]: (limits, isObserved) => {
      const port = portOf();
      return port === undefined
        ? new JsonStreamDecoder(limits, DECODER_SETTINGS)
        : new LinkDecoder(limits, port, isObserved);
    },
  };
};

/**
 * Returns the JSON text of a command.
 *
 * @throws {CodecError} When its arguments are no object, have no JSON text, or are more than QEMU's parser takes.
 */
export function encodeCommand(command: QmpCommand): string {
  const { arguments: args } = command;
  // JSON.stringify() would omit a function, and the server would execute another command.
  if (args !== undefined && typeof args !== 'object') {
    const name = String(nameOf(command));
    throw new CodecError(`The arguments of ${name} must be an object, not a ${typeof args}`);
  }
  const text = encodeJson(command, '{');
  checkParsable(text, nameOf(command));
  return text;
}

/**
 * Returns an encoder of commands without arguments. It takes half the time of `JSON.stringify()`, because
 * a name that repeats is quoted only once.
 */
const plainCommandEncoder = (): ((command: PlainCommand) => string) => {
  let name: string | undefined;
  let begin = '';
  let whole = '';
  return ({ execute, id }) => {
    if (execute !== name) {
      begin = `{"execute":${toText(execute) ?? 'null'}`;
      whole = execute === 'quit' ? `${begin}}` : `${begin}}\n`;
      name = execute;
    }
    if (id === undefined) return whole;
    return execute === 'quit' ? `${begin},"id":${String(id)}}` : `${begin},"id":${String(id)}}\n`;
  };
};

/** The name of a command; `undefined` when the message names none. */
export const nameOf = (command: QmpCommand): string | undefined =>
  'execute' in command ? command.execute : command['exec-oob'];

/** Whether a message is an event. */
export const isEvent = (message: JsonObject): message is JsonObject & QmpEvent =>
  typeof message['event'] === 'string';

/** Whether a message is the reply of a command that succeeded. */
export const isSuccess = (message: JsonObject): message is JsonObject & SuccessReply =>
  'return' in message && !('error' in message);

/** Whether a message is the reply of a command that failed. */
export const isError = (message: JsonObject): message is JsonObject & ErrorReply => {
  const { error } = message;
  return (
    !('return' in message) &&
    isObject(error) &&
    typeof error['class'] === 'string' &&
    typeof error['desc'] === 'string'
  );
};

/** A greeting is kept for as long as its session; QEMU offers one capability. */
const MAX_CAPABILITIES = 64;

/**
 * Returns a message as a greeting. Numbers of the version that are missing are -1.
 *
 * @throws {GreetingError} When the message is not a greeting.
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
        package: typeof version['package'] === 'string' ? keptText(version['package']) : '',
      },
      capabilities: capabilities
        .slice(0, MAX_CAPABILITIES)
        .filter((capability) => typeof capability === 'string')
        .map(keptText),
    },
  };
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What QEMU calls its input when it cannot parse it; the oldest versions had a class of errors for it. */
const PARSE_ERROR =
  /^(?:JSON parse error|Invalid JSON syntax|QMP input must be|JSON (?:nesting depth|token (?:size|count)) limit)/;

/** Whether an error says that the server could not parse what it got. */
export const isParseError = (message: JsonObject): boolean =>
  isError(message) &&
  (PARSE_ERROR.test(message.error.desc) || message.error.class === 'JSONParsing');
