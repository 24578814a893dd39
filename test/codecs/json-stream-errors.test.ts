import { describe, expect, it } from 'vitest';
import { jsonStream } from '../../src/codecs/json-stream.ts';
import { ArgumentError } from '../../src/core/errors.ts';
import { deepArray, deepObject, everySplit } from './json-support.ts';
import { bytesOf, codecErrorOf, cut, limitErrorOf, messages, outcomes } from './support.ts';

const codec = jsonStream();
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('jsonStream: resets', () => {
  it('drops an unfinished object at 0xFF or 0x00, and starts over', () => {
    for (const reset of ['\xff', '\x00']) {
      for (const begun of ['', '{"a', '{"a\\', '{"a":[1,', '{\n', ' ']) {
        const stream = latin1(`{"x":1}\n${begun}${reset}{"return":5678}\n`);
        expect(everySplit(stream)).toEqual(messages({ x: 1 }, { return: 5678 }));
      }
    }
  });

  it('ends a rejected line or object', () => {
    const stream = latin1('garbage\xff{"a":1}\n{"b":{\xff{"c":2}');
    expect(everySplit(stream, { maxDepth: 1 })).toEqual([
      { error: 'beginning' },
      ...messages({ a: 1 }),
      { error: 'too deep' },
      ...messages({ c: 2 }),
    ]);
  });

  it('makes the end of the stream clean', () => {
    expect(outcomes(codec, [latin1('{"a":1}{"b\xff')])).toEqual(messages({ a: 1 }));
    expect(outcomes(codec, [latin1('\x00')])).toEqual([]);
  });
});

describe('jsonStream: errors', () => {
  it('rejects anything that does not begin an object, up to the end of its line', () => {
    for (const garbage of ['1', '"{}"', 'null{}', '}', ']{}', 'é', '\ufeff{}', ',']) {
      const stream = bytesOf(`{"a":1}\n${garbage}\r\n{"b":2}\n`);
      expect(everySplit(stream)).toEqual([
        ...messages({ a: 1 }),
        { error: 'beginning' },
        ...messages({ b: 2 }),
      ]);
    }
  });

  it('rejects it at once, without waiting for the end of the line', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('(qemu) '));
    const error = codecErrorOf(() => decoder.read());
    expect(Buffer.from(error.raw).toString()).toBe('(qemu) ');
    expect(decoder.read()).toBeUndefined();
    expect(() => {
      decoder.end();
    }).not.toThrow();
  });

  it('continues after an object that is not JSON or not UTF-8', () => {
    const stream = latin1('{"a":1}{]{"b":2}\n{"c":"\xc3"}{"d":4}\n{"e":"\t"}\n{"f":6}\n');
    expect(everySplit(stream)).toEqual([
      ...messages({ a: 1 }),
      { error: 'not JSON' },
      ...messages({ b: 2 }),
      { error: 'UTF-8' },
      ...messages({ d: 4 }),
      { error: 'not JSON' },
      ...messages({ f: 6 }),
    ]);
  });

  it('keeps the bytes of such an object, and the cause, in the error', () => {
    const decoder = codec.createDecoder({});
    decoder.write(latin1('{"a":\n"\xe9"} {,}'));
    const [wrongBytes, wrongJson] = [
      codecErrorOf(() => decoder.read()),
      codecErrorOf(() => decoder.read()),
    ];
    expect(Buffer.from(wrongBytes.raw)).toEqual(latin1('{"a":\n"\xe9"}'));
    expect(wrongBytes.cause).toBeInstanceOf(TypeError);
    expect(Buffer.from(wrongJson.raw)).toEqual(latin1('{,}'));
    expect(wrongJson.cause).toBeInstanceOf(SyntaxError);
  });

  it('rejects a byte that JSON cannot have there at once, and continues on the next line', () => {
    const invalid = [
      'not',
      'truE',
      'nul,',
      'f\n',
      "'a'",
      '$',
      '\x01',
      '\xe9',
      '"\t',
      '"\\x',
      '"\\\t',
    ];
    for (const [at, part] of invalid.entries()) {
      const decoder = codec.createDecoder({});
      decoder.write(latin1(`{"a": ${part}`));
      const { message } = codecErrorOf(() => decoder.read());
      expect(message, String(at)).toMatch(
        /^The message is not JSON: unexpected '.+' after '\{"a": /,
      );
      expect(decoder.read()).toBeUndefined();
      decoder.write(latin1(` "{}{" ${part.endsWith('\n') ? '' : '\n'}{"b":2}`));
      if (part.endsWith('\n')) codecErrorOf(() => decoder.read());
      else expect(decoder.read()).toEqual({ b: 2 });
    }
  });

  it('says what was unexpected, and where', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('{"return": not json\r\n'));
    const error = codecErrorOf(() => decoder.read());
    expect(error.message).toBe(`The message is not JSON: unexpected 'o' after '{"return": n'`);
    expect(Buffer.from(error.raw).toString()).toBe('{"return": no');
  });

  it('accepts every byte that JSON may have, for any split', () => {
    const text =
      '{ "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9é" :\t[ true,false ,null\r\n, -1.5E+3, 2e-1, 0 ] }';
    const value: unknown = JSON.parse(text);
    expect(everySplit(bytesOf(text))).toEqual(messages(value));
  });

  it('rejects a string that is not closed on its line, and continues on the next', () => {
    expect(everySplit(bytesOf('{"a":"b}\n{"c":1}\n{"d\\\n{"e":2}'))).toEqual([
      { error: 'line end' },
      ...messages({ c: 1 }),
      { error: 'line end' },
      ...messages({ e: 2 }),
    ]);
  });

  it('reports an end of stream in an object, with its bytes', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('{"a":1}\n {"b":\n'));
    expect([decoder.read(), decoder.read()]).toEqual([{ a: 1 }, undefined]);
    const error = codecErrorOf(() => {
      decoder.end();
    });
    expect(error.message).toContain('ended after');
    expect(Buffer.from(error.raw).toString()).toBe('{"b":\n');
  });

  it('ends cleanly between objects', () => {
    expect(outcomes(codec, [bytesOf('{"a":1}\r\n\n \t')])).toEqual(messages({ a: 1 }));
  });
});

describe('jsonStream: nesting', () => {
  const rejected = [{ error: 'too deep' }, ...messages({})];

  it('may be exactly as deep as the limit, for whole lines and small chunks', () => {
    for (const [text, deeper] of [
      [deepObject(1024), deepObject(1025)],
      [`{"a":${deepArray(1023)}}`, `{"a":${deepArray(1024)}}`],
    ] as const) {
      for (const by of [[], [1], [1000]]) {
        expect(outcomes(codec, cut(bytesOf(`${text}\n{}\n`), ...by))).toHaveLength(2);
        expect(outcomes(codec, cut(bytesOf(`${text}\n{}\n`), ...by))).not.toContainEqual(
          rejected[0],
        );
        expect(outcomes(codec, cut(bytesOf(`${deeper}\n{}\n`), ...by))).toEqual(rejected);
      }
    }
  });

  it('is rejected before the object is complete, and skipped without buffering', () => {
    const decoder = jsonStream({ maxDepth: 2, objects: false }).createDecoder({});
    decoder.write(bytesOf('[[['));
    expect(Buffer.from(codecErrorOf(() => decoder.read()).raw).toString()).toBe('[[[');
    decoder.write(bytesOf(`${'[[]]'.repeat(10_000)}]]"`));
    expect(decoder.read()).toBeUndefined();
    decoder.write(bytesOf(']]]"][]'));
    expect([decoder.read(), decoder.read()]).toEqual([[], undefined]);
  });

  it('counts a rejected object towards the size limit', () => {
    const decoder = jsonStream({ maxDepth: 1 }).createDecoder({ maxMessageBytes: 100 });
    decoder.write(bytesOf('{"a":{'));
    codecErrorOf(() => decoder.read());
    decoder.write(bytesOf('x'.repeat(94)));
    expect(decoder.read()).toBeUndefined();
    decoder.write(bytesOf('x'));
    expect(limitErrorOf(() => decoder.read())).toMatchObject({ limit: 100, actual: 101 });
  });

  it('never overflows the stack', () => {
    const options = { maxDepth: Infinity, integers: 'bigint' } as const;
    const text = `{"a":12345678901234567890,"b":${deepArray(200_000)}}\n`;
    expect(outcomes(jsonStream(options), [bytesOf(text)])).toEqual([{ error: 'not JSON' }]);
    expect(outcomes(jsonStream({ maxDepth: Infinity }), [bytesOf(text)])).toHaveLength(1);
  });

  it('must have a limit above 0', () => {
    for (const maxDepth of [0, -1, NaN])
      expect(() => jsonStream({ maxDepth })).toThrow(ArgumentError);
  });
});

describe('jsonStream: the limit', () => {
  it('accepts an object of exactly that size and none above, for any split', () => {
    for (const text of ['{"a":"€"}', '{"a":\n12345}', '{"a": 12 }']) {
      const size = Buffer.byteLength(text);
      const stream = bytesOf(`{} \n${text}\r\n \t ${text}{}`);
      expect(everySplit(stream, {}, size)).toHaveLength(4);
      expect(everySplit(stream, {}, size - 1)).toEqual([
        ...messages({}),
        { error: `limit ${String(size - 1)}` },
      ]);
    }
  });

  it('does not count white space and rejected lines', () => {
    const stream = bytesOf(`${' \n'.repeat(100)}{}${'x'.repeat(100)}\n{}`);
    expect(everySplit(stream, {}, 2)).toEqual([
      ...messages({}),
      { error: 'beginning' },
      ...messages({}),
    ]);
  });

  it('throws the same error again, and ignores further bytes', () => {
    const decoder = codec.createDecoder({ maxMessageBytes: 8 });
    decoder.write(bytesOf('{"a":1}\n{"a":123}\n{"a":2}\n'));
    expect(decoder.read()).toEqual({ a: 1 });
    const error = limitErrorOf(() => decoder.read());
    expect(error).toMatchObject({ limit: 8, actual: 9 });
    decoder.write(bytesOf('{}'));
    expect(limitErrorOf(() => decoder.read())).toBe(error);
  });
});
