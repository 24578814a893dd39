/** Children, and what they have started, end with the session and with the program. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { AsyncProtocol, lines, spawnPeer } from 'wirechart';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runProgram, writeProgram } from './support.ts';

/** The living processes of a group, from `/proc`. */
function living(group: number | undefined): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      try {
        const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
        const [state, , its] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return state !== 'Z' && Number(its) === group;
      } catch {
        return false;
      }
    });
}

/** A peer behind a shell that waits for it; it greets, and ends only by SIGKILL. */
const STUBBORN = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  require('node:fs').writeSync(3, 'ready\\n');
  setInterval(() => {}, 60_000);
`;
const SCRIPT = '"$0" -e "$1"; true';

async function session() {
  const peer = spawnPeer('sh', ['-c', SCRIPT, process.execPath, STUBBORN], {
    timeouts: { exit: 100, terminate: 100 },
  });
  onTestFinished(() => {
    peer.kill('SIGKILL');
  });
  const protocol = new AsyncProtocol({
    codec: lines(),
    handshake: async (session) => {
      await session.receive();
    },
  });
  await protocol.connect(peer.address);
  expect(living(peer.pid).length).toBeGreaterThan(1);
  return { peer, protocol };
}

describe('nothing is left of a peer behind a shell', () => {
  it.each([
    ['disconnect()', {}],
    ['disconnect({ force: true })', { force: true }],
  ])('after %s', async (_, options) => {
    const { peer, protocol } = await session();
    await protocol.disconnect(options);
    expect(living(peer.pid)).toEqual([]);
    expect(protocol.outcome?.cause).toBeUndefined();
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'after kill(%j), when exited resolves',
    async (signal) => {
      const { peer, protocol } = await session();
      expect(peer.kill(signal)).toBe(true);
      await peer.exited;
      expect(living(peer.pid)).toEqual([]);
      expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_PROCESS', signal });
    },
  );

  it.each([
    ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGALRM', 'SIGXCPU'] as const),
    ...(['SIGVTALRM', 'SIGIO', 'SIGABRT'] as const),
    ...['process.exit()', 'an exception', 'its own end'],
  ])('after the program was ended by %s', async (end) => {
    const isSignal = end.startsWith('SIG');
    const { code, signal, stdout, stderr } = await runProgram(`
      import { AsyncProtocol, lines, spawnPeer } from 'wirechart';
      const args = ${JSON.stringify(['-c', SCRIPT, process.execPath, STUBBORN])};
      const peer = spawnPeer('sh', args);
      const protocol = new AsyncProtocol({
        codec: lines(),
        handshake: async (session) => void (await session.receive()),
      });
      await protocol.connect(peer.address);
      console.log(peer.pid);
      const end = ${JSON.stringify(end)};
      if (end === 'process.exit()') process.exit(1);
      if (end === 'an exception') setTimeout(() => { throw new Error('on purpose'); });
      if (end === 'its own end') await protocol.disconnect({ force: true });
      if (end.startsWith('SIG')) process.kill(process.pid, end);
    `);
    if (end !== 'an exception') expect(stderr).toBe('');
    if (isSignal) expect({ code, signal }).toEqual({ code: null, signal: end });
    else expect({ code, signal }).toEqual({ code: end === 'its own end' ? 0 : 1, signal: null });
    await expect.poll(() => living(Number(stdout))).toEqual([]);
  });
});

it('lets the program end the session before a Ctrl-C reaches the peer', async () => {
  const program = writeProgram(`
    import { AsyncProtocol, lines, spawnPeer } from 'wirechart';
    const peer = spawnPeer('sh', ['-c', 'echo ready >&3; read _ <&3; exit 7']);
    const protocol = new AsyncProtocol({
      codec: lines(),
      handshake: async (session) => void (await session.receive()),
    });
    await protocol.connect(peer.address);
    process.once('SIGINT', async () => {
      await protocol.disconnect();
      console.log((await peer.exited).exitCode, protocol.outcome.cause);
    });
    console.log('up');
  `);
  const child = spawn(process.execPath, [program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await expect.poll(() => output).toBe('up\n');
  // As a terminal does: to all processes of the group in the foreground.
  process.kill(-(child.pid ?? NaN), 'SIGINT');
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(output).toBe('up\n7 undefined\n');
});
