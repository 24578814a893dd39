/** What becomes of a child when our process ends, seen from outside of both. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../../scripts/programs.ts';
import { cleanUp, expectIdleAfterEach } from '../../support/cleanup.ts';

expectIdleAfterEach();

const ROOT = new URL('../../../', import.meta.url);

/** The peer: it says "ready", ends at nothing but a SIGKILL, and at a SIGUSR2 says that it is alive. */
const PEER = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  process.on('SIGUSR2', () => fs.writeSync(2, 'alive'));
  fs.writeSync(3, 'ready\\n');
  setTimeout(() => undefined, 60_000);
`;

/** A program that runs and has peers. */
interface Parent {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  readonly line: () => Promise<string>;
  /** How it ended. */
  readonly exited: Promise<readonly unknown[]>;
  /** Waits until it or a peer has said a word on standard error. */
  readonly hears: (word: string) => Promise<void>;
  /** What was said there, when neither it nor a peer holds that any more, and so none of them lives. */
  readonly released: Promise<string>;
}

/** Runs a program that has the library as `w`, a `protocol`, and `spawn(options)` for a peer of it. */
function run(program: string): Parent {
  const script = `
    import * as w from './src/index.ts';
    const peerArgs = ['--eval', ${JSON.stringify(PEER)}];
    const spawn = (options) =>
      w.spawnPeer(process.execPath, peerArgs, { stderr: 'inherit', ...options });
    const protocol = new w.AsyncProtocol({
      codec: w.lines(),
      handshake: async (session) => void (await session.receive()),
    });
    ${program}
  `;
  const argv = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const { stderr } = child;
  cleanUp(() => {
    child.kill('SIGKILL');
    child.stdout.destroy();
    stderr.destroy();
  });
  const printed = child.stdout.setEncoding('utf8').iterator() as AsyncIterator<string, undefined>;
  let [said, told] = ['', ''];
  stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  return {
    child,
    line: async () => {
      while (!said.includes('\n')) {
        const next = await printed.next();
        if (next.done === true) throw new Error(`It ended after ${said}: ${told}`);
        said += next.value;
      }
      const [line = '', ...rest] = said.split('\n');
      said = rest.join('\n');
      return line;
    },
    exited: once(child, 'exit'),
    hears: async (word) => {
      while (!told.includes(word)) await once(stderr, 'data');
    },
    released: once(stderr, 'end').then(() => told),
  };
}

/** A peer, and a session with it; prints its process id. */
const sessionWith = (options: string) => `
  const peer = spawn(${options});
  await protocol.connect(peer.address);
  console.log(peer.pid);
`;
const SESSION = sessionWith('{}');

/** Asks a peer whether it is alive, and kills it. */
async function expectSurvival(parent: Parent, pid: number): Promise<void> {
  process.kill(pid, 'SIGUSR2');
  await parent.hears('alive');
  process.kill(pid, 'SIGKILL');
  expect(await parent.released).toBe('alive');
}

describe('no child outlives a process that ends', () => {
  it.each([
    ['by itself, after disconnect()', 'await protocol.disconnect();', 0],
    ['by itself, while disconnect() is under way', 'void protocol.disconnect();', 0],
    ['by process.exit()', 'process.exit(3);', 3],
    ['by an exception', "setImmediate(() => { throw new Error('on purpose'); });", 1],
    ['by a rejection that nobody hears', "void Promise.reject(new Error('on purpose'));", 1],
  ])('%s', async (_, program, code) => {
    const parent = run(`${SESSION} ${program}`);
    await parent.line();
    expect(await parent.exited).toEqual([code, null]);
    expect((await parent.released).includes('on purpose')).toBe(code === 1);
  });

  it('whose own listener of its exit calls process.exit(), too', async () => {
    const parent = run(`process.on('exit', () => process.exit(4)); ${SESSION} process.exit(3);`);
    await parent.line();
    expect(await parent.exited).toEqual([4, null]);
    expect(await parent.released).toBe('');
  });

  it('before there is anything to connect to', async () => {
    const parent = run('spawn(); process.exit(0);');
    expect(await parent.exited).toEqual([0, null]);
    expect(await parent.released).toBe('');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s, by which it dies', async (signal) => {
    const parent = run(SESSION);
    await parent.line();
    parent.child.kill(signal);
    expect(await parent.exited).toEqual([null, signal]);
    expect(await parent.released).toBe('');
  });
});

describe('a signal that the program listens to', () => {
  it('ends neither it nor the child, however often it comes', async () => {
    const parent = run(`${SESSION}
      const before = process.listenerCount('removeListener');
      process.on('SIGTERM', () => {
        console.log(protocol.runstate, process.listenerCount('removeListener') - before);
      });
    `);
    const pid = Number(await parent.line());
    for (let round = 0; round < 3; round += 1) {
      parent.child.kill('SIGTERM');
      expect(await parent.line()).toBe('RUNNING 1');
    }
    process.kill(pid, 'SIGUSR2');
    await parent.hears('alive');
    parent.child.kill('SIGINT');
    expect(await parent.exited).toEqual([null, 'SIGINT']);
    expect(await parent.released).toBe('alive');
  });

  it('lets a listener for once disconnect in peace', async () => {
    const parent = run(`${SESSION}
      process.once('SIGTERM', async () => {
        await protocol.disconnect();
        console.log(protocol.runstate, (await peer.exited).signal);
        process.exitCode = 5;
      });
    `);
    await parent.line();
    parent.child.kill('SIGTERM');
    expect(await parent.line()).toBe('IDLE SIGKILL');
    expect(await parent.exited).toEqual([5, null]);
  });

  it('ends it when it comes again after a listener for once', async () => {
    const parent = run(`${SESSION} process.once('SIGTERM', () => console.log('once'));`);
    await parent.line();
    parent.child.kill('SIGTERM');
    expect(await parent.line()).toBe('once');
    parent.child.kill('SIGTERM');
    expect(await parent.exited).toEqual([null, 'SIGTERM']);
    expect(await parent.released).toBe('');
  });

  it('ends it where the listener does so when it is alone, as some libraries have it', async () => {
    const parent = run(`${SESSION}
      process.on('SIGTERM', function listener() {
        console.log(process.listenerCount('SIGTERM'));
        process.off('SIGTERM', listener);
        process.kill(process.pid, 'SIGTERM');
      });
    `);
    await parent.line();
    parent.child.kill('SIGTERM');
    expect(await parent.line()).toBe('1');
    expect(await parent.exited).toEqual([null, 'SIGTERM']);
    expect(await parent.released).toBe('');
  });

  it('is not one that another copy of the library listens to', async () => {
    const parent = run(`
      const copy = await import('./src/io/child/orphans.ts?copy');
      copy.guard({ kill: () => console.log('the other child is killed') });
      ${SESSION}
    `);
    await parent.line();
    parent.child.kill('SIGTERM');
    expect(await parent.line()).toBe('the other child is killed');
    expect(await parent.exited).toEqual([null, 'SIGTERM']);
    expect(await parent.released).toBe('');
  });
});

describe('listeners', () => {
  it('are there while there is a child, and no longer', async () => {
    const parent = run(`
      const names = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'];
      const counts = () => names.map((name) => process.listenerCount(name));
      const before = counts();
      const peers = [spawn(), spawn()];
      console.log(counts().map((count, index) => count - before[index]).join());
      for (const { kill, exited } of peers) kill('SIGKILL'), await exited;
      console.log(counts().join() === before.join());
    `);
    expect(await parent.line()).toBe('1,1,1,1');
    expect(await parent.line()).toBe('true');
  });
});

describe('a child that is kept', () => {
  it('outlives the session and the process, which exits by itself', async () => {
    const parent = run(`${sessionWith('{ keep: true }')} await protocol.disconnect();`);
    const pid = Number(await parent.line());
    expect(await parent.exited).toEqual([0, null]);
    await expectSurvival(parent, pid);
  });

  it('holds up nothing, though its standard error is captured', async () => {
    const options = "{ keep: true, stderr: 'capture' }";
    const parent = run(`${sessionWith(options)} await protocol.disconnect({ force: true });`);
    const pid = Number(await parent.line());
    expect(await parent.exited).toEqual([0, null]);
    process.kill(pid, 'SIGKILL');
  });

  it('outlives process.exit()', async () => {
    const parent = run(`${sessionWith('{ keep: true }')} process.exit(2);`);
    const pid = Number(await parent.line());
    expect(await parent.exited).toEqual([2, null]);
    await expectSurvival(parent, pid);
  });
});

describe('a SIGKILL of our process', () => {
  it('leaves the child, about which nothing can be done', async () => {
    const parent = run(SESSION);
    const pid = Number(await parent.line());
    parent.child.kill('SIGKILL');
    expect(await parent.exited).toEqual([null, 'SIGKILL']);
    await expectSurvival(parent, pid);
  });

  it.skipIf(findProgram('setpriv') === undefined)('ends one with a deathSignal', async () => {
    const parent = run(sessionWith('{ deathSignal: true }'));
    await parent.line();
    parent.child.kill('SIGKILL');
    expect(await parent.exited).toEqual([null, 'SIGKILL']);
    expect(await parent.released).toBe('');
  });
});

describe('standard error', () => {
  it('of a child is written to ours, too, where it is asked for', async () => {
    const parent = run(`
      const options = { stderr: 'tee' };
      const peer = w.spawnPeer('/bin/sh', ['-c', 'echo both of us >&2; exit 1'], options);
      console.log((await peer.exited).stderr);
    `);
    expect(await parent.line()).toBe('both of us');
    expect(await parent.released).toBe('both of us\n');
  });
});
