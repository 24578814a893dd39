/** Children that listen, as real servers do it: Redis at a path, NATS at a port that it chooses itself, mosquitto. */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  lines,
  ProcessError,
  type ProtocolDefinition,
  spawnPeer,
  type SpawnedPeer,
  supervise,
} from '../../src/index.ts';
import { killAfterTest } from '../support/children.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { listen } from '../support/peers.ts';
import { living } from '../support/processes.ts';
import { describePeer, freePort } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const PATIENT = { timeouts: { connect: 60_000, close: 30_000 } };
/** A busy machine takes its time to end a server. */
const SLOW = { exit: 500, terminate: 20_000 };

describePeer('redis-server', (path) => {
  /** Redis answers `PING` on a line of its own, too. */
  const ping: ProtocolDefinition<string> = {
    codec: lines({ terminator: '\r\n' }),
    handshake: async ({ send, receive }) => {
      await send('PING');
      expect(await receive()).toBe('+PONG');
    },
  };
  const redis = (socket: string, ...args: readonly string[]): SpawnedPeer =>
    killAfterTest(
      spawnPeer(path, ['--port', '0', '--unixsocket', socket, '--save', '', ...args], {
        listens: socket,
        timeouts: SLOW,
      }),
    );
  const freeSocket = async () => join(await tempDir(), 'redis.sock');

  test('is dialed as soon as it listens, and has ended with the session', async () => {
    const peer = redis(await freeSocket());
    const protocol = createProtocol(ping, PATIENT);
    await protocol.connect(peer.address);
    expect(living(peer.pid)).toEqual([peer.pid]);
    await protocol.disconnect();
    expect(protocol.outcome).toEqual({ suppressed: [], undelivered: 0 });
    expect(living(peer.pid)).toEqual([]);
    // Redis saves and exits by itself at SIGTERM.
    expect(await peer.exited).toMatchObject({ exitCode: 0, signal: null });
  });

  test('that does not know a flag is the reason, without a wait for the deadline', async () => {
    const socket = await freeSocket();
    const peer = redis(socket, '--no-such-flag', 'yes');
    const forever = { timeouts: { connect: Infinity } };
    const error = await rejection(createProtocol(ping, forever).connect(peer.address));
    expect(error).toMatchObject({ phase: 'connection', cause: { exitCode: 1 } });
    expect(error).toHaveProperty('cause', expect.any(ProcessError));
    expect(error).toHaveProperty('message', expect.stringMatching(/no-such-flag/));
  });

  test('that makes a daemon of itself is told to stay in the foreground', async () => {
    const [socket, pidFile] = [await freeSocket(), join(await tempDir(), 'pid')];
    const peer = redis(socket, '--daemonize', 'yes', '--pidfile', pidFile);
    const protocol = createProtocol(ping, PATIENT);
    // The daemon may listen before the exit of the program is known; then the session ends.
    const error = await protocol.connect(peer.address).then(
      async () => (await protocol.closed).cause,
      (reason: unknown) => reason,
    );
    expect(String(error)).toMatch(/code 0.*(foreground|still holds)/);
    await peer.exited;
    // The daemon is out of reach of its session, and may still be starting.
    let daemon = 0;
    while (daemon === 0) daemon = Number(await readFile(pidFile, 'utf8').catch(() => ''));
    process.kill(daemon, 'SIGKILL');
  });

  test('that is killed comes back under supervision, at the same path', async () => {
    const socket = await freeSocket();
    const peers: SpawnedPeer[] = [];
    const address = () => {
      const peer = redis(socket);
      peers.push(peer);
      return peer.address;
    };
    const supervisor = supervise(ping, address, { ...PATIENT, backoff: { initial: 1 } });
    cleanUp(() => supervisor.stop());
    await supervisor.up();
    for (let round = 1; round <= 3; round += 1) {
      const { closed } = await supervisor.up();
      expect(peers).toHaveLength(round);
      peers.at(-1)?.kill('SIGKILL');
      expect((await closed).cause).toMatchObject({ signal: 'SIGKILL' });
      await supervisor.up();
    }
    await supervisor.stop();
    expect(peers.flatMap(({ pid }) => living(pid))).toEqual([]);
  });

  test('is not started where another one listens', async () => {
    const socket = await freeSocket();
    const first = createProtocol(ping, PATIENT);
    await first.connect(redis(socket).address);
    const second = redis(socket);
    const error = await rejection(createProtocol(ping, PATIENT).connect(second.address));
    expect(error).toMatchObject({ cause: { cause: { code: 'EADDRINUSE' } } });
    expect(second.pid).toBeUndefined();
    await first.send('PING');
    await first.disconnect();
  });
});

describePeer('nats-server', (path) => {
  const greeted: ProtocolDefinition<string> = {
    codec: lines({ terminator: '\r\n' }),
    handshake: async ({ receive }) => {
      expect(await receive()).toMatch(/^INFO \{/);
    },
  };

  test('is dialed at the port that it has chosen, and has written to a file', async () => {
    const directory = await tempDir();
    const args = ['--addr', '127.0.0.1', '--port', '-1', '--ports_file_dir', directory];
    const peer = killAfterTest(
      spawnPeer(path, args, {
        listens: async ({ pid }) => {
          const file = await readFile(join(directory, `nats-server_${String(pid)}.ports`), 'utf8');
          return /nats:\/\/([\d.:]+)/.exec(file)?.[1]?.replace(/^/, 'tcp:');
        },
        timeouts: SLOW,
      }),
    );
    const protocol = createProtocol(greeted, PATIENT);
    await protocol.connect(peer.address);
    expect(protocol.remote).toMatchObject({ address: '127.0.0.1', pid: peer.pid });
    await protocol.disconnect();
    expect(living(peer.pid)).toEqual([]);
  });

  test('is not started at a port that is in use', async () => {
    const port = await freePort();
    const stranger = createServer((socket) => socket.resume());
    await listen(stranger, { host: '127.0.0.1', port });
    cleanUp(() => stranger.close());
    const listens = `tcp:127.0.0.1:${String(port)}`;
    const peer = killAfterTest(
      spawnPeer(path, ['--addr', '127.0.0.1', '--port', String(port)], { listens }),
    );
    const error = await rejection(createProtocol(greeted, PATIENT).connect(peer.address));
    expect(error).toMatchObject({ retryable: true, cause: { cause: { code: 'EADDRINUSE' } } });
    expect(error).toHaveProperty('message', expect.stringContaining(`127.0.0.1:${String(port)}`));
    expect(peer.pid).toBeUndefined();
  });
});

describePeer('mosquitto', (path) => {
  test('is dialed at a port, and ends with the session', async () => {
    const port = await freePort();
    const peer = killAfterTest(
      spawnPeer(path, ['-p', String(port)], { listens: { port }, timeouts: SLOW }),
    );
    const protocol = createProtocol({ codec: lines() }, PATIENT);
    await protocol.connect(peer.address);
    await protocol.disconnect();
    expect(living(peer.pid)).toEqual([]);
    expect(await peer.exited).toMatchObject({ exitCode: 0 });
  });
});
