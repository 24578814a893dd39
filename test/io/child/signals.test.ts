/** The listeners on the signals that would end the process, and those of the program itself. */

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { guard, unguard } from '../../../src/io/child/orphans.ts';
import { expectIdleAfterEach } from '../../support/cleanup.ts';
import { DEADLY, run, SESSION } from '../../support/parents.ts';

expectIdleAfterEach();

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

  it('of a terminal reaches only the program, which can end the session first', async () => {
    const parent = run(
      `const script = "fs.writeSync(3, 'ready\\\\n'); fs.readSync(3, Buffer.alloc(9)); process.exitCode = 7";
      const peer = w.spawnPeer(process.execPath, ['--eval', script]);
      await protocol.connect(peer.address);
      process.once('SIGINT', async () => {
        await protocol.disconnect();
        console.log((await peer.exited).exitCode, protocol.outcome.cause);
      });
      console.log('up');
    `,
      { detached: true },
    );
    expect(await parent.line()).toBe('up');
    // As a terminal does: to the whole group in the foreground.
    process.kill(-(parent.child.pid ?? NaN), 'SIGINT');
    expect(await parent.line()).toBe('7 undefined');
    expect(await parent.exited).toEqual([0, null]);
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

/** Runs a command as the first process of a container. */
const CONTAINER = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child'];
const [UNSHARE = '', ...UNSHARE_ARGS] = CONTAINER;
const hasContainers = spawnSync(UNSHARE, [...UNSHARE_ARGS, 'true']).status === 0;

describe.skipIf(!hasContainers)('a signal without a listener in a container', () => {
  it('ends neither its first process nor the child', async () => {
    const parent = run(
      `${SESSION}
      process.kill(process.pid, 'SIGTERM');
      setImmediate(() => {
        process.kill(peer.pid, 'SIGUSR2');
        console.log(process.pid);
      });`,
      { under: CONTAINER },
    );
    await parent.line();
    expect(await parent.line()).toBe('1');
    await parent.stderrIncludes('alive');
    parent.child.kill('SIGKILL');
    expect(await parent.allEnded).toBe('alive');
  });
});

describe('listeners', () => {
  it('exist while there is a child, and no longer', async () => {
    const parent = run(`
      const names = ['exit', ...${JSON.stringify(DEADLY)}];
      const counts = () => names.map((name) => process.listenerCount(name));
      const before = counts();
      const peers = [spawn(), spawn()];
      console.log(counts().map((count, index) => count - before[index]).join());
      for (const { kill, exited } of peers) kill('SIGKILL'), await exited;
      console.log(counts().join() === before.join());
    `);
    expect(await parent.line()).toBe(Array(13).fill(1).join());
    expect(await parent.line()).toBe('true');
  });

  it('are none after 10 000 children', () => {
    const counts = () =>
      process.eventNames().map((name) => [name, process.listenerCount(name)] as const);
    const before = counts();
    for (let round = 0; round < 5_000; round += 1) {
      const children = [{ kill: () => undefined }, { kill: () => undefined }];
      children.forEach(guard);
      children.forEach(unguard);
    }
    expect(counts()).toEqual(before);
  });

  it('under another name of the signal count, too', async () => {
    const parent = run(`${SESSION}
      process.on('SIGPOLL', () => console.log('heard'));
      console.log('listens');
    `);
    await parent.line();
    expect(await parent.line()).toBe('listens');
    parent.child.kill('SIGIO');
    expect(await parent.line()).toBe('heard');
    parent.child.kill('SIGTERM');
    expect(await parent.exited).toEqual([null, 'SIGTERM']);
    expect(await parent.allEnded).toBe('');
  });
});
