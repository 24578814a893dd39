/** The codec of the Redis examples, without a connection. */

import { expect, describe, it } from 'vitest';
import {
  Push,
  type Reply,
  resp,
  RespError,
  RespServerCodec,
  Status,
  wordsOf,
} from '../../examples/redis/codec.ts';
import { RespDecoder } from '../../examples/redis/decoder.ts';
import { CodecError, LimitError } from '../../src/index.ts';
import { checkCodec } from '../../src/testing/index.ts';
import { codecErrorOf, cut, limitErrorOf } from '../codecs/support.ts';

/** Each kind of value, as RESP writes it. */
const VALUES: readonly (readonly [wire: string, value: Reply])[] = [
  ['+OK\r\n', 'OK'],
  ['-WRONGTYPE no list\r\n', new RespError('WRONGTYPE no list')],
  [':0\r\n', 0],
  [':-12\r\n', -12],
  [':+12\r\n', 12],
  [':9007199254740991\r\n', Number.MAX_SAFE_INTEGER],
  [':9223372036854775807\r\n', 9223372036854775807n],
  ['$5\r\nhé\r\nlo\r\n'.replace('$5', '$7'), 'hé\r\nlo'],
  ['$0\r\n\r\n', ''],
  ['$-1\r\n', null],
  ['*-1\r\n', null],
  ['_\r\n', null],
  ['#t\r\n', true],
  ['#f\r\n', false],
  [',1.5e-3\r\n', 0.0015],
  [',10\r\n', 10],
  [',inf\r\n', Infinity],
  [',-inf\r\n', -Infinity],
  [',nan\r\n', NaN],
  [
    '(3492890328409238509324850943850943825024385\r\n',
    3492890328409238509324850943850943825024385n,
  ],
  ['!21\r\nSYNTAX invalid syntax\r\n', new RespError('SYNTAX invalid syntax')],
  ['=9\r\ntxt:hello\r\n', 'hello'],
  ['*0\r\n', []],
  ['*3\r\n:1\r\n*2\r\n+a\r\n*0\r\n$1\r\nb\r\n', [1, ['a', []], 'b']],
  [
    '%2\r\n+a\r\n:1\r\n:2\r\n%0\r\n',
    new Map<Reply, Reply>([
      ['a', 1],
      [2, new Map()],
    ]),
  ],
  ['~2\r\n+a\r\n:1\r\n', new Set<Reply>(['a', 1])],
  ['>3\r\n+message\r\n+channel\r\n+text\r\n', new Push('message', ['channel', 'text'])],
  ['|1\r\n+ttl\r\n:3600\r\n*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n', [1, 2]],
  ['*?\r\n:1\r\n%?\r\n+a\r\n~?\r\n.\r\n.\r\n.\r\n', [1, new Map<Reply, Reply>([['a', new Set()]])]],
  ['$?\r\n;3\r\nh\u00e9\r\n;2\r\nlo\r\n;0\r\n', 'hélo'],
  ['*2\r\n$?\r\n;0\r\n:1\r\n', ['', 1]],
];
const ALL = Buffer.from(VALUES.map(([wire]) => wire).join(''));

function decode(chunks: readonly Uint8Array[], decoder = resp().createDecoder({})): Reply[] {
  const values: Reply[] = [];
  for (const chunk of chunks) {
    // The decoder may not use the memory of a chunk after it has read everything.
    const reused = Buffer.from(chunk);
    decoder.write(reused);
    for (let value; (value = decoder.read()) !== undefined;) values.push(value);
    reused.fill('x');
  }
  decoder.end();
  return values;
}

describe('The decoder of RESP', () => {
  it('keeps the contract of codecs', () => {
    checkCodec(resp(), {
      samples: VALUES.map(([wire, value]) => ({ bytes: wire, messages: [value] })),
      invalid: ['what\r\n', '$-2\r\n', '*1\r\n.\r\n'],
    });
    checkCodec(new RespServerCodec('utf8'), {
      samples: [{ bytes: 'PING\r\n*1\r\n$1\r\na\r\n', messages: [['PING'], ['a']] }],
    });
  });

  it.each(VALUES)('reads %j', (wire, value) => {
    expect(decode([Buffer.from(wire)])).toEqual([value]);
  });

  it('reads the same values from a stream that is cut at any two places', () => {
    const values = VALUES.map(([, value]) => value);
    for (let first = 0; first <= ALL.length; first += 1) {
      const pieces = [ALL.subarray(0, first), ALL.subarray(first)];
      expect(decode(pieces)).toEqual(values);
    }
    for (let size = 1; size < 40; size += 1) expect(decode(cut(ALL, size))).toEqual(values);
    expect(decode(cut(ALL, 1, 7, 2))).toEqual(values);
  });

  it('reads the same values when several chunks are written before it is read', () => {
    const decoder = resp().createDecoder({});
    const values: Reply[] = [];
    for (const [at, chunk] of cut(ALL, 11, 3).entries()) {
      decoder.write(chunk);
      // One message at a time, as a reader does whose handler is pending.
      const value = at % 3 === 0 ? decoder.read() : undefined;
      if (value !== undefined) values.push(value);
    }
    for (let value; (value = decoder.read()) !== undefined;) values.push(value);
    expect(values).toEqual(VALUES.map(([, value]) => value));
  });

  it.each(VALUES)('reports a stream that ends within %j', (wire) => {
    const bytes = Buffer.from(wire);
    for (let size = 1; size < bytes.length; size += 1) {
      const error = codecErrorOf(() => decode([bytes.subarray(0, size)]));
      expect(error.message).toContain('ended after');
    }
  });

  it.each([
    ['what', 'a line of another protocol'],
    ['?3', 'an unknown type'],
    [':', 'an integer without digits'],
    [':1x', 'an integer with a letter'],
    ['$x', 'a length that is no number'],
    ['$-2', 'a negative length'],
    ['*1.5', 'a count that is no integer'],
    ['#x', 'a boolean that is neither'],
    [',x', 'a double that is no number'],
    ['(1.5', 'a big number with a fraction'],
    ['_x', 'a null with a value'],
    ['.', 'the end of no array'],
    ['*1\r\n.', 'the end of an array that is not streamed'],
    [';1\r\na', 'a part of no text'],
    ['$?\r\n:1', 'a streamed text with an integer'],
    ['$1\r\nabc', 'a text that is longer than its length'],
    ['+a\nb', 'a line without a carriage return'],
  ])('refuses %j: %s', (wire) => {
    const decoder = resp().createDecoder({});
    decoder.write(Buffer.from(`${wire}\r\n`));
    const error = codecErrorOf(() => decoder.read());
    expect(codecErrorOf(() => decoder.read())).toBe(error);
    decoder.write(Buffer.from(':1\r\n'));
    expect(codecErrorOf(() => decoder.read())).toBe(error);
  });

  it('refuses arrays that are nested deeper than 128 times, without recursion', () => {
    expect(decode([Buffer.from(`${'*1\r\n'.repeat(128)}:1\r\n`)])).toHaveLength(1);
    expect(codecErrorOf(() => decode([Buffer.from('*1\r\n'.repeat(100_000))])).message).toContain(
      'deep',
    );
  });

  it.each([
    ['a text', '$11\r\n'],
    ['a line', '+12345678901'],
    ['a text in an array', '*1\r\n$11\r\n'],
    ['an array', `*9\r\n${':1\r\n'.repeat(4)}`],
    ['an array in an array', `*1\r\n*9\r\n${':1\r\n'.repeat(4)}`],
    ['an array of nothing', `*9\r\n${'*0\r\n'.repeat(4)}`],
    ['a streamed text', '$?\r\n;4\r\nabcd\r\n;7\r\nabcdefg\r\n'],
  ])('keeps the bound of a message for %s, before all of it has come', (_, wire) => {
    for (const size of [1, 2, 1000]) {
      const decoder = resp().createDecoder({ maxMessageBytes: 10 });
      const error = limitErrorOf(() => decode(cut(Buffer.from(wire), size), decoder));
      expect(error.limit).toBe(10);
      expect(limitErrorOf(() => decoder.read())).toBe(error);
    }
  });

  it('takes messages of exactly the bound', () => {
    const wire = Buffer.from('$12\r\n0123456789ab\r\n+0123456789ab\r\n*2\r\n:1\r\n:2\r\n');
    for (const size of [1, 1000]) {
      const decoder = resp().createDecoder({ maxMessageBytes: 12 });
      expect(decode(cut(wire, size), decoder)).toEqual(['0123456789ab', '0123456789ab', [1, 2]]);
    }
  });

  it('does not allocate what an array only promises', () => {
    const decoder = resp().createDecoder({});
    decoder.write(Buffer.from('*999999999999999\r\n'));
    expect(decoder.read()).toBeUndefined();
    expect(decoder.buffered).toBe(18);
  });

  it('returns the bytes of no returned message as the rest', () => {
    const decoder = new RespDecoder({});
    decoder.write(Buffer.from('+a\r\n+b\r\n*2\r\n:1\r\n'));
    expect(decoder.read()).toBe('a');
    expect(Buffer.from(decoder.rest()).toString()).toBe('+b\r\n*2\r\n:1\r\n');
    expect(decoder.read()).toBe('b');
    expect(decoder.read()).toBeUndefined();
    expect(Buffer.from(decoder.rest()).toString()).toBe('*2\r\n:1\r\n');
  });

  it('looks at each byte of a large array once, however it is cut', () => {
    const wire = Buffer.from(`*100000\r\n${'$3\r\nabc\r\n'.repeat(100_000)}`);
    const time = (size: number): number => {
      const before = process.cpuUsage();
      expect(decode(cut(wire, size))).toHaveLength(1);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    time(1000);
    // Parsed again at each chunk, it would take a hundred times as long.
    expect(time(1000)).toBeLessThan(20 * time(wire.length) + 100_000);
  });
});

describe('The codec of a client', () => {
  const wireOf = (...words: (string | number | Uint8Array)[]): string => {
    const data = resp().encode(words);
    return typeof data === 'string' ? data : Buffer.concat([data].flat()).toString('latin1');
  };

  it('writes commands as arrays of texts, whose lengths are bytes', () => {
    expect(wireOf('SET', 'key', 15)).toBe('*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$2\r\n15\r\n');
    expect(wireOf('GET', 'é')).toBe('*2\r\n$3\r\nGET\r\n$2\r\né\r\n');
    expect(wireOf('SET', 'k', Buffer.from([0xff, 0]))).toBe(
      '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\xff\0\r\n',
    );
  });

  it('keeps any bytes as latin1', () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    const codec = resp('latin1');
    const data = codec.encode(['ECHO', all]);
    expect(decode([Buffer.from(data as Uint8Array)], codec.createDecoder({}))).toEqual([
      ['ECHO', all],
    ]);
  });
});

describe('The codec of a server', () => {
  const wireOf = (reply: Reply, version: 2 | 3): string => {
    const codec = new RespServerCodec();
    codec.hello(String(version));
    const data = codec.encode(reply);
    return typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString('latin1');
  };
  const REPLIES: readonly (readonly [reply: Reply, version2: string, version3: string])[] = [
    [new Status('OK'), '+OK\r\n', '+OK\r\n'],
    [new RespError('ERR a\r\nb'), '-ERR a b\r\n', '-ERR a b\r\n'],
    ['é', '$1\r\n\xe9\r\n', '$1\r\n\xe9\r\n'],
    [-7, ':-7\r\n', ':-7\r\n'],
    [1.5, '$3\r\n1.5\r\n', ',1.5\r\n'],
    [-Infinity, '$4\r\n-inf\r\n', ',-inf\r\n'],
    [NaN, '$3\r\nnan\r\n', ',nan\r\n'],
    [2n ** 64n, '$20\r\n18446744073709551616\r\n', '(18446744073709551616\r\n'],
    [true, ':1\r\n', '#t\r\n'],
    [null, '$-1\r\n', '_\r\n'],
    [[1, ['a']], '*2\r\n:1\r\n*1\r\n$1\r\na\r\n', '*2\r\n:1\r\n*1\r\n$1\r\na\r\n'],
    [new Map([['a', 1]]), '*2\r\n$1\r\na\r\n:1\r\n', '%1\r\n$1\r\na\r\n:1\r\n'],
    [new Set([1]), '*1\r\n:1\r\n', '~1\r\n:1\r\n'],
    [
      new Push('message', ['c']),
      '*2\r\n$7\r\nmessage\r\n$1\r\nc\r\n',
      '>2\r\n$7\r\nmessage\r\n$1\r\nc\r\n',
    ],
  ];

  it.each(REPLIES)('writes %o in either version', (reply, version2, version3) => {
    expect([wireOf(reply, 2), wireOf(reply, 3)]).toEqual([version2, version3]);
  });

  it('reads commands as arrays, and as lines of words', () => {
    const decoder = new RespServerCodec().createDecoder({});
    const wire = '*1\r\n$4\r\nPING\r\n\r\n\nPING\n  GET   key \r\n*1\r\n$4\r\nPING\r\n';
    expect(decode(cut(Buffer.from(wire), 3), decoder)).toEqual([
      ['PING'],
      ['PING'],
      ['GET', 'key'],
      ['PING'],
    ]);
  });

  it('takes only arrays of texts as commands', () => {
    expect(wordsOf(['GET', 'key'])).toEqual(['GET', 'key']);
    for (const command of ['GET', null, 1, ['GET', 1], [['GET']], new Map()]) {
      expect(() => wordsOf(command)).toThrow(CodecError);
    }
  });

  it('refuses other versions, and says which one it speaks', () => {
    const codec = new RespServerCodec();
    expect(codec.hello('4')).toEqual(new RespError('NOPROTO unsupported protocol version'));
    expect(codec.hello()).toEqual(
      new Map<Reply, Reply>([
        ['server', 'wirechart'],
        ['proto', 2],
      ]),
    );
    expect(codec.hello('3')).toEqual(
      new Map<Reply, Reply>([
        ['server', 'wirechart'],
        ['proto', 3],
      ]),
    );
    expect(codec.version).toBe(3);
  });

  it('keeps the bound of a line of words', () => {
    const decoder = new RespServerCodec().createDecoder({ maxMessageBytes: 10 });
    decoder.write(Buffer.from('PING PING PING'));
    expect(() => decoder.read()).toThrow(LimitError);
  });
});
