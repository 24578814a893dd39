/** The codec of the NATS example, without a connection. */

import { describe, expect, it } from 'vitest';
import { codec, type In, Message, newInbox, type Out, refusal } from '../../examples/nats/codec.ts';
import { answered, expectOp, subscription } from '../../examples/nats/codec.ts';
import { CodecError, RefusedError } from '../../src/index.ts';
import { checkCodec } from '../../src/testing/index.ts';
import { codecErrorOf, cut, limitErrorOf } from '../codecs/support.ts';

const message = (subject: string, sid: number, data: string, reply?: string, head?: string) =>
  new Message(subject, sid, reply, Buffer.from(data), head);

const HEAD = 'NATS/1.0\r\nA: 1\r\nB:two\r\n\r\n';
const OPERATIONS: readonly (readonly [wire: string, operation: unknown])[] = [
  [
    'INFO {"version":"2.9.10","max_payload":1048576} \r\n',
    { op: 'INFO', version: '2.9.10', max_payload: 1048576 },
  ],
  ['PING\r\n', { op: 'PING' }],
  ['PONG\r\n', { op: 'PONG' }],
  ['+OK\r\n', { op: '+OK' }],
  ["-ERR 'Authorization Violation'\r\n", { op: '-ERR', text: 'Authorization Violation' }],
  ['MSG a.b 1 0\r\n\r\n', message('a.b', 1, '')],
  ['MSG a.b 12 inbox.1 7\r\né\r\nabc\r\n', message('a.b', 12, 'é\r\nabc', 'inbox.1')],
  [
    `HMSG a 3 ${String(HEAD.length)} ${String(HEAD.length + 2)}\r\n${HEAD}hi\r\n`,
    message('a', 3, 'hi', undefined, HEAD),
  ],
  [
    'HMSG a 3 inbox 16 16\r\nNATS/1.0 503\r\n\r\n\r\n',
    message('a', 3, '', 'inbox', 'NATS/1.0 503\r\n\r\n'),
  ],
];
const ALL = Buffer.from(OPERATIONS.map(([wire]) => wire).join(''));

function decode(chunks: readonly Uint8Array[], limits = {}): In[] {
  const decoder = codec.createDecoder(limits);
  const all: In[] = [];
  for (const chunk of chunks) {
    // The decoder may not use the memory of a chunk after it has read everything.
    const reused = Buffer.from(chunk);
    decoder.write(reused);
    for (let next; (next = decoder.read()) !== undefined;) all.push(next);
    reused.fill('x');
  }
  decoder.end();
  return all;
}

const wireOf = (operation: Out): string => {
  const data = codec.encode(operation);
  return typeof data === 'string' ? data : Buffer.concat([data].flat()).toString();
};

describe('The decoder of NATS', () => {
  it('keeps the contract of codecs', () => {
    checkCodec(codec, {
      samples: OPERATIONS.map(([bytes, operation]) => ({ bytes, messages: [operation] })),
      invalid: ['MSG a 1\r\n', 'MSG a 1 2\r\nabc\r\n'],
    });
  });

  it.each(OPERATIONS)('reads %j', (wire, operation) => {
    expect(decode([Buffer.from(wire)])).toEqual([operation]);
  });

  it('reads the same from a stream that is cut anywhere', () => {
    const operations = OPERATIONS.map(([, operation]) => operation);
    for (let first = 0; first <= ALL.length; first += 1) {
      expect(decode([ALL.subarray(0, first), ALL.subarray(first)])).toEqual(operations);
    }
    for (let size = 1; size < 30; size += 1) expect(decode(cut(ALL, size))).toEqual(operations);
  });

  it('reads the same when several chunks are written before it is read', () => {
    const decoder = codec.createDecoder({});
    for (const chunk of cut(ALL, 11, 3)) decoder.write(chunk);
    const all: unknown[] = [];
    for (let next; (next = decoder.read()) !== undefined;) all.push(next);
    expect(all).toEqual(OPERATIONS.map(([, operation]) => operation));
  });

  it.each(OPERATIONS)('reports a stream that ends within %j', (wire) => {
    const bytes = Buffer.from(wire);
    for (let size = 1; size < bytes.length; size += 1) {
      expect(codecErrorOf(() => decode([bytes.subarray(0, size)])).message).toContain(
        'ended after',
      );
    }
  });

  it.each([
    'HTTP/1.1 400 Bad Request',
    'INFO {',
    'MSG a 1',
    'MSG a x 1',
    'MSG a 1 b c 1',
    'MSG a 1 -1',
    'MSG a 1 1.5',
    'MSG a 1 2\r\nabc',
    'HMSG a 1 2',
    'HMSG a 1 3 2',
    'HMSG a 1 -1 2',
    'PING PONG',
  ])('refuses %j', (wire) => {
    expect(codecErrorOf(() => decode([Buffer.from(`${wire}\r\n`)])).message).toContain('operation');
  });

  it.each(['MSG a 1 11\r\n', 'x'.repeat(4200)])(
    'keeps the bound for %.12j before all of it has come',
    (wire) => {
      for (const size of [1, 1000]) {
        const error = limitErrorOf(() =>
          decode(cut(Buffer.from(wire), size), { maxMessageBytes: 10 }),
        );
        expect(error.limit).toBe(10);
      }
    },
  );

  it('takes a payload of exactly the bound', () => {
    const wire = Buffer.from('MSG a 1 10\r\n0123456789\r\n');
    for (const size of [1, 1000]) {
      expect(decode(cut(wire, size), { maxMessageBytes: 10 })).toEqual([
        message('a', 1, '0123456789'),
      ]);
    }
  });
});

describe('The encoder of NATS', () => {
  it('writes each operation', () => {
    expect(wireOf({ op: 'PING' })).toBe('PING\r\n');
    expect(wireOf({ op: 'UNSUB', sid: 7 })).toBe('UNSUB 7\r\n');
    expect(wireOf(subscription('a.*', 7, () => undefined))).toBe('SUB a.* 7\r\n');
    expect(wireOf(subscription('a.*', 7, () => undefined, 'q'))).toBe('SUB a.* q 7\r\n');
    expect(JSON.parse(wireOf({ op: 'CONNECT', options: { user: 'me' } }).slice(8))).toMatchObject({
      ...{ user: 'me', verbose: false, headers: true, no_responders: true },
    });
  });

  it.each(['é\r\n', 'x'.repeat(2000)])('writes a payload of text and of bytes alike', (text) => {
    const size = String(Buffer.byteLength(text));
    for (const data of [text, Buffer.from(text)]) {
      expect(wireOf({ op: 'PUB', subject: 'a', data })).toBe(`PUB a ${size}\r\n${text}\r\n`);
      expect(wireOf({ op: 'PUB', subject: 'é', reply: 'b', data })).toBe(
        `PUB é b ${size}\r\n${text}\r\n`,
      );
      const headers = { A: '1' };
      const all = String(Buffer.byteLength(text) + 18);
      expect(wireOf({ op: 'PUB', subject: 'a', data, headers })).toBe(
        `HPUB a 18 ${all}\r\nNATS/1.0\r\nA: 1\r\n\r\n${text}\r\n`,
      );
    }
  });

  it.each(['', 'a b', 'a\r\nPUB b 0', 'a\tb'])(
    'refuses the subject %j, which would be another operation',
    (subject) => {
      const publication = { op: 'PUB', subject, data: '' } as const;
      expect(() => codec.encode(publication)).toThrow(CodecError);
      expect(() => codec.encode({ ...publication, subject: 'a', reply: subject })).toThrow(
        CodecError,
      );
      expect(() => subscription(subject, 1, () => undefined)).toThrow(CodecError);
      expect(() => subscription('a', 1, () => undefined, subject)).toThrow(CodecError);
    },
  );

  it.each([{ 'a b': '1' }, { '': '1' }, { 'a:': '1' }, { a: '1\r\nb: 2' }])(
    'refuses the headers %j',
    (headers) => {
      expect(() => codec.encode({ op: 'PUB', subject: 'a', data: '', headers })).toThrow(
        CodecError,
      );
    },
  );
});

describe('A message of NATS', () => {
  it('has its payload as text, and its headers', () => {
    const [, , , , , , , [, both] = []] = OPERATIONS;
    expect(both).toMatchObject({ text: 'hi', status: undefined });
    expect((both as Message).headers).toEqual(
      new Map([
        ['A', '1'],
        ['B', 'two'],
      ]),
    );
    expect(message('a', 1, 'x').headers).toEqual(new Map());
  });

  it('may say that there is no responder', () => {
    const reply = message('a', 1, '', undefined, 'NATS/1.0 503\r\n\r\n');
    expect(() => answered(reply)).toThrow(RefusedError);
    expect(answered(message('a', 1, 'x')).text).toBe('x');
  });
});

it('An inbox is a subject of its own', () => {
  expect(newInbox()).not.toBe(newInbox());
});

it('An unexpected operation is a CodecError, and an error of the server a refusal', () => {
  expect(expectOp('PONG', { op: 'PONG' })).toEqual({ op: 'PONG' });
  expect(() => expectOp('INFO', { op: 'PING' })).toThrow(CodecError);
  expect(() => expectOp('INFO', { op: '-ERR', text: 'no' })).toThrow(RefusedError);
  expect(refusal('Authorization Violation').retryable).toBe(false);
  expect(refusal('maximum connections exceeded').retryable).toBe(true);
});
