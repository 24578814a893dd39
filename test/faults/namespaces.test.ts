/**
 * Peers that vanish without a word: they are in a network of their own, and its cable is pulled. Making a
 * network takes privileges; where they are lacking these tests are skipped, with one line that says so.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AsyncProtocol, lines, type ProtocolOptions } from '../../src/index.ts';
import { expectIdleAfterEach, track } from '../support/cleanup.ts';
import { createClient } from '../support/qmp.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';
import { isThorough } from '../support/thorough.ts';
import { chainOf, endsBy, NEVER, only } from './vocabulary.ts';

expectIdleAfterEach();

/** Of the package iproute2. */
const IP = 'ip';
const DEADLINE_MS = 150;
const ID = String(process.pid % 100_000);
/** The network of the peer, and both ends of the cable to it. */
const NETWORK = `wcn${ID}`;
const [HERE, THERE] = [`wch${ID}`, `wct${ID}`];
const subnet = `10.${String(100 + (process.pid % 100))}.${String(Math.floor(process.pid / 100) % 250)}`;
const HOST = `${subnet}.2`;
const PORT = 4444;

const ip = (...args: readonly string[]): void => {
  execFileSync(IP, args, { stdio: 'pipe' });
};
const plug = (how: 'up' | 'down'): void => {
  ip('netns', 'exec', NETWORK, 'ip', 'link', 'set', THERE, how);
};

function makeNetwork(): void {
  ip('netns', 'add', NETWORK);
  ip('link', 'add', HERE, 'type', 'veth', 'peer', 'name', THERE, 'netns', NETWORK);
  ip('addr', 'add', `${subnet}.1/24`, 'dev', HERE);
  ip('link', 'set', HERE, 'up');
  ip('netns', 'exec', NETWORK, 'ip', 'addr', 'add', `${HOST}/24`, 'dev', THERE);
  plug('up');
}

function removeNetwork(): void {
  for (const args of [
    ['link', 'del', HERE],
    ['netns', 'del', NETWORK],
  ]) {
    try {
      ip(...args);
    } catch {
      // It was not made, or has gone with the other.
    }
  }
}

/** Whether this machine lets us; found out by trying. */
function mayMakeNetworks(): boolean {
  try {
    makeNetwork();
    return true;
  } catch (error) {
    removeNetwork();
    const [why] = (error instanceof Error ? error.message : '').split('\n').slice(-2);
    console.warn(`skipped: no network of its own can be made here (ip netns add: ${why ?? ''})`);
    return false;
  }
}

/** A monitor that greets, negotiates, and answers everything; it never leaves by itself. */
const MONITOR = `
  const greeting = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 0 } }, capabilities: [] } };
  require('node:net').createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(JSON.stringify(greeting) + '\\n');
    socket.on('data', (data) => {
      for (const [, id] of String(data).matchAll(/"id":(\\d+)/g)) {
        socket.write(JSON.stringify({ return: {}, id: Number(id) }) + '\\n');
      }
    });
  }).listen(${String(PORT)}, '${HOST}', () => console.log('ready'));
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || process.exit(), 500);
`;

const possible = mayMakeNetworks();

describe.skipIf(!possible)('a peer whose network is gone', () => {
  let monitor: ChildProcess | undefined;

  beforeAll(async () => {
    const inside = ['netns', 'exec', NETWORK, process.execPath, '--eval', MONITOR];
    const child = spawn(IP, inside, { stdio: ['ignore', 'pipe', 'inherit'] });
    monitor = child;
    await once(child.stdout, 'data');
    // Its pipe is no handle of the tests.
    child.stdout.destroy();
  });
  beforeEach(() => {
    plug('up');
  });
  afterAll(async () => {
    if (monitor !== undefined) {
      monitor.kill('SIGKILL');
      await once(monitor, 'exit');
    }
    removeNetwork();
  });

  const address = { host: HOST, port: PORT };
  const connected = async (options: ProtocolOptions) => {
    const client = createClient(options);
    const recording = recordRunstates(client);
    await client.connect(address);
    expect(await client.execute('query-name')).toEqual({});
    return { client, recording };
  };

  it('is told by nothing but the deadline of a command; the session stays', async () => {
    const { client, recording } = await connected({ timeouts: only('close', DEADLINE_MS) });
    plug('down');
    const late = rejection(client.execute('query-name', {}, { timeout: DEADLINE_MS }));
    expect(chainOf(await endsBy(DEADLINE_MS, late))).toEqual(['TimeoutError ERR_TIMEOUT execute']);
    expect(client.runstate).toBe('RUNNING');
    // The kernel has taken it: with it, it may lie for a quarter of an hour.
    await client.protocol.flush();
    await endsBy(DEADLINE_MS, client.disconnect());
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(client.outcome?.cause).toBeUndefined();
    expect(client.outcome?.suppressed.flatMap(chainOf)).toEqual(['TimeoutError ERR_TIMEOUT close']);
  });

  it('and comes back has lost nothing: what was sent arrives, and is answered', async () => {
    const { client } = await connected({ timeouts: NEVER });
    plug('down');
    const answered = client.execute('query-name');
    await client.protocol.flush();
    plug('up');
    expect(await answered).toEqual({});
    await client.disconnect();
  });

  it('and to which more is sent than the kernel holds: the deadline for the flush', async () => {
    const { client, recording } = await connected({ timeouts: only('flush', DEADLINE_MS) });
    plug('down');
    const text = 'x'.repeat(1024 * 1024);
    const commands = Array.from({ length: 16 }, () => rejection(client.execute('any', { text })));
    const error = await endsBy(DEADLINE_MS, rejection(client.disconnect()));
    expect(chainOf(error)).toEqual(['TimeoutError ERR_TIMEOUT flush']);
    for (const interrupted of await Promise.all(commands)) {
      expect(interrupted).toHaveProperty('cause', error);
    }
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(client.outcome?.undelivered).toBeGreaterThan(0);
  });

  it('is left at once by a disconnect with force', async () => {
    const { client, recording } = await connected({ timeouts: NEVER });
    plug('down');
    const interrupted = rejection(client.execute('query-name'));
    await client.disconnect({ force: true });
    expect(chainOf(await interrupted)[0]).toBe('ExecInterruptedError ERR_QMP_INTERRUPTED');
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });

  it('cannot be dialled: no answer at all ends by the deadline of the connect', async () => {
    const protocol = track(
      new AsyncProtocol({ codec: lines() }, { timeouts: only('connect', DEADLINE_MS) }),
    );
    const recording = recordRunstates(protocol);
    plug('down');
    const failed = rejection(protocol.connect(address));
    expect(chainOf(await endsBy(DEADLINE_MS, failed))).toEqual([
      'ConnectError ERR_CONNECT connection retryable',
      'TimeoutError ERR_TIMEOUT connect',
    ]);
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  });

  // The system takes three seconds to find out.
  const patient = it.skipIf(!isThorough);
  patient('cannot be reached where there is no such host, and may be tried again', async () => {
    const protocol = track(new AsyncProtocol({ codec: lines() }, { timeouts: NEVER }));
    const failed = await rejection(protocol.connect({ host: `${subnet}.77`, port: PORT }));
    expect(chainOf(failed)).toEqual([
      'ConnectError ERR_CONNECT connection retryable',
      'EHOSTUNREACH',
    ]);
  });
});
