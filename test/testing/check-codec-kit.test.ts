/** The codecs that the kit makes, and those of the examples, keep the rules that `checkCodec()` checks. */

import { describe, test } from 'vitest';
import { cdp } from '../../examples/cdp/codec.ts';
import { mqtt } from '../../examples/mqtt/codec.ts';
import { codec as nats, Message } from '../../examples/nats/codec.ts';
import { messages as postgres } from '../../examples/postgres/codec.ts';
import { Push, resp, RespError, RespServerCodec } from '../../examples/redis/codec.ts';
import { framed, jsonLines, lines } from '../../src/index.ts';
import { checkCodec } from '../../src/testing/index.ts';

const TEXTS = ['', 'hello', 'grüß 🎉 dich', 'a\rb', 'x'.repeat(100), '\ufeff'];
const utf8Size = (text: string): number => Buffer.byteLength(text);
const PAYLOADS = [0, 1, 5, 128].map((size) =>
  Uint8Array.from({ length: size }, (_, at) => (at * 7) % 256),
);
const FRAMES = PAYLOADS.map((payload, at) => ({ type: at * 40, payload }));

describe('lines()', () => {
  test.each(['\0', ';', '--', '\r\n.\r\n', '→'])('with the terminator %j', (terminator) => {
    checkCodec(lines({ terminator }), { messages: TEXTS, sizeOf: utf8Size });
  });

  test('with a terminator of bytes', () => {
    const codec = lines({ terminator: Uint8Array.of(0xff, 0x00) });
    checkCodec(codec, { messages: TEXTS, sizeOf: utf8Size });
  });

  test('with a byte order mark, and a banner, before the first of other lines', () => {
    const samples = [{ bytes: '\ufeffone;two\n;', messages: ['one', 'two\n'] }];
    checkCodec(lines({ terminator: ';' }), { samples });
  });

  test.each(['\0', '\x1e'])('of JSON, with the terminator %j', (terminator) => {
    checkCodec(jsonLines({ terminator }), { messages: [{ a: 1 }, [], 'grüß', { b: [1, 2] }] });
  });
});

describe('framed()', () => {
  const sizeOf = (payload: Uint8Array): number => payload.length;

  test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('with a length of %i bytes', (size) => {
    for (const endian of ['big', 'little'] as const) {
      checkCodec(framed({ size, endian }), { messages: PAYLOADS, sizeOf });
    }
    checkCodec(framed({ size, includes: 'length' }), { messages: PAYLOADS, sizeOf });
  });

  test.each([2, 4, 8] as const)('with a varint of up to %i bytes', (varint) => {
    const invalid = [Uint8Array.from({ length: varint }, () => 0x80)];
    checkCodec(framed({ varint }), { messages: PAYLOADS, sizeOf, invalid });
  });

  test.each(['before', 'after'] as const)('with a type %s the length', (type) => {
    for (const includes of [undefined, 'length', 'type', 'header'] as const) {
      checkCodec(framed({ type, includes }), {
        messages: FRAMES,
        sizeOf: ({ payload }) => payload.length,
        ...(includes === undefined ? {} : { invalid: [new Uint8Array(5)] }),
      });
    }
    checkCodec(framed({ type, varint: 4 }), { messages: FRAMES });
  });

  test('with a large payload, which is sent in parts', () => {
    checkCodec(framed(), { messages: [new Uint8Array(40_000), new Uint8Array(3)], sizeOf });
  });
});

describe('an example', () => {
  test('is the codec of CDP', () => {
    checkCodec(cdp(), {
      messages: [
        { id: 1, method: 'Page.enable' },
        { id: 1, result: {} },
      ],
    });
  });

  test('is the codec of MQTT', () => {
    const topic = [0, 1, 0x74];
    checkCodec(mqtt(), {
      sent: [
        { type: 'publish', topic: 't', payload: 'grüß' },
        { type: 'subscribe', id: 1, filter: 't', qos: 1 },
        { type: 'pingreq' },
      ],
      samples: [
        {
          bytes: Uint8Array.of(0xd0, 0, 0x40, 2, 0, 7, 0x30, 5, ...topic, 1, 2),
          messages: [
            { type: 'pingresp' },
            { type: 'puback', id: 7 },
            { type: 'publish', topic: 't', payload: Uint8Array.of(1, 2), qos: 0, retain: false },
          ],
        },
      ],
    });
  });

  test('is the codec of NATS', () => {
    checkCodec(nats, {
      sent: [{ op: 'PING' }, { op: 'PUB', subject: 'a', data: 'grüß' }],
      samples: [
        {
          bytes: 'PING\r\nMSG a.b 1 5\r\nhello\r\nMSG a 2 c 0\r\n\r\nPONG\r\n',
          messages: [
            { op: 'PING' },
            new Message('a.b', 1, undefined, Buffer.from('hello'), undefined),
            new Message('a', 2, 'c', Buffer.alloc(0), undefined),
            { op: 'PONG' },
          ],
        },
      ],
      invalid: ['WHAT\r\n', 'MSG a\r\n'],
    });
  });

  test('is the codec of a Redis client', () => {
    checkCodec(resp(), {
      sent: [
        ['SET', 'key', 1],
        ['GET', Uint8Array.of(1, 2)],
      ],
      samples: [
        {
          bytes:
            '+OK\r\n:12\r\n$6\r\ngr\u00fc\u00df\r\n*2\r\n_\r\n#t\r\n-ERR no\r\n>2\r\n+m\r\n$1\r\nx\r\n',
          messages: ['OK', 12, 'grüß', [null, true], new RespError('ERR no'), new Push('m', ['x'])],
        },
      ],
    });
  });

  test('is the codec of a Redis server', () => {
    const bytes = '*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING\r\n';
    const samples = [{ bytes, messages: [['GET', 'a'], ['PING']] }];
    checkCodec(new RespServerCodec(), { sent: ['OK', 1, ['a', null]], samples });
  });

  test('is the codec of PostgreSQL', () => {
    checkCodec(postgres(), {
      sent: [{ type: 'query', text: 'select 1' }],
      samples: [
        { bytes: Uint8Array.of(0x47, 0, 0, 0, 7, 0, 0, 0), messages: [{ type: 'copyIn' }] },
      ],
    });
  });
});
