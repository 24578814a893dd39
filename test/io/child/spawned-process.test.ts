/** What happens to a child when its parent process ends, observed from a third process. */

import { describe, expect, it } from 'vitest';
import { findProgram } from '../../../scripts/programs.ts';
import { expectIdleAfterEach, tempDir } from '../../support/cleanup.ts';
import { DEADLY, type Parent, run, SESSION, sessionWith, TREE } from '../../support/parents.ts';
import { living } from '../../support/processes.ts';

expectIdleAfterEach();

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

  it.each(DEADLY)('by %s without a listener', async (signal) => {
    const parent = run(TREE);
    const group = Number(await parent.line());
    parent.child.kill(signal);
    expect(await parent.exited).toEqual([null, signal]);
    expect(await parent.allEnded).toBe('');
    await expect.poll(() => living(group)).toEqual([]);
  });

  it('while it is profiled, whose samples are signals', async () => {
    const args = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', await tempDir()];
    const parent = run(
      `${SESSION}
      const until = performance.now() + 50;
      while (performance.now() < until);
      await protocol.disconnect({ force: true });`,
      { args },
    );
    await parent.line();
    expect(await parent.exited).toEqual([0, null]);
    expect(await parent.allEnded).toBe('');
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

describe('a child that does not listen yet', () => {
  const waiting = (end: string) => `
    import { tmpdir } from 'node:os';
    const listens = tmpdir() + '/wirechart-never-' + process.pid;
    const peer = w.spawnPeer('sleep', ['60'], { stderr: 'inherit', listens });
    protocol.connect(peer.address).catch(() => undefined);
    while (peer.pid === undefined) await new Promise(setImmediate);
    console.log(peer.pid);
    ${end}
  `;

  it.each([
    ['by process.exit()', 'process.exit(3);', [3, null]],
    ['by a signal without a listener', 'process.kill(process.pid, "SIGTERM");', [null, 'SIGTERM']],
  ])('is killed when our process ends %s', async (_, end, exit) => {
    const parent = run(waiting(end));
    await parent.line();
    expect(await parent.exited).toEqual(exit);
    expect(await parent.allEnded).toBe('');
  });

  it('does not start any more when our process ends before', async () => {
    const program = "spawn({ listens: '/tmp/wirechart-never-listened' }); process.exit(4);";
    const parent = run(program);
    expect(await parent.exited).toEqual([4, null]);
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
