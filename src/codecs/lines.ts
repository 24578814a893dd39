/** Lines of text. */

import { CodecError } from '../core/errors.ts';
import type { Codec } from '../core/codec.ts';
import { LineDecoder } from './line-decoder.ts';

/** How `lines()` writes. */
export interface LinesOptions {
  /** What ends each line that is sent. Default `'\n'`. */
  readonly terminator?: '\n' | '\r\n' | undefined;
}

/**
 * Lines of UTF-8 text, without their terminators. A blank line is the message `''`.
 *
 * Received lines may end in `\n` or `\r\n`; a `\r` elsewhere is content, and so is a byte order
 * mark. The limit counts the bytes of a line without its terminator.
 *
 * - Encoding throws a `CodecError` for a message that would not arrive as it is: one that holds a
 *   `\n`, ends in `\r`, or has an unpaired surrogate.
 * - Decoding throws a `CodecError` for a line that is not UTF-8; the following lines are not
 *   affected. Past a `LimitError` there is nothing more to read.
 * - A last line without its terminator is a `CodecError` when the stream ends.
 */
export function lines(options: LinesOptions = {}): Codec<string> {
  const terminator = options.terminator ?? '\n';
  return {
    encode: (message) => {
      const fault = faultOf(message);
      if (fault !== undefined) throw new CodecError(`The line ${fault}`);
      return message + terminator;
    },
    createDecoder: (limits) => new LinesDecoder(limits),
  };
}

class LinesDecoder extends LineDecoder<string> {
  protected override parse(line: string): string {
    return line;
  }

  protected override enter(): void {
    // Text is handed on as it is: nothing to find out about a block beforehand.
  }
}

function faultOf(message: string): string | undefined {
  if (message.includes('\n')) return 'holds a line end';
  if (message.endsWith('\r')) return 'ends in a carriage return, which is taken for its terminator';
  if (/\p{Surrogate}/u.test(message)) return 'has an unpaired surrogate';
  return undefined;
}
