/** A supervisor with a real QEMU: crashes, quit, a monitor in use, and QEMU as the dialling side. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { ClosedError, supervise, type Supervisor } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { listen } from '../support/peers.ts';
import { namesOf } from '../support/qmp.ts';
import { describeEachQemu, dialingMonitor, startQemu } from '../support/real-peers.ts';

expectIdleAfterEach();

describeEachQemu((path, version) => {
  const startServer = (at: string) => startQemu(path, '-qmp', `unix:${at},server=on,wait=off`);

  it('that is killed and restarted at the same path is up again each time', async () => {
    const at = `${await tempDir()}/qmp.sock`;
    const statuses: string[] = [];
    const vm = supervise(QmpClient, at, {
      backoff: { initial: 10, max: 50 },
      onUp: async (qmp) => {
        statuses.push((await qmp.execute('query-status')).status);
      },
    });
    cleanUp(() => vm.stop({ force: true }));
    for (let round = 1; round <= 3; round += 1) {
      const peer = startServer(at);
      const qmp = await peer.unlessExited(vm.up());
      expect(qmp).toBe(vm.client);
      expect(vm.ups).toBe(round);
      await qmp.execute('cont');
      const lost = entered(vm, 'WAITING');
      peer.child.kill('SIGKILL');
      await lost;
      expect(await peer.exited).toBe('SIGKILL');
      expect(vm.failures.at(-1)?.first).toBeInstanceOf(ClosedError);
    }
    // Each was a new machine that had not run yet.
    expect(statuses).toEqual(['prelaunch', 'prelaunch', 'prelaunch']);
    await vm.stop();
    expect(vm.state).toBe('STOPPED');
  });

  it('that ended on quit is not dialled again', async () => {
    const at = `${await tempDir()}/qmp.sock`;
    const peer = startServer(at);
    const vm = supervise(QmpClient, at, { backoff: { initial: 10, max: 50 } });
    cleanUp(() => vm.stop({ force: true }));
    const qmp = await peer.unlessExited(vm.up());
    const stopped = entered(vm, 'STOPPED');
    await qmp.execute('quit');
    await stopped;
    expect(await peer.exited).toBe(0);
    expect(vm.client.outcome?.cause).toBeUndefined();
  });

  it('whose monitor another client holds is up when that client has left', async () => {
    const at = `${await tempDir()}/qmp.sock`;
    const peer = startServer(at);
    const first = await peer.connect(at);
    const vm = supervise(QmpClient, at, {
      backoff: { initial: 10, max: 50 },
      timeouts: { handshake: 100 },
    });
    cleanUp(() => vm.stop({ force: true }));
    await entered(vm, 'WAITING');
    expect(vm.failures[0]?.cause).toMatchObject({ phase: 'session', retryable: true });
    await first.disconnect();
    const qmp = await peer.unlessExited(vm.up());
    expect(await qmp.execute('query-name')).toEqual({});
    await vm.stop();
  });

  it('with reconnect=1 dials again after each session; the address is a function that awaits it', async () => {
    const at = `${await tempDir()}/qmp.sock`;
    const server = createServer({ pauseOnConnect: true });
    cleanUp(() => server.close());
    await listen(server, { path: at });
    const peer = startQemu(path, ...dialingMonitor(at, version));
    const events: string[] = [];
    const vm = supervise(
      QmpClient,
      async () => {
        const [stream] = (await once(server, 'connection')) as [Socket];
        return { stream };
      },
      {
        backoff: { initial: 1 },
        onUp: (qmp) => {
          void namesOf(qmp.events(), 1).then((names) => events.push(...names), ignore);
        },
      },
    );
    cleanUp(() => vm.stop({ force: true }));
    for (const event of ['RESUME', 'STOP', 'RESUME'] as const) {
      const qmp = await peer.unlessExited(vm.up());
      const received = qmp.waitFor(event);
      await qmp.execute(event === 'RESUME' ? 'cont' : 'stop');
      await received;
      const lost = entered(vm, 'FAILING');
      qmp.protocol.fail(new ClosedError('Failed by the test'));
      await lost;
    }
    await peer.unlessExited(vm.up());
    expect(events).toEqual(['RESUME', 'STOP', 'RESUME']);
    expect(vm.ups).toBe(4);
    await vm.stop();
  });
});

/** Resolves when the supervisor has entered the state. */
async function entered(vm: Supervisor<QmpClient>, state: string): Promise<void> {
  for await (const current of vm.states()) if (current === state) return;
}

const ignore = (): void => undefined;
