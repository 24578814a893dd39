/** The heartbeat with a real QEMU: a busy, a stopped, a dead and a silent one are told apart. */

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { spawnPeer, type SpawnedPeer, supervise } from '../../src/index.ts';
import {
  HeartbeatError,
  type HeartbeatOptions,
  type HeartbeatState,
  QmpClient,
} from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir, track } from '../support/cleanup.ts';
import { listen } from '../support/peers.ts';
import {
  describeEachQemu,
  describeEachVersion,
  freePort,
  onSocket,
  RealPeer,
  startQemu,
  suspend,
} from '../support/real-peers.ts';

expectIdleAfterEach();

/** What a heartbeat finds, in order. */
class Changes {
  readonly states: HeartbeatState[] = [];
  readonly #waiting: { readonly state: HeartbeatState; readonly found: () => void }[] = [];

  readonly note = ({ state }: { readonly state: HeartbeatState }): void => {
    this.states.push(state);
    for (const waiting of this.#waiting) if (waiting.state === state) waiting.found();
  };

  /** Resolves when the state is found next. */
  next(state: HeartbeatState): Promise<void> {
    return new Promise((found) => {
      this.#waiting.push({ state, found });
    });
  }
}

/** Fast, and patient enough for a machine that is loaded. */
const FAST = { every: 50, within: 300 } as const;

const start = async (
  path: string,
  heartbeat: HeartbeatOptions = {},
  startPeer = (at: string) => startQemu(path, '-qmp', `unix:${at},server=on,wait=off`),
) => {
  const { peer, address, directory } = await onSocket(startPeer);
  const changes = new Changes();
  const qmp = await peer.connect(address, {
    heartbeat: { ...FAST, pid: peer.child.pid, onChange: changes.note, ...heartbeat },
  });
  return { peer, address, directory, changes, qmp };
};

describeEachQemu((path) => {
  it('is busy while a command blocks its main loop, and healthy again', async () => {
    const { qmp, changes, directory } = await start(path);
    expect(qmp.heartbeat).toMatchObject({ state: 'healthy', outOfBand: true });
    // QEMU opens the file in its main loop, and a FIFO is open when it has a reader.
    const fifo = `${directory}/fifo`;
    execFileSync('mkfifo', [fifo]);
    const busy = changes.next('busy');
    const saved = qmp.execute('pmemsave', { val: 0, size: 16, filename: fifo });
    await busy;
    const healthy = changes.next('healthy');
    await Promise.all([readFile(fifo), saved, healthy]);
    expect(changes.states).toEqual(['busy', 'healthy']);
    await qmp.disconnect();
  });

  it('is stopped after SIGSTOP, and healthy after SIGCONT', async () => {
    const { qmp, changes, peer } = await start(path);
    const stopped = changes.next('stopped');
    await suspend(peer.child);
    await stopped;
    const healthy = changes.next('healthy');
    peer.child.kill('SIGCONT');
    await healthy;
    expect(changes.states).toEqual(['stopped', 'healthy']);
    expect(await qmp.execute('query-name')).toEqual({});
    await qmp.disconnect();
  });

  it('is found by the UNIX socket that it serves, if nothing says which process it is', async () => {
    const { qmp, changes, peer } = await start(path, { pid: undefined, misses: Infinity });
    const stopped = changes.next('stopped');
    await suspend(peer.child);
    await stopped;
    peer.child.kill('SIGCONT');
    await qmp.disconnect();
  });

  it('is silent after SIGSTOP if its process is not known, and fails the session', async () => {
    const port = await freePort();
    const peer = startQemu(path, '-qmp', `tcp:127.0.0.1:${String(port)},server=on,wait=off`);
    const changes = new Changes();
    const qmp = await peer.connect(
      { port },
      { heartbeat: { ...FAST, misses: 2, onChange: changes.note }, timeouts: { close: 100 } },
    );
    const { closed } = qmp;
    await suspend(peer.child);
    const { cause } = await closed;
    expect(cause).toBeInstanceOf(HeartbeatError);
    expect(cause).toMatchObject({ state: 'silent', misses: 2, pid: undefined });
    expect(changes.states).toEqual(['silent']);
  });

  it('is dead after SIGKILL, also if the stream stays open', async () => {
    const { peer, address } = await onSocket((at) =>
      startQemu(path, '-qmp', `unix:${at},server=on,wait=off`),
    );
    // The first connection only shows that QEMU listens.
    await (await peer.connect(address)).disconnect();
    const relay = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect(address);
      far.on('error', () => undefined);
      near.on('error', () => undefined);
      far.on('data', (chunk: Buffer) => near.write(chunk));
      near.on('data', (chunk: Buffer) => far.write(chunk));
      // The client's end of stream is answered, and QEMU's is kept from the client.
      near.on('end', () => near.destroy());
      cleanUp(() => {
        near.destroy();
        far.destroy();
      });
    });
    cleanUp(() => relay.close());
    const at = { path: `${await tempDir()}/relay.sock` };
    await listen(relay, at);
    const qmp = track(new QmpClient({ heartbeat: { ...FAST, pid: peer.child.pid } }));
    await qmp.connect(at);
    const { closed } = qmp;
    peer.child.kill('SIGKILL');
    expect((await closed).cause).toMatchObject({ state: 'dead', misses: 1, pid: peer.child.pid });
  });

  it('is never lost with sixty slow commands in flight', async () => {
    const { qmp, changes } = await start(path, { every: 5, misses: 1 });
    // The window is full all the time, and each tenth command takes as long as the others together.
    const slow = Array.from({ length: 60 }, (_, at) =>
      qmp.execute(at % 10 === 0 ? 'query-qmp-schema' : 'query-commands'),
    );
    await Promise.all(slow);
    expect(changes.states.filter((state) => state !== 'busy' && state !== 'healthy')).toEqual([]);
    expect(qmp.runstate).toBe('RUNNING');
    await qmp.disconnect();
  });

  it('under a supervisor is started again after SIGSTOP, if the option says so', async () => {
    const peers: SpawnedPeer[] = [];
    const args = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
    const monitor = ['-chardev', 'socket,id=c,fd=3,server=off', '-mon', 'chardev=c,mode=control'];
    const vm = supervise(
      QmpClient,
      () => {
        const peer = spawnPeer(path, [...args, ...monitor]);
        peers.push(peer);
        return peer.address;
      },
      {
        backoff: { initial: 10, max: 50 },
        heartbeat: { ...FAST, misses: 2, stopped: 'fail' },
        timeouts: { close: 100 },
      },
    );
    cleanUp(() => vm.stop({ force: true }));
    const qmp = await vm.up();
    const { pid } = peers[0] ?? expect.unreachable();
    if (pid === undefined) throw new Error('QEMU has no process');
    process.kill(pid, 'SIGSTOP');
    for await (const state of vm.states()) if (state === 'UP') break;
    expect(vm.failures.at(-1)?.first).toMatchObject({ state: 'stopped', misses: 2, pid });
    expect(peers).toHaveLength(2);
    expect(qmp.remote?.pid).toBe(peers[1]?.pid);
    expect(await qmp.execute('query-name')).toEqual({});
    expect(qmp.heartbeat?.state).toBe('healthy');
    await vm.stop();
  });

  it('fails the probe of a supervisor with liveness after SIGSTOP', async () => {
    const { peer, address } = await onSocket((at) =>
      startQemu(path, '-qmp', `unix:${at},server=on,wait=off`),
    );
    const vm = supervise(QmpClient, address, {
      backoff: { initial: 10, max: 50 },
      liveness: { every: 20, within: 500 },
      timeouts: { close: 100, handshake: 200 },
    });
    cleanUp(() => vm.stop({ force: true }));
    await peer.unlessExited(vm.up());
    const { first } = vm.failures.at(-1) ?? {};
    expect(first).not.toHaveProperty('phase', 'probe');
    await suspend(peer.child);
    for await (const state of vm.states()) if (state === 'FAILING') break;
    expect(vm.failures.at(-1)?.cause).toMatchObject({ phase: 'probe', ms: 500 });
    peer.child.kill('SIGCONT');
    await vm.up();
    expect(await vm.client.execute('query-name')).toEqual({});
    await vm.stop();
  });
});

describeEachVersion('qemu-storage-daemon', (path) => {
  it('answers out of band with an error, and is stopped after SIGSTOP', async () => {
    const { qmp, changes, peer } = await start(path, {}, (at) => {
      const chardev = `socket,id=c0,path=${at},server=on,wait=off`;
      return new RealPeer(path, ['--chardev', chardev, '--monitor', 'chardev=c0']);
    });
    expect(qmp.heartbeat).toMatchObject({ state: 'healthy', outOfBand: true });
    const stopped = changes.next('stopped');
    await suspend(peer.child);
    await stopped;
    const healthy = changes.next('healthy');
    peer.child.kill('SIGCONT');
    await healthy;
    expect(changes.states).toEqual(['stopped', 'healthy']);
    await qmp.disconnect();
  });
});
