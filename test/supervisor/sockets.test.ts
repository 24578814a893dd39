/** Peers that go and come back, at real sockets, in real time. */

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
const quick = { backoff: { initial: 2, max: 20 } };

/** Stops it after the test, if that has not. */
const kept = <C>(vm: Supervisor<C>): Supervisor<C> => {
  cleanUp(() => vm.stop({ force: true }));
  return vm;
};
const superviseQmp = (address: string, options: SuperviseOptions<QmpClient> = {}) =>
  kept(supervise(QmpClient, address, { ...quick, ...options }));

/** Resolves when the supervision has entered the state. */
async function entered(vm: Supervisor<unknown>, state: string): Promise<void> {
  for await (const one of vm.states()) if (one === state) return;
}

describe('a peer at a UNIX socket', () => {
  const address = async () => `${await tempDir()}/peer.sock`;

  it('that is not there yet is found when it comes', async () => {
    const path = await address();
    const vm = kept(supervise({ codec: lines() }, path, quick));
    await entered(vm, 'WAITING');
    const peer = await rawPeer(undefined, { path });
    const client = await vm.up();
    await client.send('hello');
    await peer.receivedBytes(6);
    expect(peer.received()).toBe('hello\n');
    expect(vm.failures[0]?.cause).toMatchObject({ retryable: true, cause: { code: 'ENOENT' } });
  });

  it('that goes and comes back is spoken with again', async () => {
    const path = await address();
    const heard: string[] = [];
    const serve = () =>
      rawPeer((socket) => socket.on('data', (chunk) => heard.push(chunk.toString())), { path });
    const vm = kept(supervise({ codec: lines() }, path, quick));
    for (let round = 1; round <= 5; round += 1) {
      const { server, sockets, connected } = await serve();
      const client = await vm.up();
      const socket = await connected;
      const received = once(socket, 'data');
      await client.send(`round ${String(round)}`);
      await received;
      const gone = entered(vm, 'WAITING');
      const closed = once(server, 'close');
      server.close();
      for (const one of sockets) one.destroy();
      await Promise.all([gone, closed]);
      await rm(path, { force: true });
    }
    expect(heard).toEqual([1, 2, 3, 4, 5].map((round) => `round ${String(round)}\n`));
    expect(vm.ups).toBe(5);
    await vm.stop();
    await expectNoHandles();
  });

  it('that accepts and hangs up at once is tried no faster for it', async () => {
    const path = await address();
    const peer = await rawPeer((socket) => socket.destroy(), { path });
    const options = { backoff: { initial: 1, max: 8, random: () => 1 }, attempts: 6 };
    const vm = kept(supervise({ codec: lines() }, path, options));
    const begun = performance.now();
    await entered(vm, 'GIVEN_UP');
    // 1 + 2 + 4 + 8 + 8; a timer of Node may fire a millisecond early.
    expect(performance.now() - begun).toBeGreaterThan(18);
    expect(peer.sockets).toHaveLength(6);
    expect(vm.failures).toHaveLength(6);
  });

  it('leaves nothing open after a stop in the middle of an attempt', async () => {
    const path = await address();
    const vm = superviseQmp(path);
    const peer = await rawPeer(undefined, { path });
    await peer.connected; // and it says nothing
    expect(vm.state).toBe('CONNECTING');
    await vm.stop();
    for (const socket of peer.sockets) socket.destroy();
    peer.server.close();
    await expectNoHandles();
  });
});

it('an address function leads from a peer that is gone to another', async () => {
  const [first, second] = await Promise.all([rawPeer(), rawPeer()]);
  const vm = kept(
    supervise({ codec: lines() }, (attempt) => (attempt === 1 ? first : second).address, quick),
  );
  await vm.up();
  first.server.close();
  const gone = entered(vm, 'FAILING');
  for (const socket of first.sockets) socket.destroy();
  await gone;
  await vm.up();
  expect(second.sockets).toHaveLength(1);
});

describe('a QMP client', () => {
  const serveAt = async (path: string): Promise<ScriptedQmpServer> => {
    const server = createServer({ address: path });
    await server.listen();
    return server;
  };

  it('subscribes again, and asks for the present state, in every session', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    const heard: string[] = [];
    const vm = superviseQmp(path, {
      onUp: async (qmp) => {
        const { status } = await qmp.execute('query-status');
        heard.push(status);
        // A listener ends with its session; this one is of the new one.
        const events = qmp.events('STOP');
        void namesOf(events, 1).then(
          (names) => heard.push(...names),
          () => undefined,
        );
      },
    });
    for (let round = 1; round <= 3; round += 1) {
      const server = await serveAt(path);
      const qmp = await vm.up();
      expect(qmp.greeting).toBeDefined();
      const stopped = qmp.waitFor('STOP');
      server.emit('STOP');
      await stopped;
      const gone = entered(vm, 'WAITING');
      await server.close();
      await gone;
      expect(vm.ups).toBe(round);
    }
    expect(heard).toEqual(Array.from({ length: 3 }, () => ['prelaunch', 'STOP']).flat());
  });

  it('has its handlers in every session: they are the client', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    const vm = superviseQmp(path);
    let heard = 0;
    vm.client.on('RESET', () => {
      heard += 1;
    });
    for (let round = 1; round <= 2; round += 1) {
      const server = await serveAt(path);
      const qmp = await vm.up();
      const came = qmp.waitFor('RESET');
      server.emit('RESET');
      await came;
      expect(heard).toBe(round);
      const gone = entered(vm, 'WAITING');
      await server.close();
      await gone;
    }
  });

  it('stops with `quit`: who quits wants no other session', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    await serveAt(path);
    const vm = superviseQmp(path);
    const qmp = await vm.up();
    const stopped = entered(vm, 'STOPPED');
    await qmp.execute('quit');
    await stopped;
    expect(vm.failures).toEqual([]);
  });

  it('gives up where nobody greets as QMP does', async () => {
    const server = await rawPeer((socket) => socket.end('{"hello": "world"}\r\n'));
    const vm = kept(supervise(QmpClient, server.address, quick));
    const error = await rejection(vm.up());
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ phase: 'session', retryable: false });
    expect(server.sockets).toHaveLength(1);
  });

  it('tries a monitor that is busy again', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    await serveAt(path);
    const first = new QmpClient();
    await first.connect(path);
    const vm = superviseQmp(path, { timeouts: { handshake: 20 } });
    await entered(vm, 'WAITING');
    expect(vm.failures[0]?.cause).toMatchObject({ phase: 'session', retryable: true });
    await first.disconnect();
    expect(await (await vm.up()).execute('query-status')).toBeDefined();
  });

  it('interrupts a command when its session breaks, and goes on in the next', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    const server = createServer({ address: path, commands: { migrate: faults.drop() } });
    await server.listen();
    const vm = superviseQmp(path);
    const qmp = await vm.up();
    expect(await rejection(qmp.execute('migrate'))).toMatchObject({ code: 'ERR_QMP_INTERRUPTED' });
    // The promise is told before the connection is idle: up() does not take the old session for a new one.
    expect(await (await vm.up()).execute('query-status')).toBeDefined();
    expect(vm.ups).toBe(2);
  });
});

it('a ProtocolServer that is closed and opened again has all of its clients back', async () => {
  const path = `${await tempDir()}/many.sock`;
  const server = new ProtocolServer({ codec: jsonLines() });
  cleanUp(() => server.close({ force: true }));
  await server.listen(path);
  const vms = Array.from({ length: 20 }, () =>
    kept(supervise({ codec: jsonLines() }, path, quick)),
  );
  await Promise.all(vms.map((vm) => vm.up()));
  const gone = vms.map((vm) => entered(vm, 'WAITING'));
  await server.close({ force: true });
  await Promise.all(gone);
  await server.listen(path);
  await Promise.all(vms.map((vm) => vm.up()));
  expect(vms.map(({ ups }) => ups)).toEqual(vms.map(() => 2));
  await Promise.all(vms.map((vm) => vm.stop()));
  await server.close();
  await expectNoHandles();
});
