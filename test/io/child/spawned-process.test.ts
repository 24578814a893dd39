/** What happens to a child when its parent process ends, observed from a third process. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../../scripts/programs.ts';
import { cleanUp, expectIdleAfterEach } from '../../support/cleanup.ts';
import { COMPILED } from '../../support/compiled.ts';

expectIdleAfterEach();

/**
 * The peer writes "ready", ends only by SIGKILL, and writes "alive" to standard error on SIGUSR2.
 */
const PEER = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  process.on('SIGUSR2', () => fs.writeSync(2, 'alive'));
  fs.writeSync(3, 'ready\\n');
  setTimeout(() => undefined, 60_000);
`;

/** A running program that spawns peers. */
interface Parent {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  readonly line: () => Promise<string>;
  /** The arguments of its 'exit' event. */
  readonly exited: Promise<readonly unknown[]>;
  /** Waits until it or a peer has written `word` to standard error. */
  readonly stderrIncludes: (word: string) => Promise<void>;
  /** The whole standard error, once neither it nor a peer holds that: then none of them runs. */
  readonly allEnded: Promise<string>;
}

/**
 * Runs a program that has the library as `w`, a `protocol`, and `spawn(options)` to spawn a peer.
 */
function run(program: string): Parent {
  const script = `
    import * as w from './src/index.js';
    const peerArgs = ['--eval', ${JSON.stringify(PEER)}];
    const spawn = (options) =>
      w.spawnPeer(process.execPath, peerArgs, { stderr: 'inherit', ...options });
    const protocol = new w.AsyncProtocol({
      codec: w.lines(),
      handshake: async (session) => void (await session.receive()),
    });
    ${program}
  `;
  const argv = ['--input-type=module', '--eval', script];
  const child = spawn(process.execPath, argv, {
    cwd: COMPILED,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { stderr } = child;
  cleanUp(() => {
    child.kill('SIGKILL');
    child.stdout.destroy();
    stderr.destroy();
  });
  const printed = child.stdout.setEncoding('utf8').iterator() as AsyncIterator<string, undefined>;
  let [unread, errors] = ['', ''];
  stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return {
    child,
    line: async () => {
      while (!unread.includes('\n')) {
        const next = await printed.next();
        if (next.done === true) throw new Error(`The program ended after ${unread}: ${errors}`);
        unread += next.value;
      }
      const [line = '', ...rest] = unread.split('\n');
      unread = rest.join('\n');
      return line;
    },
    exited: once(child, 'exit'),
    stderrIncludes: async (word) => {
      while (!errors.includes(word)) await once(stderr, 'data');
    },
    allEnded: once(stderr, 'end').then(() => errors),
  };
}

/** Code that opens a session with a peer, and prints the peer's process id. */
const sessionWith = (options: string) => `
  const peer = spawn(${options});
  await protocol.connect(peer.address);
  console.log(peer.pid);
`;
const SESSION = sessionWith('{}');

/** Asserts that a peer runs, and kills it. */
async function expectSurvival(parent: Parent, pid: number): Promise<void> {
  process.kill(pid, 'SIGUSR2');
  await parent.stderrIncludes('alive');
  process.kill(pid, 'SIGKILL');
  expect(await parent.allEnded).toBe('alive');
}

describe('no child outlives a process that ends', () => {
  it.each([
    ['by itself, after disconnect()', 'await protocol.disconnect();', 0],
    ['by itself, while disconnect() is pending', 'void protocol.disconnect();', 0],
    ['by process.exit()', 'process.exit(3);', 3],
    ['by an exception', "setImmediate(() => { throw new Error('on purpose'); });", 1],
    ['by an unhandled rejection', "void Promise.reject(new Error('on purpose'));", 1],
  ])('%s', async (_, program, code) => {
    const parent = run(`${SESSION} ${program}`);
    await parent.line();
    expect(await parent.exited).toEqual([code, null]);
    expect((await parent.allEnded).includes('on purpose')).toBe(code === 1);
  });

  it("whose own listener of 'exit' calls process.exit()", async () => {
    const parent = run(`process.on('exit', () => process.exit(4)); ${SESSION} process.exit(3);`);
    await parent.line();
    expect(await parent.exited).toEqual([4, null]);
    expect(await parent.allEnded).toBe('');
  });

  it('before a session is opened', async () => {
    const parent = run('spawn(); process.exit(0);');
    expect(await parent.exited).toEqual([0, null]);
    expect(await parent.allEnded).toBe('');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s without a listener', async (signal) => {
    const parent = run(SESSION);
    await parent.line();
    parent.child.kill(signal);
    expect(await parent.exited).toEqual([null, signal]);
    expect(await parent.allEnded).toBe('');
  });
});

describe('a signal that the program listens to', () => {
  it('ends neither the program nor the child, however often it is sent', async () => {
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
    await parent.stderrIncludes('alive');
    parent.child.kill('SIGINT');
    expect(await parent.exited).toEqual([null, 'SIGINT']);
    expect(await parent.allEnded).toBe('alive');
  });

  it('leaves a once() listener time to disconnect', async () => {
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

  it('ends the program when it is sent again after a once() listener', async () => {
    const parent = run(`${SESSION} process.once('SIGTERM', () => console.log('once'));`);
    await parent.line();
    parent.child.kill('SIGTERM');
    expect(await parent.line()).toBe('once');
    parent.child.kill('SIGTERM');
    expect(await parent.exited).toEqual([null, 'SIGTERM']);
    expect(await parent.allEnded).toBe('');
  });

  it('ends the program if a listener does so when alone, as in some libraries', async () => {
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
    expect(await parent.allEnded).toBe('');
  });

  it('ends the program if only another copy of the library listens', async () => {
    const parent = run(`
      const copy = await import('./src/io/child/orphans.js?copy');
      copy.guard({ kill: () => console.log('the other child is killed') });
      ${SESSION}
    `);
    await parent.line();
    parent.child.kill('SIGTERM');
    expect(await parent.line()).toBe('the other child is killed');
    expect(await parent.exited).toEqual([null, 'SIGTERM']);
    expect(await parent.allEnded).toBe('');
  });
});

describe('listeners', () => {
  it('exist while there is a child, and no longer', async () => {
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
  it('outlives the session and our process, which exits by itself', async () => {
    const parent = run(`${sessionWith('{ keep: true }')} await protocol.disconnect();`);
    const pid = Number(await parent.line());
    expect(await parent.exited).toEqual([0, null]);
    await expectSurvival(parent, pid);
  });

  it('does not keep our process alive, even if its standard error is captured', async () => {
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
  it('leaves the child running', async () => {
    const parent = run(SESSION);
    const pid = Number(await parent.line());
    parent.child.kill('SIGKILL');
    expect(await parent.exited).toEqual([null, 'SIGKILL']);
    await expectSurvival(parent, pid);
  });

  it.skipIf(findProgram('setpriv') === undefined)('ends a child with deathSignal', async () => {
    const parent = run(sessionWith('{ deathSignal: true }'));
    await parent.line();
    parent.child.kill('SIGKILL');
    expect(await parent.exited).toEqual([null, 'SIGKILL']);
    expect(await parent.allEnded).toBe('');
  });
});

describe('standard error', () => {
  it('of a child is also written to ours with tee', async () => {
    const parent = run(`
      const options = { stderr: 'tee' };
      const peer = w.spawnPeer('/bin/sh', ['-c', 'echo both of us >&2; exit 1'], options);
      console.log((await peer.exited).stderr);
    `);
    expect(await parent.line()).toBe('both of us');
    expect(await parent.allEnded).toBe('both of us\n');
  });
});
