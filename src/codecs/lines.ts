/** Messages that are lines of text. */

import { CodecError } from '../core/errors.ts';
import type { BinaryCodec, Limits, TextCodec } from '../core/codec.ts';
import { nameOfValue } from '../core/encoded.ts';
import { checkNames, type Names } from '../core/options.ts';
import { isBytes } from '../core/shape.ts';
import { LineDecoder } from './line-decoder.ts';
import { checkPreamble, type PreambleOptions } from './preamble.ts';
import { Terminator } from './terminator.ts';

/** The options of `lines()`. */
export interface LinesOptions extends PreambleOptions {
  /**
   * What ends each line, in both directions: any text of up to 128 bytes, such as `'\0'` or `';'`. With `'\n'`
   * or `'\r\n'`, which are sent as given, received lines may end in either of them. With anything else, exactly
   * this ends a line, and line ends are content. Default `'\n'`.
   */
  readonly terminator?: string | undefined;
}

/** The options of `lines()` with a terminator of bytes, which need not be text. */
export interface ByteLinesOptions extends PreambleOptions {
  /** What ends each line, in both directions: 1 to 128 bytes, such as `Uint8Array.of(0xff)`. */
  readonly terminator: Uint8Array;
}

const OPTIONS: Names<LinesOptions> = { skipUntil: true, terminator: true };

/**
 * Lines of UTF-8 text, without their terminators. A blank line is the message `''`.
 *
 * By default received lines may end in `\n` or `\r\n`; a `\r` elsewhere is content. With a terminator other
 * than these two, exactly that one ends a line. A byte order mark at the start of the stream is ignored;
 * elsewhere it is content. `maxMessageBytes` bounds a line without its terminator.
 *
 * - Encoding throws a `CodecError` for a message that is not a string, or that would arrive changed: it
 *   contains the terminator or makes one with it (`\n`, or `\r` at its end, by default), or has an unpaired
 *   surrogate.
 * - Decoding throws a `CodecError` for a line that is not UTF-8; later lines are decoded. After a
 *   `LimitError`, nothing more can be decoded.
 * - A stream that ends within a line is a `CodecError`.
 *
 * @throws {ArgumentError} When `terminator` cannot end a line, or `skipUntil` cannot be the beginning of one.
 */
export function lines(options?: LinesOptions): TextCodec<string>;
/** The same with a terminator of bytes: messages are encoded as bytes. */
export function lines(options: ByteLinesOptions): BinaryCodec<string>;
export function lines(
  options: LinesOptions | ByteLinesOptions = {},
): TextCodec<string> | BinaryCodec<string> {
  checkNames('lines()', options, OPTIONS);
  checkPreamble(options);
  const { terminator: given = '\n' } = options;
  const terminator = new Terminator('lines()', given);
  const settings = { skipUntil: options.skipUntil, terminator: terminator.bytes };
  const createDecoder = (limits: Limits) => new LinesDecoder(limits, settings);
  return isBytes(given)
    ? { encode: (message) => terminator.appendBytes(checkLine(message)), createDecoder }
    : { encode: (message) => terminator.append(checkLine(message)), createDecoder };
}

class LinesDecoder extends LineDecoder<string> {
  protected override parse(line: string): string {
    return line;
  }
}

/** @throws {CodecError} When the message has no UTF-8. */
function checkLine(message: string): string {
  const isText: boolean = typeof message === 'string';
  if (!isText) throw new CodecError(`The line must be a string, not ${nameOfValue(message)}`);
  if (/\p{Surrogate}/u.test(message)) throw new CodecError('The line has an unpaired surrogate');
  return message;
}
