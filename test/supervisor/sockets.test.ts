/** Peers that disappear and return, with real sockets, in real time. */

import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  ConnectError,
  jsonLines,
  lines,
  ProtocolServer,
  supervise,
  type SuperviseOptions,
  type Supervisor,
} from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { faults, type ScriptedQmpServer } from '../../src/testing/index.ts';
import { expectNoHandles } from '../support/handles.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { createServer, namesOf } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** Short waits, of random length. */
const SHORT_BACKOFF = { backoff: { initial: 2, max: 20 } };

/** Stops a supervisor after the test. */
const stopAfterTest = <C>(supervisor: Supervisor<C>): Supervisor<C> => {
  cleanUp(() => supervisor.stop({ force: true }));
  return supervisor;
};
const superviseQmp = (address: string, options: SuperviseOptions<QmpClient> = {}) =>
  stopAfterTest(supervise(QmpClient, address, { ...SHORT_BACKOFF, ...options }));

/** Resolves when the supervisor enters the state. */
async function entered(supervisor: Supervisor<unknown>, state: string): Promise<void> {
  for await (const next of supervisor.states()) if (next === state) return;
}

describe('a peer at a UNIX socket', () => {
  const address = async () => `${await tempDir()}/peer.sock`;

  it('that does not listen yet is connected when it does', async () => {
    const path = await address();
    const supervisor = stopAfterTest(supervise({ codec: lines() }, path, SHORT_BACKOFF));
    await entered(supervisor, 'WAITING');
    const peer = await rawPeer(undefined, { path });
    const client = await supervisor.up();
    await client.send('hello');
    await peer.receivedBytes(6);
    expect(peer.received()).toBe('hello\n');
    expect(supervisor.failures[0]?.cause).toMatchObject({
      retryable: true,
      cause: { code: 'ENOENT' },
    });
  });

  it('that disappears and returns is connected again', async () => {
    const path = await address();
    const received: string[] = [];
    const startPeer = () =>
      rawPeer((socket) => socket.on('data', (chunk) => received.push(chunk.toString())), { path });
    const supervisor = stopAfterTest(supervise({ codec: lines() }, path, SHORT_BACKOFF));
    for (let round = 1; round <= 5; round += 1) {
      const { server, sockets, connected } = await startPeer();
      const client = await supervisor.up();
      const socket = await connected;
      const received = once(socket, 'data');
      await client.send(`round ${String(round)}`);
      await received;
      const lost = entered(supervisor, 'WAITING');
      const closed = once(server, 'close');
      server.close();
      for (const each of sockets) each.destroy();
      await Promise.all([lost, closed]);
      await rm(path, { force: true });
    }
    expect(received).toEqual([1, 2, 3, 4, 5].map((round) => `round ${String(round)}\n`));
    expect(supervisor.ups).toBe(5);
    await supervisor.stop();
    await expectNoHandles();
  });

  it('that accepts and closes at once does not reset the backoff', async () => {
    const path = await address();
    const peer = await rawPeer((socket) => socket.destroy(), { path });
    const options = { backoff: { initial: 1, max: 8, random: () => 1 }, attempts: 6 };
    const supervisor = stopAfterTest(supervise({ codec: lines() }, path, options));
    const startMs = performance.now();
    await entered(supervisor, 'GIVEN_UP');
    // 1 + 2 + 4 + 8 + 8; a timer of Node may fire a millisecond early.
    expect(performance.now() - startMs).toBeGreaterThan(18);
    expect(peer.sockets).toHaveLength(6);
    expect(supervisor.failures).toHaveLength(6);
  });

  it('leaves no socket open when stop() is called during an attempt', async () => {
    const path = await address();
    const supervisor = superviseQmp(path);
    const peer = await rawPeer(undefined, { path });
    await peer.connected; // It sends nothing.
    expect(supervisor.state).toBe('CONNECTING');
    await supervisor.stop();
    for (const socket of peer.sockets) socket.destroy();
    peer.server.close();
    await expectNoHandles();
  });
});

it('an address function leads from a lost peer to another', async () => {
  const [first, second] = await Promise.all([rawPeer(), rawPeer()]);
  const supervisor = stopAfterTest(
    supervise(
      { codec: lines() },
      (attempt) => (attempt === 1 ? first : second).address,
      SHORT_BACKOFF,
    ),
  );
  await supervisor.up();
  first.server.close();
  const lost = entered(supervisor, 'FAILING');
  for (const socket of first.sockets) socket.destroy();
  await lost;
  await supervisor.up();
  expect(second.sockets).toHaveLength(1);
});

describe('a QMP client', () => {
  const startServer = async (path: string): Promise<ScriptedQmpServer> => {
    const server = createServer({ address: path });
    await server.listen();
    return server;
  };

  it('can subscribe again and query the current state in onUp, in every session', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    const received: string[] = [];
    const supervisor = superviseQmp(path, {
      onUp: async (qmp) => {
        const { status } = await qmp.execute('query-status');
        received.push(status);
        // The iterator ends with its session, so each session needs a new one.
        const events = qmp.events('STOP');
        void namesOf(events, 1).then(
          (names) => received.push(...names),
          () => undefined,
        );
      },
    });
    for (let round = 1; round <= 3; round += 1) {
      const server = await startServer(path);
      const qmp = await supervisor.up();
      expect(qmp.greeting).toBeDefined();
      const stopped = qmp.waitFor('STOP');
      server.emit('STOP');
      await stopped;
      const lost = entered(supervisor, 'WAITING');
      await server.close();
      await lost;
      expect(supervisor.ups).toBe(round);
    }
    expect(received).toEqual(Array.from({ length: 3 }, () => ['prelaunch', 'STOP']).flat());
  });

  it('keeps its listeners in every session, because the client stays the same', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    const supervisor = superviseQmp(path);
    let events = 0;
    supervisor.client.on('RESET', () => {
      events += 1;
    });
    for (let round = 1; round <= 2; round += 1) {
      const server = await startServer(path);
      const qmp = await supervisor.up();
      const received = qmp.waitFor('RESET');
      server.emit('RESET');
      await received;
      expect(events).toBe(round);
      const lost = entered(supervisor, 'WAITING');
      await server.close();
      await lost;
    }
  });

  it('stops the supervisor with `quit`', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    await startServer(path);
    const supervisor = superviseQmp(path);
    const qmp = await supervisor.up();
    const stopped = entered(supervisor, 'STOPPED');
    await qmp.execute('quit');
    await stopped;
    expect(supervisor.failures).toEqual([]);
  });

  it('makes the supervisor give up when the greeting is not one of QMP', async () => {
    const server = await rawPeer((socket) => socket.end('{"hello": "world"}\r\n'));
    const supervisor = stopAfterTest(supervise(QmpClient, server.address, SHORT_BACKOFF));
    const error = await rejection(supervisor.up());
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ phase: 'session', retryable: false });
    expect(server.sockets).toHaveLength(1);
  });

  it('is connected again until a busy monitor is free', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    await startServer(path);
    const first = new QmpClient();
    await first.connect(path);
    const supervisor = superviseQmp(path, { timeouts: { handshake: 20 } });
    await entered(supervisor, 'WAITING');
    expect(supervisor.failures[0]?.cause).toMatchObject({ phase: 'session', retryable: true });
    await first.disconnect();
    expect(await (await supervisor.up()).execute('query-status')).toBeDefined();
  });

  it('interrupts a command when its session breaks, and works again in the next session', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    const server = createServer({ address: path, commands: { migrate: faults.drop() } });
    await server.listen();
    const supervisor = superviseQmp(path);
    const qmp = await supervisor.up();
    expect(await rejection(qmp.execute('migrate'))).toMatchObject({ code: 'ERR_QMP_INTERRUPTED' });
    // The command rejects before the connection is idle; up() must not resolve with the old
    // session.
    expect(await (await supervisor.up()).execute('query-status')).toBeDefined();
    expect(supervisor.ups).toBe(2);
  });
});

it('all clients of a ProtocolServer connect again when it closes and listens again', async () => {
  const path = `${await tempDir()}/many.sock`;
  const server = new ProtocolServer({ codec: jsonLines() });
  cleanUp(() => server.close({ force: true }));
  await server.listen(path);
  const supervisors = Array.from({ length: 20 }, () =>
    stopAfterTest(supervise({ codec: jsonLines() }, path, SHORT_BACKOFF)),
  );
  await Promise.all(supervisors.map((supervisor) => supervisor.up()));
  const lost = supervisors.map((supervisor) => entered(supervisor, 'WAITING'));
  await server.close({ force: true });
  await Promise.all(lost);
  await server.listen(path);
  await Promise.all(supervisors.map((supervisor) => supervisor.up()));
  expect(supervisors.map(({ ups }) => ups)).toEqual(supervisors.map(() => 2));
  await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
  await server.close();
  await expectNoHandles();
});
