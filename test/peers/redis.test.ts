/** The example of a Redis client, with a real server. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Redis, RedisError } from '../../examples/redis/client.ts';
import { type Command, Push, RespError } from '../../examples/redis/codec.ts';
import {
  ArgumentError,
  ClosedError,
  ConnectError,
  isWirechartError,
  RefusedError,
  type SpawnedPeer,
  spawnPeer,
  supervise,
  TimeoutError,
} from '../../src/index.ts';
import { expectIdleAfterEach, tempDir, track } from '../support/cleanup.ts';
import { describePeer } from '../support/real-peers.ts';
import { redis, RedisServer } from '../support/redis.ts';
import { runExample } from '../support/run-example.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

class Guest extends Redis {
  override hello: Command = ['AUTH', 'guest', 'secret', 'SETNAME', 'guest'];
}

/** Why an attempt to connect was refused. */
async function refusal(connecting: Promise<void>): Promise<RefusedError> {
  const error = await rejection(connecting);
  if (error instanceof ConnectError && error.cause instanceof RefusedError) return error.cause;
  throw new Error('There was no refusal', { cause: error });
}

describePeer('redis-server', (path) => {
  async function setUp(...args: readonly string[]) {
    const server = await RedisServer.start(path, ...args);
    const client = redis();
    await client.connect(server.address);
    return { server, client };
  }

  test('the handshake agrees on RESP3, and keeps what the server says of itself', async () => {
    const { client } = await setUp();
    expect(client.negotiated).toBeInstanceOf(Map);
    const info = client.negotiated as ReadonlyMap<unknown, unknown>;
    expect(Object.fromEntries(info)).toMatchObject({ server: 'redis', proto: 3 });
    await client.disconnect();
    expect(client.outcome).toEqual({ suppressed: [], undelivered: 0 });
  });

  test('replies have the types of RESP3', async () => {
    const { client } = await setUp();
    expect(await client.command('SET', 'text', 'hé\r\nllo')).toBe('OK');
    expect(await client.command('GET', 'text')).toBe('hé\r\nllo');
    expect(await client.command('GET', 'nothing')).toBeNull();
    expect(await client.command('INCRBY', 'big', '9007199254740993')).toBe(9007199254740993n);
    expect(await client.command('HSET', 'hash', 'a', 1, 'b', 2)).toBe(2);
    const hash = new Map([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(await client.command('HGETALL', 'hash')).toEqual(hash);
    expect(await client.command('SADD', 'set', 'x', 'y')).toBe(2);
    expect(await client.command('SMEMBERS', 'set')).toEqual(new Set(['x', 'y']));
    expect(await client.command('ZADD', 'scores', 1.5, 'x')).toBe(1);
    expect(await client.command('ZSCORE', 'scores', 'x')).toBe(1.5);
    expect(
      await client.command('EVAL', 'redis.setresp(3); return {true, {double=0.5}}', 0),
    ).toEqual([true, 0.5]);
    expect(await client.command('SET', 'bytes', Buffer.from([0xff, 0xfe, 0]))).toBe('OK');
    expect(await client.command('STRLEN', 'bytes')).toBe(3);
    await client.disconnect();
  });

  test('each command gets its own reply, however many wait for theirs', async () => {
    const { client } = await setUp();
    const sums = Array.from({ length: 10_000 }, () => client.command('INCR', 'n'));
    expect(await Promise.all(sums)).toEqual(sums.map((_, at) => at + 1));
    await client.disconnect();
  });

  test('a reply of 16 MiB, in an array, arrives whole', async () => {
    const { client } = await setUp();
    await client.command('SETRANGE', 'large', 8_000_000, 'end');
    const [first, second] = (await client.command('MGET', 'large', 'large')) as string[];
    expect([first?.length, second?.endsWith('end')]).toEqual([8_000_003, true]);
    await client.disconnect();
  });

  test('an error reply rejects its command only, and has a code', async () => {
    const { client } = await setUp();
    const [set, pushed, got] = [
      client.command('SET', 'text', 'a'),
      rejection(client.command('LPUSH', 'text', 'b')),
      client.command('GET', 'text'),
    ];
    const error = await pushed;
    expect(error).toBeInstanceOf(RedisError);
    expect(isWirechartError(error) && error.code).toBe('ERR_REDIS');
    expect(error).toMatchObject({ reply: { code: 'WRONGTYPE' } });
    expect([await set, await got]).toEqual(['OK', 'a']);
    await client.disconnect();
  });

  test('an error within the reply of a transaction is a part of it', async () => {
    const { client } = await setUp();
    const replies = await Promise.all([
      client.command('MULTI'),
      client.command('SET', 'text', 'a'),
      client.command('LPUSH', 'text', 'b'),
      client.command('EXEC'),
    ]);
    expect(replies[3]).toEqual(['OK', expect.any(RespError)]);
    await client.disconnect();
  });

  test('messages of channels are delivered apart from the replies', async () => {
    const { server, client } = await setUp();
    expect(await client.command('SUBSCRIBE', 'news')).toEqual(new Push('subscribe', ['news', 1]));
    expect(await client.command('psubscribe', 'w*')).toEqual(new Push('psubscribe', ['w*', 2]));
    const other = redis();
    await other.connect(server.address);
    const published = Array.from({ length: 100 }, (_, at) => [
      other.command('PUBLISH', 'news', at),
      client.command('ECHO', at),
    ]);
    const replies = await Promise.all(published.flat());
    expect(replies.filter((_, at) => at % 2 === 1)).toEqual(published.map((_, at) => String(at)));
    await other.command('PUBLISH', 'weather', 'rain');
    await client.pushes.next(({ kind }) => kind === 'pmessage');
    const expected = published.map((_, at) => new Push('message', ['news', String(at)]));
    expect(client.pushes.all).toEqual([
      ...expected,
      new Push('pmessage', ['w*', 'weather', 'rain']),
    ]);
    expect(await client.command('UNSUBSCRIBE', 'news')).toEqual(
      new Push('unsubscribe', ['news', 1]),
    );
    await Promise.all([client.disconnect(), other.disconnect()]);
  });

  test('several channels in one command are refused, because they have several replies', async () => {
    const { client } = await setUp();
    for (const words of [['SUBSCRIBE', 'a', 'b'], ['UNSUBSCRIBE']]) {
      expect(await rejection(client.command(...words))).toBeInstanceOf(ArgumentError);
    }
    expect(await client.command('PING')).toBe('PONG');
    await client.disconnect();
  });

  test('the server reports which keys of a client-side cache have changed', async () => {
    const { server, client } = await setUp();
    await client.command('CLIENT', 'TRACKING', 'ON');
    await client.command('GET', 'cached');
    const other = redis();
    await other.connect(server.address);
    await other.command('SET', 'cached', 'new');
    const invalidated = await client.pushes.next(({ kind }) => kind === 'invalidate');
    expect(invalidated.values).toEqual([['cached']]);
    await Promise.all([client.disconnect(), other.disconnect()]);
  });

  test('a missing or wrong password is a final refusal, and the password is not logged', async () => {
    const { server, client } = await setUp();
    await client.command('ACL', 'SETUSER', 'default', '>hunter2');
    await client.command('ACL', 'SETUSER', 'guest', 'on', '>secret', '+@all', '~*');
    await client.disconnect();
    const missing = await refusal(client.connect(server.address));
    expect([missing.message, missing.retryable]).toEqual([
      expect.stringMatching(/^NOAUTH /),
      false,
    ]);
    const records: string[] = [];
    const guest = track(
      new Guest({ logger: (record) => void records.push(JSON.stringify(record)) }),
    );
    await guest.connect(server.address);
    expect(await guest.command('CLIENT', 'GETNAME')).toBe('guest');
    await guest.command('ACL', 'SETUSER', 'guest', 'resetpass', '>other');
    await guest.disconnect();
    const wrong = await refusal(guest.connect(server.address));
    expect([wrong.message, wrong.retryable]).toEqual([expect.stringMatching(/^WRONGPASS /), false]);
    expect(records.join('\n')).toContain('AUTH …');
    expect(
      records.filter((record) => record.includes('HELLO') && record.includes('secret')),
    ).toEqual([]);
  });

  test('a server that has too many clients, or loads its data, may be tried again', async () => {
    const { server, client } = await setUp('--maxclients', '1');
    // It says why, and closes: a client may notice only that it cannot write any more.
    const crowded = await rejection(redis().connect(server.address));
    expect(crowded).toMatchObject({ code: 'ERR_CONNECT', retryable: true });
    await client.command('EVAL', "for i = 1, 2000 do redis.call('SET', 'key' .. i, i) end", 0);
    await client.command('SAVE');
    await client.disconnect();
    await server.kill();
    // A tenth of a second for each hundred keys.
    await server.start(
      '--key-load-delay',
      '1000',
      '--loading-process-events-interval-bytes',
      '1024',
    );
    const loading = await refusal(client.connect(server.address));
    expect([loading.message, loading.retryable]).toEqual([
      expect.stringMatching(/^LOADING /),
      true,
    ]);
  });

  test('a supervised client is up again when the restarted server has loaded its data', async () => {
    const { server, client } = await setUp();
    await client.command('EVAL', "for i = 1, 2000 do redis.call('SET', 'key' .. i, i) end", 0);
    await client.command('SAVE');
    await client.disconnect();
    const supervisor = supervise(Redis, server.address, { backoff: { initial: 20, max: 50 } });
    const pending = (await supervisor.up()).command('BLPOP', 'nothing', 0);
    await server.kill();
    expect(await rejection(pending)).toBeInstanceOf(ClosedError);
    await server.start(
      '--key-load-delay',
      '300',
      '--loading-process-events-interval-bytes',
      '1024',
    );
    expect(await (await supervisor.up()).command('DBSIZE')).toBe(2000);
    const outage = supervisor.failures.at(-1);
    expect(outage?.cause.cause).toMatchObject({ code: 'ERR_REFUSED', retryable: true });
    await supervisor.stop();
  });

  test('a supervisor starts the server again when that has died', async () => {
    const socket = join(await tempDir(), 'redis.sock');
    const servers: SpawnedPeer[] = [];
    const args = ['--port', '0', '--unixsocket', socket, '--save', ''];
    const start = () => {
      const server = spawnPeer(path, args, { listens: socket });
      servers.push(server);
      return server.address;
    };
    const supervisor = supervise(Redis, start, { backoff: { initial: 5 } });
    const client = await supervisor.up();
    await client.command('SET', 'key', 'lost');
    servers[0]?.kill('SIGKILL');
    await client.closed;
    expect(await (await supervisor.up()).command('GET', 'key')).toBeNull();
    await supervisor.stop();
    expect(await Promise.all(servers.map(({ exited }) => exited))).toMatchObject([
      { signal: 'SIGKILL' },
      { exitCode: 0 },
    ]);
  });

  test('disconnect() waits for the replies to all commands', async () => {
    const { client } = await setUp();
    const replies = Array.from({ length: 1000 }, () => client.command('INCR', 'n'));
    await client.disconnect();
    expect((await Promise.all(replies)).at(-1)).toBe(1000);
    expect(client.outcome).toEqual({ suppressed: [], undelivered: 0 });
  });

  test('disconnect() gives up a command that has no reply, after its deadline', async () => {
    const server = await RedisServer.start(path);
    const client = track(new Redis({ timeouts: { drain: 50 } }));
    await client.connect(server.address);
    const pending = rejection(client.command('BLPOP', 'nothing', 0));
    await client.disconnect();
    expect(await pending).toBeInstanceOf(ClosedError);
    expect(client.outcome?.suppressed).toEqual([expect.any(TimeoutError)]);
  });

  test('the program of the example prints what happens, and ends', async () => {
    const output = await runExample('redis/run.ts', join(await tempDir(), 'redis.sock'));
    expect(output.split('\n')).toEqual([
      'visits 1000',
      'RedisError: WRONGTYPE Operation against a key holding the wrong kind of value',
      "invalidate [ [ 'visits' ] ]",
      "message [ 'news', 'it works' ]",
      '',
    ]);
  });
});
