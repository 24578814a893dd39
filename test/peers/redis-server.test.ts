/** The example of a RESP server, with clients that were not written for it. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis as IoRedis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { RespError } from '../../examples/redis/codec.ts';
import { createRespServer } from '../../examples/redis/server.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { describePeer } from '../support/real-peers.ts';
import { redis } from '../support/redis.ts';
import { rejection } from '../support/signal.ts';
import { ROOT } from '../support/source-packages.ts';

expectIdleAfterEach();

const run = promisify(execFile);

async function listen() {
  const server = createRespServer();
  cleanUp(() => server.close({ force: true }));
  const path = join(await tempDir(), 'resp.sock');
  await server.listen({ path });
  return { server, path };
}

/** Runs a program with the given standard input, and resolves with its output. */
async function runWith(input: string, program: string, args: readonly string[]): Promise<string> {
  const running = run(program, args);
  running.child.stdin?.end(input);
  return (await running).stdout;
}

describePeer('redis-cli', (cli) => {
  test.each(['-2', '-3'])('redis-cli %s gets and sets values', async (version) => {
    const { path } = await listen();
    const input = [
      ...['SET greeting "hello world"', 'GET greeting', 'INCRBY n 41', 'INCR n', 'INCR greeting'],
      ...['GET nothing', 'DEL greeting n m', 'GET', 'FLY away', 'ECHO "\\xff\\x00"'],
    ];
    const output = await runWith(input.join('\n'), cli, ['-s', path, version, '--no-raw']);
    expect(output.split('\n')).toEqual([
      ...['OK', '"hello world"', '(integer) 41', '(integer) 42'],
      ...['(error) ERR value is not an integer', '(nil)', '(integer) 2'],
      ...["(error) ERR wrong number of arguments for 'GET'", "(error) ERR unknown command 'FLY'"],
      ...['"\\xff\\x00"', ''],
    ]);
  });
});

describePeer('redis-benchmark', (benchmark) => {
  test(
    'redis-benchmark runs its tests with 50 clients, pipelined',
    { timeout: 60_000 },
    async () => {
      const { server, path } = await listen();
      const tests = ['-t', 'ping,set,get,incr', '-n', '2000', '-c', '50', '-P', '16', '-q'];
      const { stdout } = await run(benchmark, ['-s', path, ...tests]);
      const done = stdout.match(/^.*(?=: [\d.]+ requests per second)/gm);
      expect(done?.map((line) => line.split('\r').at(-1))).toEqual([
        ...['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR'],
      ]);
      expect(server.stats.failed).toBe(0);
    },
  );
});

describe('ioredis', () => {
  function client(path: string): IoRedis {
    const io = new IoRedis({ path, lazyConnect: true, retryStrategy: () => null });
    cleanUp(() => {
      io.disconnect();
    });
    return io;
  }

  test('ioredis gets and sets values, pipelined', async () => {
    const { path } = await listen();
    const io = client(path);
    await io.connect();
    expect(await io.set('text', 'hé')).toBe('OK');
    const sums = Array.from({ length: 1000 }, () => io.incr('n'));
    expect((await Promise.all(sums)).at(-1)).toBe(1000);
    expect(await io.get('text')).toBe('hé');
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await io.set('bytes', bytes);
    expect(await io.getBuffer('bytes')).toEqual(bytes);
    expect(await rejection(io.call('FLY'))).toHaveProperty('message', "ERR unknown command 'FLY'");
    expect(await io.del('text', 'n', 'bytes')).toBe(3);
    io.disconnect();
    await once(io, 'end');
  });
});

describe('The RESP server', () => {
  test('serves the client of the other example, in RESP3', async () => {
    const { path } = await listen();
    const client = redis();
    await client.connect(path);
    expect(client.negotiated).toEqual(new Map(Object.entries({ server: 'wirechart', proto: 3 })));
    expect(await client.command('SET', 'a', 'é')).toBe('OK');
    expect(await client.command('GET', 'a')).toBe('é');
    expect(await client.command('GET', 'b')).toBeNull();
    expect(await rejection(client.command('FLY'))).toHaveProperty('reply', expect.any(RespError));
    await client.disconnect();
  });

  test('reads no further commands of a client that does not read its replies', async () => {
    const { server, path } = await listen();
    const value = 'x'.repeat(100_000);
    const other = redis();
    await other.connect(path);
    await other.command('SET', 'large', value);
    const socket = connect({ path }).pause();
    cleanUp(() => socket.destroy());
    const gets = 20_000;
    socket.write('GET large\r\n'.repeat(gets));
    // The other client is served meanwhile.
    for (let at = 0; at < 200; at += 1) await other.command('PING');
    const read = server.stats.messagesIn;
    expect(read - 202).toBeGreaterThan(0);
    expect(read - 202).toBeLessThan(100);
    let received = 0;
    const size = value.length + '$100000\r\n\r\n'.length;
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received >= 500 * size) resolve();
      });
      socket.resume();
    });
    await other.disconnect();
  });

  test('ends the session of a client that sends anything but commands', async () => {
    const { server, path } = await listen();
    for (const wire of ['$3\r\nGET\r\n', '*1\r\n:1\r\n', '*1\r\n*1\r\n$4\r\nPING\r\n']) {
      const socket = connect({ path });
      socket.end(wire);
      socket.resume();
      await once(socket, 'close');
    }
    expect(server.stats.failed).toBe(3);
    await server.close();
  });

  test('as a program it listens at the port that is given', async () => {
    const args = ['--import', 'tsx', 'examples/redis/server.ts', '0'];
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    cleanUp(async () => {
      child.kill();
      await closed;
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const [, port] = /^Listening on port (\d+)$/.exec(line) ?? [];
    const client = redis();
    await client.connect({ port: Number(port) });
    expect(await client.command('PING')).toBe('PONG');
    await client.disconnect();
  });
});
