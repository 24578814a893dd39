/** Messages that are lines of text. */

import { CodecError } from '../core/errors.ts';
import type { TextCodec } from '../core/codec.ts';
import { nameOfValue } from '../core/encoded.ts';
import { LineDecoder } from './line-decoder.ts';
import { checkChoices, checkNames, type Names } from '../core/options.ts';
import { checkPreamble, Preamble, type PreambleOptions } from './preamble.ts';

/** The options of `lines()`. */
export interface LinesOptions extends PreambleOptions {
  /** What ends each line that is sent. Default `'\n'`. */
  readonly terminator?: '\n' | '\r\n' | undefined;
}

const OPTIONS: Names<LinesOptions> = { skipUntil: true, terminator: true };

/**
 * Lines of UTF-8 text, without their terminators. A blank line is the message `''`.
 *
 * Received lines may end in `\n` or `\r\n`; a `\r` elsewhere is content. A byte order mark at the start of
 * the stream is ignored; elsewhere it is content. `maxMessageBytes` bounds a line without its terminator.
 *
 * - Encoding throws a `CodecError` for a message that is not a string, or that would arrive changed: it
 *   contains a `\n`, ends in `\r`, or has an unpaired surrogate.
 * - Decoding throws a `CodecError` for a line that is not UTF-8; later lines are decoded. After a
 *   `LimitError`, nothing more can be decoded.
 * - A stream that ends within a line is a `CodecError`.
 *
 * @throws {ArgumentError} When `skipUntil` cannot be the beginning of a line.
 */
export function lines(options: LinesOptions = {}): TextCodec<string> {
  checkNames('lines()', options, OPTIONS);
  checkChoices('lines()', options, { terminator: ['\n', '\r\n'] });
  checkPreamble(options);
  const terminator = options.terminator ?? '\n';
  return {
    encode: (message) => {
      const fault = faultOf(message);
      if (fault !== undefined) throw new CodecError(`The line ${fault}`);
      return message + terminator;
    },
    createDecoder: (limits) => new LinesDecoder(limits, new Preamble(options)),
  };
}

class LinesDecoder extends LineDecoder<string> {
  protected override parse(line: string): string {
    return line;
  }

  protected override enter(): void {
    // The lines are the messages.
  }
}

function faultOf(message: string): string | undefined {
  const isText: boolean = typeof message === 'string';
  if (!isText) return `must be a string, not ${nameOfValue(message)}`;
  if (message.includes('\n')) return 'contains a line end';
  if (message.endsWith('\r'))
    return 'ends in a carriage return, which would be taken for a part of its terminator';
  if (/\p{Surrogate}/u.test(message)) return 'has an unpaired surrogate';
  return undefined;
}
