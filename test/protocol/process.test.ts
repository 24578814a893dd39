/** A whole process with the library: it can exit, and prints log records only on request. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { COMPILED } from '../support/compiled.ts';

expectIdleAfterEach();

interface Exit {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program that has the library as `w`, and two protocols, `left` and `right`, in a session.
 */
async function run(program: string, environment: Record<string, string> = {}): Promise<Exit> {
  const script = `
    import * as w from './src/index.js';
    const [left, right] = ['left', 'right'].map(
      (name) => new w.AsyncProtocol({ codec: w.lines() }, { name }),
    );
    const bound = await left.listen({ port: 0 });
    await Promise.all([left.accept(), right.connect(bound)]);
    ${program}
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: COMPILED,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: 'pipe',
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => (output[name] += chunk.toString()));
  }
  const closed: unknown[] = await once(child, 'close');
  return { code: closed[0], ...output };
}

describe('X-28 a process', () => {
  it('exits by itself when the session was disconnected', async () => {
    const exit = await run(
      `await right.send('hello'); await right.disconnect(); await left.closed;`,
    );
    expect(exit).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('exits by itself after a failed and an aborted attempt', async () => {
    const exit = await run(`
      await right.disconnect();
      await left.closed;
      await right.connect('/dev/null').catch((error) => console.log(error.code));
      await right.listen({ port: 0 });
      await right.accept({ signal: AbortSignal.timeout(1) }).catch((error) => console.log(error.name));
    `);
    expect(exit).toEqual({ code: 0, stdout: 'ERR_CONNECT\nTimeoutError\n', stderr: '' });
  });

  it('learns of a failed session only from the promises that it uses', async () => {
    const exit = await run(`
      void right.send('x').then(() => right.disconnect({ force: true }));
      console.log((await left.closed).cause.code, left.runstate);
    `);
    expect(exit).toEqual({ code: 0, stdout: 'ERR_CLOSED IDLE\n', stderr: '' });
  });

  it('prints the traffic on standard error with NODE_DEBUG=wirechart', async () => {
    const program = `await right.send('hello'); await right.disconnect(); await left.closed;`;
    const { code, stdout, stderr } = await run(program, { NODE_DEBUG: 'wirechart' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^WIRECHART \d+: right: --> hello$/m);
    expect(stderr).toMatch(/^WIRECHART \d+: left: <-- hello$/m);
    expect(stderr).toMatch(/^WIRECHART \d+: right: IDLE \(session 1\)$/m);
  });
});
