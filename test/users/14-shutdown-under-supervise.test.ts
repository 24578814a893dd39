/** A guest that shuts down is not started again; a virtual machine that has crashed is. */

import { AsyncProtocol, lines, spawnPeer, streamPair, supervise, type Supervisor } from 'wirechart';
import { QmpClient } from 'wirechart/qmp';
import { faults, ScriptedQmpServer } from 'wirechart/testing';
import { expect, it, onTestFinished } from 'vitest';

/** Resolves with the states from now on, up to one of these. */
async function statesUntil(vm: Supervisor<unknown>, ...last: readonly string[]): Promise<string[]> {
  const states: string[] = [];
  for await (const state of vm.states()) {
    states.push(state);
    if (last.includes(state)) break;
  }
  return states;
}

const startServer = async () => {
  const server = new ScriptedQmpServer();
  onTestFinished(() => server.close());
  return { server, address: await server.listen() };
};

const stopAfterTest = <C>(vm: Supervisor<C>): Supervisor<C> => {
  onTestFinished(() => vm.stop({ force: true }));
  return vm;
};

const FAST = { backoff: { initial: 1, max: 5 } };

it('a guest that shuts down stops the supervisor, which says why', async () => {
  const { server, address } = await startServer();
  let attempts = 0;
  const vm = stopAfterTest(
    supervise(
      QmpClient,
      () => {
        attempts += 1;
        return address;
      },
      FAST,
    ),
  );
  await vm.up();
  const states = statesUntil(vm, 'STOPPED', 'WAITING', 'GIVEN_UP');
  const shutdown = vm.client.waitFor('SHUTDOWN');
  server.emit('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
  await shutdown;
  server.show(faults.drop());
  expect(await states).toEqual(['STOPPING', 'STOPPED']);
  expect(attempts).toBe(1);
  expect(vm.shutdown).toEqual({ guest: true, reason: 'guest-shutdown' });
  expect(vm.client.outcome).toMatchObject({ shutdown: { guest: true, reason: 'guest-shutdown' } });
  expect(vm.failures).toEqual([]);
  await expect(vm.up()).rejects.toThrow('the peer has shut down (guest-shutdown)');
});

it('quit stops it, too', async () => {
  const { address } = await startServer();
  const vm = stopAfterTest(supervise(QmpClient, address, FAST));
  const qmp = await vm.up();
  const states = statesUntil(vm, 'STOPPED', 'WAITING', 'GIVEN_UP');
  await qmp.execute('quit');
  expect(await states).toEqual(['STOPPING', 'STOPPED']);
});

it("with restart: 'always' the guest is started again, until stop()", async () => {
  const { server, address } = await startServer();
  const vm = stopAfterTest(supervise(QmpClient, address, { ...FAST, restart: 'always' }));
  await vm.up();
  const states = statesUntil(vm, 'UP');
  const shutdown = vm.client.waitFor('SHUTDOWN');
  server.emit('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
  await shutdown;
  server.show(faults.drop());
  expect(await states).toEqual(['FAILING', 'WAITING', 'CONNECTING', 'UP']);
  expect(vm.failures).toMatchObject([{ count: 1, cause: { expected: true } }]);
  await vm.stop();
  expect(vm.state).toBe('STOPPED');
});

it('a peer that is killed is replaced', async () => {
  const peers: { kill(signal: 'SIGKILL'): unknown }[] = [];
  const vm = stopAfterTest(
    supervise(
      { codec: lines() },
      () => {
        const peer = spawnPeer(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
          stdio: 'stdio',
        });
        peers.push(peer);
        return peer.address;
      },
      FAST,
    ),
  );
  await vm.up();
  const states = statesUntil(vm, 'UP');
  peers[0]?.kill('SIGKILL');
  expect(await states).toEqual(['FAILING', 'WAITING', 'CONNECTING', 'UP']);
  expect(peers).toHaveLength(2);
  expect(vm.shutdown).toBeUndefined();
});

it('any protocol can announce a shutdown', async () => {
  const vm = stopAfterTest(
    supervise(
      { codec: lines() },
      () => {
        const [near, far] = streamPair();
        const peer = new AsyncProtocol({ codec: lines() });
        void peer.connect({ stream: far }).then(() => peer.disconnect());
        return { stream: near };
      },
      {
        ...FAST,
        onUp: (client) => {
          client.expectEnd({ guest: false, reason: 'maintenance' });
        },
      },
    ),
  );
  expect((await statesUntil(vm, 'STOPPED', 'WAITING', 'GIVEN_UP')).at(-1)).toBe('STOPPED');
  expect(vm.shutdown).toEqual({ guest: false, reason: 'maintenance' });
});
