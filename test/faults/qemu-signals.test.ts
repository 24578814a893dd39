/** A real QEMU that is stopped, resumed and killed in each state of a client. */

import { expect, it } from 'vitest';
import { supervise } from '../../src/index.ts';
import { QmpClient, type QmpOptions } from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import {
  describeEachQemu,
  onSocket,
  type RealPeer,
  startQemu,
  suspend,
} from '../support/real-peers.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection, turn } from '../support/signal.ts';
import { chainOf, endsBy, NEVER, only } from './support.ts';

expectIdleAfterEach();

const DEADLINE_MS = 150;
const INTERRUPTED = ['ExecInterruptedError ERR_QMP_INTERRUPTED', 'ClosedError ERR_CLOSED'];
/** A killed QEMU resets the connection if it had not read everything, and ends it otherwise. */
const KILLED = /^ClosedError ERR_CLOSED(,(ECONNRESET|EPIPE))?$/;
/** As `KILLED`, during a requested end. */
const KILLED_DURING_DISCONNECT = /^(ClosedError ERR_CLOSED,(ECONNRESET|EPIPE))?$/;

describeEachQemu((path) => {
  const start = () => onSocket((at) => startQemu(path, '-qmp', `unix:${at},server=on,wait=off`));
  const connected = async (options: QmpOptions = { timeouts: NEVER }) => {
    const { peer, address } = await start();
    const client = await peer.connect(address, options);
    return { peer, address, client, recording: recordRunstates(client) };
  };
  /** Starts a QEMU, and stops it when it listens. */
  const stopped = async () => {
    const { peer, address } = await start();
    const first = await peer.connect(address);
    await first.disconnect();
    await suspend(peer.child);
    return { peer, address };
  };
  const newClient = (options: QmpOptions): QmpClient => track(new QmpClient(options));
  const resume = ({ child }: RealPeer) => child.kill('SIGCONT');

  it('stopped in a session fails a command by its deadline; the late reply is ignored', async () => {
    const { records, logger } = recordingLogger();
    const { peer, client, recording } = await connected({ timeouts: NEVER, logger });
    records.splice(0);
    await suspend(peer.child);
    const late = () => rejection(client.execute('query-name', {}, { timeout: DEADLINE_MS }));
    const error = await endsBy(DEADLINE_MS, late);
    expect(chainOf(error)).toEqual(['TimeoutError ERR_TIMEOUT execute']);
    expect(client.runstate).toBe('RUNNING');
    resume(peer);
    // QEMU replies in order: the late reply precedes this one.
    expect(await client.execute('query-status')).toMatchObject({ running: false });
    expect(records.filter((record) => record.startsWith('warn'))).toEqual([]);
    await client.disconnect();
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES.slice(2));
    expect(client.outcome?.cause).toBeUndefined();
  });

  it('stopped before connect() is a busy monitor; resumed, it serves the next client', async () => {
    const { peer, address } = await stopped();
    const client = newClient({ timeouts: only('handshake', DEADLINE_MS) });
    const recording = recordRunstates(client);
    const error = await endsBy(DEADLINE_MS, () => rejection(client.connect(address)));
    expect(chainOf(error)).toEqual([
      'ConnectError ERR_CONNECT session retryable',
      'BusyMonitorError ERR_QMP_BUSY handshake',
    ]);
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
    resume(peer);
    const next = newClient({ timeouts: NEVER });
    await peer.unlessExited(next.connect(address));
    expect(await next.execute('query-name')).toEqual({});
    await next.disconnect();
  });

  it('stopped makes the close deadline pass in a disconnect', async () => {
    const { peer, client, recording } = await connected({ timeouts: only('close', DEADLINE_MS) });
    await suspend(peer.child);
    const interrupted = rejection(client.execute('query-name'));
    await client.protocol.flush();
    await endsBy(DEADLINE_MS, () => client.disconnect());
    expect(chainOf(await interrupted)).toEqual(INTERRUPTED);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES.slice(2));
    expect(client.outcome?.cause).toBeUndefined();
    expect(client.outcome?.suppressed.flatMap(chainOf)).toEqual(['TimeoutError ERR_TIMEOUT close']);
  });

  it('stopped makes the flush deadline pass if more was sent than the kernel buffers', async () => {
    const { peer, client, recording } = await connected({ timeouts: only('flush', DEADLINE_MS) });
    await suspend(peer.child);
    const text = 'x'.repeat(1024 * 1024);
    const commands = [1, 2, 3].map(() =>
      rejection(client.execute('human-monitor-command', { 'command-line': text })),
    );
    // The failure rejects the commands, and is no news for disconnect().
    await endsBy(DEADLINE_MS, () => client.disconnect());
    const error = client.outcome?.cause;
    expect(chainOf(error)).toEqual(['TimeoutError ERR_TIMEOUT flush']);
    for (const interrupted of await Promise.all(commands)) {
      expect(chainOf(interrupted)[0]).toBe(INTERRUPTED[0]);
      expect(interrupted).toHaveProperty('cause', error);
    }
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES.slice(2));
    expect(client.outcome?.undelivered).toBeGreaterThan(0);
  });

  it('killed with commands pending rejects each of them once, with the cause', async () => {
    const { peer, client, recording } = await connected();
    const commands = Array.from({ length: 100 }, () => client.execute('query-qmp-schema'));
    const settled = Promise.allSettled(commands);
    await commands[0];
    peer.child.kill('SIGKILL');
    const { cause, undelivered } = await client.closed;
    expect(chainOf(cause).join()).toMatch(/^CodecError|^ClosedError/);
    expect(undelivered).toBe(0);
    const reasons: unknown[] = [];
    for (const one of await settled) if (one.status === 'rejected') reasons.push(one.reason);
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) {
      expect(chainOf(reason)[0]).toBe(INTERRUPTED[0]);
      expect(reason).toHaveProperty('cause', cause);
    }
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES.slice(2));
    await client.disconnect();
  });

  it('killed during a disconnect ends it; a reset is reported', async () => {
    const { peer, client, recording } = await connected();
    await suspend(peer.child);
    const disconnected = client.disconnect().then(
      () => '',
      (error: unknown) => chainOf(error).join(),
    );
    await recording.until('DISCONNECTING');
    peer.child.kill('SIGKILL');
    // QEMU reads byte by byte, and may not have read the end of the last line.
    expect(await disconnected).toMatch(KILLED_DURING_DISCONNECT);
    expect(client.outcome?.undelivered).toBe(0);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES.slice(2));
  });

  it('killed during the handshake fails the attempt with a retryable error', async () => {
    const { peer, address } = await stopped();
    const client = newClient({ timeouts: NEVER });
    const recording = recordRunstates(client);
    const connecting = rejection(client.connect(address));
    await recording.until('CONNECTING');
    await turn();
    peer.child.kill('SIGKILL');
    const [first, ...rest] = chainOf(await connecting);
    expect(first).toBe('ConnectError ERR_CONNECT session retryable');
    expect(rest.join()).toMatch(KILLED);
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
    const absent = await rejection(client.connect(address));
    expect(chainOf(absent)).toEqual([
      'ConnectError ERR_CONNECT connection retryable',
      'ECONNREFUSED',
    ]);
  });

  it('stopped and then killed is replaced, and a supervisor is up again', async () => {
    const { peer, address } = await stopped();
    const vm = supervise(QmpClient, address, {
      backoff: { initial: 10, max: 50 },
      timeouts: { handshake: DEADLINE_MS },
    });
    cleanUp(() => vm.stop({ force: true }));
    for await (const state of vm.states()) if (state === 'WAITING') break;
    expect(vm.failures.map(({ cause }) => chainOf(cause)[1])).toEqual([
      'BusyMonitorError ERR_QMP_BUSY handshake',
    ]);
    peer.child.kill('SIGKILL');
    await peer.exited;
    const next = startQemu(path, '-qmp', `unix:${address},server=on,wait=off`);
    const client = await next.unlessExited(vm.up());
    expect(await client.execute('query-name')).toEqual({});
    await vm.stop();
    expect(vm.state).toBe('STOPPED');
  });
});
