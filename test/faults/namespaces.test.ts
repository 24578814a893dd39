/**
 * Peers that become unreachable: they run in a network namespace whose link is taken down. Creating
 * a namespace needs privileges; without them these tests are skipped, and one line says so.
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
import { chainOf, endsBy, NEVER, only } from './support.ts';

expectIdleAfterEach();

/** The program `ip` of the package iproute2. */
const IP = 'ip';
const DEADLINE_MS = 150;
const ID = String(process.pid % 100_000);
/** The namespace of the peer, and both ends of the virtual cable to it. */
const NAMESPACE = `wcn${ID}`;
const [HERE, THERE] = [`wch${ID}`, `wct${ID}`];
const subnet = `10.${String(100 + (process.pid % 100))}.${String(Math.floor(process.pid / 100) % 250)}`;
const HOST = `${subnet}.2`;
const PORT = 4444;

const ip = (...args: readonly string[]): void => {
  execFileSync(IP, args, { stdio: 'pipe' });
};
const setLink = (state: 'up' | 'down'): void => {
  ip('netns', 'exec', NAMESPACE, 'ip', 'link', 'set', THERE, state);
};

function createNetwork(): void {
  ip('netns', 'add', NAMESPACE);
  ip('link', 'add', HERE, 'type', 'veth', 'peer', 'name', THERE, 'netns', NAMESPACE);
  ip('addr', 'add', `${subnet}.1/24`, 'dev', HERE);
  ip('link', 'set', HERE, 'up');
  ip('netns', 'exec', NAMESPACE, 'ip', 'addr', 'add', `${HOST}/24`, 'dev', THERE);
  setLink('up');
}

function removeNetwork(): void {
  for (const args of [
    ['link', 'del', HERE],
    ['netns', 'del', NAMESPACE],
  ]) {
    try {
      ip(...args);
    } catch {
      // It was not created, or was removed together with the other.
    }
  }
}

/** Tries to create the network, and returns whether that was possible. */
function tryCreateNetwork(): boolean {
  try {
    createNetwork();
    return true;
  } catch (error) {
    removeNetwork();
    const [reason] = (error instanceof Error ? error.message : '').split('\n').slice(-2);
    console.warn(
      `skipped: a network namespace cannot be created here (ip netns add: ${reason ?? ''})`,
    );
    return false;
  }
}

/** A program that serves as a monitor: it replies to every command, and never ends a connection. */
const MONITOR = `
  const greeting = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 0 } }, capabilities: [] } };
  require('node:net').createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(JSON.stringify(greeting) + '\\n');
    require('node:readline').createInterface({ input: socket }).on('line', (line) => {
      // The last one may have been cut off.
      if (line.endsWith('}')) socket.write(JSON.stringify({ return: {}, id: JSON.parse(line).id }) + '\\n');
    });
  }).listen(${String(PORT)}, '${HOST}', () => console.log('ready'));
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || process.exit(), 500);
`;

const isPossible = tryCreateNetwork();

describe.skipIf(!isPossible)('a peer whose network is down', () => {
  let monitor: ChildProcess | undefined;

  beforeAll(async () => {
    const inside = ['netns', 'exec', NAMESPACE, process.execPath, '--eval', MONITOR];
    const child = spawn(IP, inside, { stdio: ['ignore', 'pipe', 'inherit'] });
    monitor = child;
    await once(child.stdout, 'data');
    // Otherwise the pipe would count as an open handle of the tests.
    child.stdout.destroy();
  });
  beforeEach(() => {
    setLink('up');
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

  it('is noticed only by the deadline of a command, and the session stays', async () => {
    const { client, recording } = await connected({ timeouts: only('close', DEADLINE_MS) });
    setLink('down');
    const late = () => rejection(client.execute('query-name', {}, { timeout: DEADLINE_MS }));
    expect(chainOf(await endsBy(DEADLINE_MS, late))).toEqual(['TimeoutError ERR_TIMEOUT execute']);
    expect(client.runstate).toBe('RUNNING');
    // The kernel has the command, and may retransmit it for a quarter of an hour.
    await client.protocol.flush();
    await endsBy(DEADLINE_MS, () => client.disconnect());
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(client.outcome?.cause).toBeUndefined();
    expect(client.outcome?.suppressed.flatMap(chainOf)).toEqual(['TimeoutError ERR_TIMEOUT close']);
  });

  it('and comes back gets the command that was sent meanwhile', async () => {
    const { client } = await connected({ timeouts: NEVER });
    setLink('down');
    const answered = client.execute('query-name');
    await client.protocol.flush();
    setLink('up');
    expect(await answered).toEqual({});
    await client.disconnect();
  });

  it('makes the flush deadline pass when more was sent than the kernel buffers', async () => {
    const { client, recording } = await connected({ timeouts: only('flush', DEADLINE_MS) });
    setLink('down');
    const text = 'x'.repeat(1024 * 1024);
    const commands = Array.from({ length: 16 }, () => rejection(client.execute('any', { text })));
    // The failure rejects the commands, and is no news for disconnect().
    await endsBy(DEADLINE_MS, () => client.disconnect());
    const error = client.outcome?.cause;
    expect(chainOf(error)).toEqual(['TimeoutError ERR_TIMEOUT flush']);
    for (const interrupted of await Promise.all(commands)) {
      expect(interrupted).toHaveProperty('cause', error);
    }
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(client.outcome?.undelivered).toBeGreaterThan(0);
  });

  it('is left at once by a forced disconnect', async () => {
    const { client, recording } = await connected({ timeouts: NEVER });
    setLink('down');
    const interrupted = rejection(client.execute('query-name'));
    await client.disconnect({ force: true });
    expect(chainOf(await interrupted)[0]).toBe('ExecInterruptedError ERR_QMP_INTERRUPTED');
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });

  it('makes the connect deadline pass', async () => {
    const protocol = track(
      new AsyncProtocol({ codec: lines() }, { timeouts: only('connect', DEADLINE_MS) }),
    );
    const recording = recordRunstates(protocol);
    setLink('down');
    const failed = () => rejection(protocol.connect(address));
    expect(chainOf(await endsBy(DEADLINE_MS, failed))).toEqual([
      'ConnectError ERR_CONNECT connection retryable',
      'TimeoutError ERR_TIMEOUT connect',
    ]);
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  });

  // The system needs three seconds to report it.
  const slow = it.skipIf(!isThorough);
  slow('that does not exist is unreachable, which is retryable', async () => {
    const protocol = track(new AsyncProtocol({ codec: lines() }, { timeouts: NEVER }));
    const failed = await rejection(protocol.connect({ host: `${subnet}.77`, port: PORT }));
    expect(chainOf(failed)).toEqual([
      'ConnectError ERR_CONNECT connection retryable',
      'EHOSTUNREACH',
    ]);
  });
});
