/** The lines of a recording: those of `recordTo(path, { wire: true })`, or a plain transcript. */

import { type JsonObject, type JsonValue, parseJson } from '../../codecs/json.ts';
import { ArgumentError } from '../../core/errors.ts';
import { memberOf } from '../../core/shape.ts';

/** One message of a recorded session, as the client saw it. */
export interface RecordedMessage {
  /** The number of its line in the recording, from 1. */
  readonly line: number;
  /** Which connection it belongs to. */
  readonly connection: string;
  /** `out`: a command of the client. `in`: a message of the server. */
  readonly direction: 'in' | 'out';
  /** The message; `undefined` if the recording has only its beginning. */
  readonly message: JsonObject | undefined;
  /** The text of the message, or its beginning. */
  readonly text: string;
}

/** A line of a transcript: a direction and JSON. */
const TRANSCRIPT = /^(?<arrow>-->|->|>|<--|<-|<)\s*(?<text>\{.*)$/;

/** How `recordTo()` ends a text that is too long. */
const CUT = /… \(\d+ characters\)$/;

/** How `recordTo()` writes an integer that is not exact as a number. */
const BIG_INTEGER = /^-?\d{16,}n$/;

/**
 * Returns the messages of a recording.
 *
 * @throws {ArgumentError} When a line is neither, or when messages are missing.
 */
export function parseLines(recording: string): readonly RecordedMessage[] {
  const lines = recording
    .split(/\r?\n/)
    .map((text, index) => ({ text: text.trim(), line: index + 1 }));
  const messages = lines
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
    .map(({ text, line }) => parseLine(text, line))
    .filter((message) => message !== undefined);
  if (messages.length > 0) return messages;
  throw new ArgumentError(
    'replay has no messages: pass the text of a recording that recordTo(path, { wire: true }) has written, or ' +
      'of a transcript with a line "> {…}" for each command and "< {…}" for each message of the server',
  );
}

function parseLine(text: string, line: number): RecordedMessage | undefined {
  const { arrow = '', text: json = '' } = TRANSCRIPT.exec(text)?.groups ?? {};
  if (json !== '') {
    const message = parseObject(json);
    if (message === undefined) throw refusal(line, 'has no JSON object');
    const direction = arrow.includes('>') ? 'out' : 'in';
    return { line, connection: '', direction, message, text: json };
  }
  const entry = parseObject(text);
  if (entry === undefined || typeof entry['type'] !== 'string') {
    throw refusal(line, 'is neither a line of recordTo() nor "> {…}" nor "< {…}"');
  }
  return entry['type'] === 'wirechart.message' ? parseEntry(entry, line) : undefined;
}

/** A line that `recordTo()` has written for a message. */
function parseEntry(entry: JsonObject, line: number): RecordedMessage {
  const { sessionId, direction, text, skipped } = entry;
  if (typeof skipped === 'number' && skipped > 0) {
    const reason = `comes after ${String(skipped)} messages that were left out, because there were too many`;
    throw refusal(line, reason);
  }
  const shown = typeof text === 'string' ? text : '';
  const message = CUT.test(shown) ? undefined : parseObject(shown);
  return {
    line,
    connection: typeof sessionId === 'string' ? sessionId : '',
    direction: direction === 'out' ? 'out' : 'in',
    message: message && asObject(exact(message)),
    text: shown,
  };
}

/** Returns the value with its large integers. */
function exact(value: JsonValue): JsonValue {
  if (typeof value === 'string')
    return BIG_INTEGER.test(value) ? BigInt(value.slice(0, -1)) : value;
  if (Array.isArray(value)) return value.map(exact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, exact(member)]));
}

function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
}

const asObject = (value: JsonValue): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;

const refusal = (line: number, reason: string): ArgumentError =>
  new ArgumentError(`Line ${String(line)} of replay ${reason}`);

/** Whether a message is a greeting, with which a session begins. */
export const isGreeting = ({ direction, message }: RecordedMessage): boolean =>
  direction === 'in' && memberOf(message, 'QMP') !== undefined;
