/** What may precede the first message of a stream: a byte order mark, and a banner. */

import { describe, expect, it } from 'vitest';
import { contentLength } from '../../src/codecs/content-length.ts';
import { jsonLines } from '../../src/codecs/json-lines.ts';
import { jsonStream } from '../../src/codecs/json-stream.ts';
import { lengthPrefixed } from '../../src/codecs/length-prefixed.ts';
import { lines } from '../../src/codecs/lines.ts';
import type { PreambleOptions } from '../../src/codecs/preamble.ts';
import { ArgumentError, ClosedError } from '../../src/core/errors.ts';
import type { Codec } from '../../src/core/codec.ts';
import { bytesOf, codecErrorOf, cut, limitErrorOf, messages, outcomes, splits } from './support.ts';

/** The codecs of text, each with how it writes `{"a":1}` and how its first message begins. */
const CODECS: [string, (options?: PreambleOptions) => Codec<unknown, never>, string, string][] = [
  ['lines', (options) => lines(options), '{"a":1}\n', '{'],
  ['jsonLines', (options) => jsonLines(options), '{"a":1}\n', '{'],
  ['jsonStream', (options) => jsonStream(options), '{"a":1}', '{'],
  [
    'contentLength',
    (options) => contentLength(options),
    'Content-Length: 7\r\n\r\n{"a":1}',
    'Content-',
  ],
];

describe.each(CODECS)('%s', (name, make, frame, skipUntil) => {
  const message = name === 'lines' ? '{"a":1}' : { a: 1 };

  it('ignores a byte order mark at the start of the stream, for any split', () => {
    const stream = bytesOf(`\ufeff${frame}${frame}`);
    for (const chunks of [...splits(stream), cut(stream, 1)]) {
      expect(outcomes(make(), chunks)).toEqual(messages(message, message));
    }
  });

  it('reports a stream that ends within a byte order mark', () => {
    for (const part of ['\ufeff'.slice(0, 0), '\xef', '\xef\xbb']) {
      const expected = part === '' ? [] : [{ error: 'ended after' }];
      expect(outcomes(make(), [Buffer.from(part, 'latin1')])).toEqual(expected);
    }
  });

  it('skips lines until the first message, for any split', () => {
    const stream = bytesOf(`\ufeff> app@1.0 start\r\n\nConten {\n${frame}${frame}`);
    for (const chunks of [...splits(stream), cut(stream, 1)]) {
      expect(outcomes(make({ skipUntil }), chunks)).toEqual(messages(message, message));
    }
  });

  it('skips nothing when the stream begins with a message', () => {
    expect(outcomes(make({ skipUntil }), [bytesOf(frame)])).toEqual(messages(message));
    expect(outcomes(make({ skipUntil }), [])).toEqual([]);
  });

  it('fails when the banner exceeds the limit, and stays failed', () => {
    const decoder = make({ skipUntil }).createDecoder({ maxMessageBytes: 40 });
    for (let size = 0; size < 40; size += 10) {
      decoder.write(bytesOf('no message'));
      expect(decoder.read()).toBeUndefined();
    }
    decoder.write(bytesOf('!'));
    const error = limitErrorOf(() => decoder.read());
    expect(error).toMatchObject({ limit: 40, actual: 41 });
    expect(error.message).toContain(`begins with '${skipUntil}'; they begin with 'no messageno`);
    decoder.write(bytesOf(`\n${frame}`));
    expect(limitErrorOf(() => decoder.read())).toBe(error);
  });

  it('shows the banner of a stream that ends without a message', () => {
    const decoder = make({ skipUntil }).createDecoder({});
    decoder.write(bytesOf('sh: app: not found\n'));
    expect(decoder.read()).toBeUndefined();
    const error = codecErrorOf(() => {
      decoder.end();
    });
    expect(error.message).toBe(
      `The stream ended before a line that begins with '${skipUntil}'. It was 'sh: app: not found\\n'`,
    );
    expect(Buffer.from(error.raw).toString()).toBe('sh: app: not found\n');
    expect(error.cause).toBeInstanceOf(ClosedError);
  });

  it('refuses what cannot be the beginning of a line', () => {
    for (const wrong of ['', 'a\nb', 5]) {
      const options: object = { skipUntil: wrong };
      expect(() => make(options)).toThrow(ArgumentError);
    }
    const nothing: object = { skipUntil: 5 };
    expect(() => make(nothing)).toThrow('skipUntil must be the beginning of a line, not 5');
  });
});

describe('lengthPrefixed', () => {
  it('has no preamble: every byte counts', () => {
    const decoder = lengthPrefixed({ size: 1 }).createDecoder({});
    decoder.write(Uint8Array.of(2, 0xef, 0xbb, 1));
    expect(decoder.read()).toEqual(Uint8Array.of(0xef, 0xbb));
  });
});
