/** Every codec of the library keeps the rules that `checkCodec()` checks. */

import { describe, expect, test } from 'vitest';
import {
  contentLength,
  jsonLines,
  jsonStream,
  type JsonObject,
  type JsonValue,
  lengthPrefixed,
  lines,
  ArgumentError,
  type Codec,
} from '../../src/index.ts';
import { checkCodec } from '../../src/testing/index.ts';

const VALUES: readonly JsonValue[] = [
  { id: 1, method: 'ping' },
  [],
  'grüß 🎉 dich\n\u0000"',
  12.5,
  null,
  true,
  { deep: [[[{ a: { b: [] } }]]], '': '' },
  { text: 'x'.repeat(300) },
];
const OBJECTS: readonly JsonObject[] = VALUES.map((value) => ({ value }));
const BYTES = [[], [0], [0, 0, 0, 1], Array.from({ length: 200 }, (_, at) => at)].map((bytes) =>
  Uint8Array.from(bytes),
);
const LINES = ['', 'hello', 'grüß 🎉 dich', '', 'a\rb', 'x'.repeat(300), '\ufeff'];
const utf8Size = (text: string): number => Buffer.byteLength(text);

describe('checkCodec() passes', () => {
  test.each(['\n', '\r\n'] as const)('lines() with the terminator %j', (terminator) => {
    checkCodec(lines({ terminator }), {
      messages: LINES,
      samples: [{ bytes: 'one\r\ntwo\n\n', messages: ['one', 'two', ''] }],
      invalid: [Buffer.from([0xff, 0x0a]), Buffer.from('ok\n\xc3\n', 'latin1')],
      sizeOf: utf8Size,
    });
  });

  test('lines() with a byte order mark, or a banner, before the first line', () => {
    const bytes = '\ufeffone\ntwo\n';
    checkCodec(lines(), { samples: [{ bytes, messages: ['one', 'two'] }] });
    const samples = [{ bytes: '> run\n\n# one\ntwo\n', messages: ['# one', 'two'] }];
    checkCodec(lines({ skipUntil: '# ' }), { samples });
  });

  test('jsonLines()', () => {
    checkCodec(jsonLines(), {
      messages: VALUES,
      samples: [{ bytes: '\n {"a": 1}\r\n \t\n[2]\n', messages: [{ a: 1 }, [2]] }],
      invalid: ['nonsense\n', '{"a":1\n', '1 2\n'],
    });
  });

  test('jsonLines() with bigints', () => {
    checkCodec(jsonLines({ integers: 'bigint' }), { messages: [[2n ** 64n], { a: [2n ** 70n] }] });
  });

  test.each(['', '\n', '\r\n'] as const)('jsonStream() with the terminator %j', (terminator) => {
    checkCodec(jsonStream({ terminator }), {
      messages: OBJECTS,
      samples: [{ bytes: '{"a":{}}{\n  "b": [1, 2]\n}\n\n', messages: [{ a: {} }, { b: [1, 2] }] }],
      invalid: ['nonsense', '{"a": not', '{"a":1]'],
    });
  });

  test('contentLength()', () => {
    const other = 'content-type: x; charset=utf-8\r\ncontent-length:  7 \r\n\r\n{"a":1}';
    checkCodec(contentLength(), {
      messages: VALUES,
      samples: [{ bytes: other, messages: [{ a: 1 }] }],
      invalid: ['Content-Length: x\r\n\r\n', 'GET / HTTP/1.1\n', 'Content-Length: 2\r\n\r\nxx'],
      sizeOf: (value) => utf8Size(JSON.stringify(value)),
    });
  });

  test.each([1, 2, 4] as const)('lengthPrefixed() with a length of %i bytes', (size) => {
    for (const endian of ['big', 'little'] as const) {
      checkCodec(lengthPrefixed({ size, endian }), {
        messages: BYTES,
        sizeOf: (bytes) => bytes.length,
      });
    }
  });

  test('a codec whose messages come back as others, if these are given', () => {
    const codec: Codec<number, bigint> = {
      encode: (value) => `${String(value)}\n`,
      createDecoder: (limits) => {
        const decoder = lines().createDecoder(limits);
        return {
          write: (chunk) => {
            decoder.write(chunk);
          },
          read: () => {
            const line = decoder.read();
            return line === undefined ? undefined : Number(line);
          },
          end: () => {
            decoder.end();
          },
        };
      },
    };
    const messages = [1n, 1234n];
    checkCodec(codec, { messages, received: [1, 1234], sizeOf: (value) => String(value).length });
    expect(() => {
      checkCodec(codec, { messages });
    }).toThrow('read() returned 1 as message 0, not 1n');
  });

  test('messages that a function of the test takes for equal', () => {
    const messages = ['HELLO', 'BYE'];
    const upper: Codec<string> = { ...lines(), encode: (line) => `${line.toLowerCase()}\n` };
    expect(() => {
      checkCodec(upper, { messages });
    }).toThrow("read() returned 'hello' as message 0, not 'HELLO'");
    checkCodec(upper, { messages, equals: (one, other) => one.toUpperCase() === other });
  });

  test('a codec with messages of a megabyte in time', () => {
    const messages = ['x'.repeat(1024 * 1024), 'y'];
    const started = performance.now();
    checkCodec(lines(), { messages });
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

describe('checkCodec() refuses', () => {
  test('to check without anything to decode', () => {
    for (const options of [{}, { messages: [] }, { sent: ['a'] }, { samples: [] }]) {
      expect(() => {
        checkCodec(lines(), options);
      }).toThrow(ArgumentError);
    }
  });

  test('wrong options, and what is no codec', () => {
    const wrong: readonly object[] = [
      { messages: ['a'], received: [] },
      { messages: 'abc' },
      { message: ['a'] },
      { messages: ['a'], sizeOf: 1 },
    ];
    for (const options of wrong) {
      expect(() => {
        checkCodec(lines(), options);
      }).toThrow(ArgumentError);
    }
    expect(() => {
      checkCodec(lines as never, { messages: ['a'] });
    }).toThrow('call it: codec: lines()');
  });
});
