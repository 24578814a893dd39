/** What `checkCodec()` throws: the rule that a codec breaks, with which input, and how to repair it. */

import { inspect } from 'node:util';
import { printableLines } from '../core/printable.ts';
import { quoteBytes } from '../codecs/utf8.ts';

/** The rules that `checkCodec()` checks. */
export type CodecRule =
  | 'encode'
  | 'message-kept'
  | 'bytes-kept'
  | 'decoder'
  | 'round-trip'
  | 'several-messages'
  | 'split'
  | 'late-read'
  | 'chunk-memory'
  | 'message-memory'
  | 'chunk-offset'
  | 'chunk-type'
  | 'consume'
  | 'shared-state'
  | 'end'
  | 'bound'
  | 'after-limit'
  | 'buffered'
  | 'rest'
  | 'invalid';

/** Each rule as a sentence, and the usual repair. */
const RULES: Readonly<Record<CodecRule, readonly [rule: string, repair: string]>> = {
  encode: [
    'encode() must return the bytes of each message.',
    'Return a string, a Uint8Array or an array of Uint8Arrays.',
  ],
  'message-kept': [
    'encode() must not change its message.',
    'Copy what you change: the message belongs to the caller of send().',
  ],
  'bytes-kept': [
    'The bytes that encode() has returned must not change later: they wait in a queue.',
    'Allocate memory for each message; do not fill one buffer again and again.',
  ],
  decoder: [
    'createDecoder() must return a new decoder each time, whose read() returns undefined without bytes.',
    'Create the state of a decoder in createDecoder(); return undefined, and nothing else, for "no message".',
  ],
  'round-trip': [
    'The bytes of a message must be decoded to this message.',
    'Compare the bytes with what read() takes out of them: the first and the last byte, the length, the ' +
      'terminator, bytes above 0x7f. If the message comes back as another one on purpose, pass `received`.',
  ],
  'several-messages': [
    'A chunk may contain several messages.',
    'Return one message for each read(), and keep the bytes after it for the next read().',
  ],
  split: [
    'A message may arrive in any number of chunks.',
    'Keep the bytes of an incomplete message, and return undefined until it is complete.',
  ],
  'late-read': [
    'Several chunks may be written before a read().',
    'Append each chunk in write() to what is there; do not replace it.',
  ],
  'chunk-memory': [
    'The memory of a chunk may be reused when read() has returned undefined.',
    'Copy the bytes that you keep, with Buffer.from(bytes) or Uint8Array.from(bytes): subarray(), and ' +
      'the slice() of a Buffer, return views. ByteBuffer and BufferedDecoder do this for you.',
  ],
  'message-memory': [
    'A message must not change after read() has returned it.',
    'Return copies of bytes, with Uint8Array.from(bytes), and a new object for each message: subarray(), ' +
      'and the slice() of a Buffer, return views of memory that is reused.',
  ],
  'chunk-offset': [
    'A chunk may be a part of a larger ArrayBuffer.',
    'Use chunk.byteOffset and chunk.byteLength with chunk.buffer, as in ' +
      'new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength).',
  ],
  'chunk-type': [
    'A chunk may be any Uint8Array, and not only a Buffer.',
    'Use the methods of Uint8Array, a DataView and a TextDecoder; or make a Buffer of the chunk, with ' +
      'Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).',
  ],
  consume: [
    'read() must consume the bytes of each message that it returns.',
    'Remove the message from the buffer before you return it, and return undefined when there is none.',
  ],
  'shared-state': [
    'Two decoders of one codec must not share state: each belongs to another session.',
    'Create the buffers, counters and parsers of a decoder in createDecoder(), not in the codec or its module.',
  ],
  end: [
    'end() must throw a CodecError, with a ClosedError as its cause, if the stream has ended in the middle ' +
      'of a message, and only then.',
    'throw new CodecError(text, bytes, { cause: new ClosedError(text) }) if bytes of an incomplete message are left.',
  ],
  bound: [
    'A message larger than maxMessageBytes must be a LimitError, and one of exactly this size must not.',
    'Compare the size of each message, without its framing, with the maxMessageBytes that createDecoder() ' +
      'is given, as soon as the size is known or exceeded. If the codec leaves the bound to the engine, pass ' +
      'bounded: false.',
  ],
  'after-limit': [
    'After a LimitError, nothing more may be decoded.',
    'Keep the LimitError, and throw it in each later read().',
  ],
  buffered: [
    '`buffered` must be the number of bytes that the decoder holds.',
    'Count the bytes that were written, without those of the messages that were returned.',
  ],
  rest: [
    'rest() must return a copy of the bytes that the decoder was given and that no returned message has.',
    'Return what is left in the buffer, messages that were not read yet included; ByteBuffer and ' +
      'BufferedDecoder do this for you.',
  ],
  invalid: [
    'Bytes that are not a message must be a CodecError.',
    'throw new CodecError(text, bytes, { cause }) in read().',
  ],
};

/** What `checkCodec()` throws when a codec breaks a rule. The message has the input and a repair. */
export class CodecCheckError extends Error {
  /** @internal A literal, because bundlers rename classes. */
  static override readonly name: string = 'CodecCheckError';

  /** The rule that is broken. */
  readonly rule: CodecRule;

  /**
   * @param rule - The rule that is broken.
   * @param what - What has happened, in whole sentences.
   * @param details - `input`: what the codec was given. `hint`: precedes the usual repair. `cause`: what the
   *   codec threw.
   * @internal
   */
  constructor(rule: CodecRule, what: string, details: CheckDetails) {
    const [sentence, repair] = RULES[rule];
    const { input, hint = '', cause } = details;
    super(
      printableLines(
        `${sentence}\n  Found: ${what}\n  Input: ${input}\n  Repair: ${hint}${repair}`,
      ),
      cause === undefined ? undefined : { cause },
    );
    this.name = 'CodecCheckError';
    this.rule = rule;
  }
}

/** The details of a finding. */
export interface CheckDetails {
  readonly input: string;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** A value, cut, for the text of an error. */
export const shown = (value: unknown): string =>
  inspect(value, { depth: 4, breakLength: Infinity, maxStringLength: 200, maxArrayLength: 32 });

/** How many bytes are shown on each side of a cut. */
const SHOWN_BYTES = 32;

/** Bytes as a text in quotes. */
export const shownBytes = (bytes: Uint8Array): string =>
  bytes.length <= 2 * SHOWN_BYTES
    ? quoteBytes(bytes)
    : `${quoteBytes(bytes.subarray(0, SHOWN_BYTES))}…${quoteBytes(bytes.subarray(-SHOWN_BYTES))} (${String(bytes.length)} bytes)`;

/** The bytes before and after a cut. */
export function shownCut(bytes: Uint8Array, at: number): string {
  const before = bytes.subarray(Math.max(0, at - SHOWN_BYTES), at);
  const after = bytes.subarray(at, at + SHOWN_BYTES);
  const dots = (isCut: boolean): string => (isCut ? '…' : '');
  return (
    `${dots(before.length < at)}${quoteBytes(before)} | ` +
    `${quoteBytes(after)}${dots(at + after.length < bytes.length)}`
  );
}
