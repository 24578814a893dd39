/** The example of a PostgreSQL client, with a server that a test plays. */

import { createHmac, pbkdf2Sync } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Postgres } from '../../examples/postgres/client.ts';
import { answerToTls, messages } from '../../examples/postgres/codec.ts';
import { CodecError, type LogFunction, RefusedError, streamPair } from '../../src/index.ts';
import { checkCodec } from '../../src/testing/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** A message of a server. */
function frame(letter: string, payload: string | Buffer = ''): Buffer {
  const body = Buffer.from(payload);
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([Buffer.from(letter), length, body]);
}

const int32 = (value: number): Buffer => Buffer.from([value >> 24, value >> 16, value >> 8, value]);
const authentication = (step: number, text = ''): Buffer =>
  frame('R', Buffer.concat([int32(step), Buffer.from(text)]));
const error = (code: string, message = 'no', severity = 'FATAL'): Buffer =>
  frame('E', `S${severity}\0V${severity}\0C${code}\0M${message}\0\0`);

const OK = authentication(0);
const SASL = authentication(10, 'SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0');
const READY = frame('Z', 'I');
/** A row with one column. */
const COLUMNS = frame('T', Buffer.concat([Buffer.from('\0\x01a\0'), Buffer.alloc(18)]));
const ROW = frame('D', Buffer.concat([Buffer.from('\0\x01'), int32(2), Buffer.from('ä')]));

describe('the codecs of PostgreSQL', () => {
  test('conform before TLS', () => {
    checkCodec(answerToTls(), {
      samples: [{ bytes: 'SS', messages: [{ type: 'tls' }, { type: 'tls' }] }],
      sent: [{ type: 'tls' }],
      invalid: ['HTTP/1.1 400 Bad Request\r\n', '\0'],
      bounded: false, // All messages have one byte.
    });
  });

  test('conform after it', () => {
    checkCodec(messages(), {
      samples: [
        {
          bytes: authentication(11, 'r=x'),
          messages: [{ type: 'authentication', step: 11, secret: 'r=x' }],
        },
        {
          bytes: frame('S', 'TimeZone\0UTC\0'),
          messages: [{ type: 'parameter', name: 'TimeZone', value: 'UTC' }],
        },
        { bytes: Buffer.concat([frame('K', int32(1)), frame('C', 'OK\0')]), messages: [] },
        {
          bytes: frame('A', Buffer.concat([int32(9), Buffer.from('a\0b\0')])),
          messages: [{ type: 'notification', channel: 'a', payload: 'b' }],
        },
        {
          bytes: Buffer.concat([COLUMNS, ROW, READY]),
          messages: [{ type: 'result', rows: [{ a: 'ä' }], error: undefined }],
        },
        { bytes: frame('G'), messages: [{ type: 'copyIn' }] },
      ],
      sent: [
        { type: 'startup', parameters: { user: 'ada' } },
        { type: 'query', text: 'x'.repeat(20_000) },
        { type: 'terminate' },
      ],
      invalid: [
        frame('?'),
        frame('R', 'ab'),
        frame('S', 'a\0b'),
        frame('S', Buffer.from([0xff, 0, 0])),
        frame('D', Buffer.from([0, 1, 0, 0, 0, 9, 1])),
        frame('T', Buffer.from([0, 1, 0x61, 0])),
        frame('E', 'Mno end'),
        Buffer.from([0x5a, 0, 0, 0, 3]),
      ],
    });
  });
});

/** Starts to connect a client to a server that a test plays. */
function play(settings: Partial<Pick<Postgres, 'password' | 'tls'>>, logger?: LogFunction) {
  class Client extends Postgres {
    override readonly password: string | undefined = settings.password;
    override readonly tls: Postgres['tls'] = settings.tls;
  }
  const [stream, server] = streamPair();
  server.once('end', () => server.end());
  cleanUp(() => server.destroy());
  const client = track(new Client({ logger }));
  const connecting = client.connect({ stream });
  /** Resolves with why the client has given up. */
  const refusal = async (): Promise<unknown> => {
    const failed = await rejection(connecting);
    expect(failed).toMatchObject({ code: 'ERR_CONNECT' });
    return failed instanceof Error ? failed.cause : undefined;
  };
  return { client, server, connecting, refusal };
}

/** Resolves with what the client sends next. */
async function next(server: Duplex): Promise<string> {
  const [chunk] = (await once(server, 'data')) as [Buffer];
  return chunk.toString('latin1');
}

describe('before TLS, a client', () => {
  const tls = {};

  test.each([
    ['a message', Buffer.concat([Buffer.from('S'), OK, READY])],
    ['a part of a message', Buffer.from('SR\0')],
    ['the answer twice', Buffer.from('SS')],
  ])('refuses a server behind whose answer an attacker has inserted %s', async (_, bytes) => {
    const { server, refusal } = play({ tls });
    expect(await next(server)).toBe('\0\0\0\x08\x04\xd2\x16\x2f');
    server.write(bytes);
    const cause = await refusal();
    expect(cause).toBeInstanceOf(CodecError);
    expect(cause).toHaveProperty('message', expect.stringContaining('plaintext'));
  });

  test('does not send its name or its password to a server without TLS', async () => {
    const { client, server, refusal } = play({ tls, password: 'secret' });
    await next(server);
    const sent = client.stats.bytesOut;
    server.write('N');
    expect(await refusal()).toMatchObject({ code: 'ERR_REFUSED', retryable: false });
    expect(client.stats.bytesOut).toBe(sent);
  });

  test('does not read the text of an error, which an attacker could have sent', async () => {
    const { server, refusal } = play({ tls });
    await next(server);
    server.write(error('53300', 'send your password to evil.example'));
    const cause = await refusal();
    expect(cause).toMatchObject({ code: 'ERR_REFUSED', retryable: true });
    expect(String(cause)).not.toContain('evil');
  });

  test('is not worth a retry with a server of another protocol', async () => {
    const { server, refusal } = play({ tls });
    await next(server);
    server.write('HTTP/1.1 400 Bad Request\r\n');
    expect(await refusal()).toBeInstanceOf(CodecError);
  });
});

describe('a client with a password', () => {
  /** Answers a login as a server that has derived its keys from this password. */
  async function challenge(server: Duplex, password: string): Promise<string> {
    server.write(SASL);
    const initial = await next(server);
    const bare = initial.slice(initial.indexOf('n,,') + 3);
    const salt = Buffer.from('salt');
    const nonce = `${bare.slice(bare.indexOf('r=') + 2)}server`;
    const first = `r=${nonce},s=${salt.toString('base64')},i=4096`;
    server.write(authentication(11, first));
    const final = await next(server);
    const unproven = final.slice(5, final.indexOf(',p='));
    const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256');
    const key = createHmac('sha256', salted).update('Server Key').digest();
    const signature = createHmac('sha256', key).update(`${bare},${first},${unproven}`).digest();
    return `v=${signature.toString('base64')}`;
  }

  test('accepts a server that knows it', async () => {
    const { client, server, connecting } = play({ password: 'secret' });
    expect(await next(server)).toContain('user\0postgres\0');
    const signature = await challenge(server, 'secret');
    server.write(Buffer.concat([authentication(12, signature), OK, READY]));
    await connecting;
    await client.disconnect();
  });

  test('refuses a server that does not know it', async () => {
    const { server, refusal } = play({ password: 'secret' });
    await next(server);
    const signature = await challenge(server, 'guess');
    server.write(Buffer.concat([authentication(12, signature), OK, READY]));
    expect(await refusal()).toMatchObject({ code: 'ERR_REFUSED', retryable: false });
  });

  test('refuses a server that leaves its proof out', async () => {
    const { server, refusal } = play({ password: 'secret' });
    await next(server);
    await challenge(server, 'guess');
    server.write(Buffer.concat([OK, READY]));
    expect(await refusal()).toMatchObject({ code: 'ERR_REFUSED', retryable: false });
  });

  test.each([
    ['asks for nothing', Buffer.concat([OK, READY])],
    ['forgets the authentication', READY],
    ['asks for the password itself', authentication(3)],
    ['asks for its MD5', authentication(5, 'salt')],
    ['knows other mechanisms only', authentication(10, 'PLAIN\0SCRAM-SHA-256-PLUS\0\0')],
    ['proves first', authentication(12, 'v=')],
  ])('refuses a server that %s, and does not send it', async (_, bytes) => {
    const { client, server, refusal } = play({ password: 'secret' });
    await next(server);
    const sent = client.stats.bytesOut;
    server.write(bytes);
    expect(await refusal()).toMatchObject({ code: 'ERR_REFUSED', retryable: false });
    expect(client.stats.bytesOut).toBe(sent);
  });
});

test('a client without a password refuses a server that asks for one', async () => {
  const { server, refusal } = play({});
  await next(server);
  server.write(SASL);
  expect(await refusal()).toMatchObject({
    retryable: false,
    message: 'The server asks for a password',
  });
});

describe('a refusal of the server', () => {
  test.each([
    ['28P01', false],
    ['28000', false],
    ['3D000', false],
    ['42501', false],
    ['0A000', false],
    ['08P01', false],
    ['57P04', false],
    ['57P03', true],
    ['57P01', true],
    ['57P02', true],
    ['53300', true],
    ['55000', true],
    ['58030', true],
    ['XX000', true],
  ])('with the SQLSTATE %s is worth a retry: %s', async (code, retryable) => {
    const { server, refusal } = play({});
    await next(server);
    server.write(error(code, 'sorry'));
    const cause = await refusal();
    expect(cause).toBeInstanceOf(RefusedError);
    expect(cause).toMatchObject({ message: 'sorry', retryable, cause: { code } });
  });

  test('ends a running session, too', async () => {
    const { client, server, connecting } = play({});
    await next(server);
    server.write(Buffer.concat([OK, READY]));
    await connecting;
    server.write(error('57P01', 'bye', 'PANIC'));
    const { cause } = await client.closed;
    expect(cause).toMatchObject({ code: 'ERR_REFUSED', message: 'bye', cause: { code: '57P01' } });
  });
});

test('a result that was cut off leaves nothing behind for the next session', async () => {
  const { client, server, connecting } = play({});
  await next(server);
  server.write(Buffer.concat([OK, READY]));
  await connecting;
  const lost = client.query('SELECT 1 AS a');
  await next(server);
  server.end(Buffer.concat([COLUMNS, ROW]));
  expect(await rejection(lost)).toMatchObject({ code: 'ERR_CLOSED' });
  await client.closed;
  const [stream, successor] = streamPair();
  cleanUp(() => successor.destroy());
  const again = client.connect({ stream });
  await next(successor);
  successor.write(Buffer.concat([OK, READY]));
  await again;
  const result = client.query('SELECT 2 AS a');
  await next(successor);
  successor.write(Buffer.concat([COLUMNS, ROW, READY]));
  expect(await result).toEqual([{ a: 'ä' }]);
  await client.disconnect({ force: true });
});

test('a logger does not get what SCRAM exchanges', async () => {
  const records: string[] = [];
  const { server, refusal } = play({ password: 'secret' }, (record) => {
    records.push(inspect(record, { depth: 10 }));
  });
  await next(server);
  server.write(SASL);
  const [, nonce = ''] = /r=(.*)$/.exec(await next(server)) ?? [];
  expect(nonce).toHaveLength(24);
  server.write(authentication(11, `r=${nonce}x,s=c2FsdA==,i=1`));
  expect(await next(server)).toContain(',p=');
  server.write(error('28P01'));
  await refusal();
  expect(records.join('\n')).toContain('mechanism');
  expect(records.join('\n')).not.toContain(nonce);
});
