/** A whole process with a supervisor: when it can exit, and the log records of NODE_DEBUG. */

import { describe, expect, it } from 'vitest';
import { run } from '../inspect/programs.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

describe('a process', () => {
  it.each([
    ['stopped in a session', 'STOPPED', '', 'await supervisor.up(); await supervisor.stop();'],
    [
      'stopped in a wait',
      'STOPPED',
      'server.close(); await once(server, "close");',
      'await waiting(); await supervisor.stop();',
    ],
    [
      'given up',
      'GIVEN_UP',
      'server.close(); await once(server, "close");',
      'await supervisor.up().catch(() => undefined);',
    ],
  ])('exits by itself when its supervisor was %s', async (_, state, prepare, program) => {
    const exit = await run(`
      import { once } from 'node:events';
      import { createServer } from 'node:net';
      const server = createServer((socket) => socket.resume().on('end', () => socket.end()));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address();
      server.unref();
      ${prepare}
      const supervisor = w.supervise({ codec: w.lines() }, { port }, { attempts: 2, backoff: { initial: 1 } });
      const waiting = async () => {
        for await (const state of supervisor.states()) if (state === 'WAITING') return;
      };
      ${program}
      console.log(supervisor.state);
    `);
    expect(exit).toEqual({ code: 0, stdout: `${state}\n`, stderr: '' });
  });

  it('prints every state on standard error with NODE_DEBUG=wirechart', async () => {
    const { code, stderr } = await run(
      `
        const options = { name: 'vm1', attempts: 2, backoff: { initial: 1, random: () => 1 } };
        const supervisor = w.supervise({ codec: w.lines() }, '/nowhere/to/be/found', options);
        await supervisor.up().catch(() => undefined);
      `,
      { env: { NODE_DEBUG: 'wirechart' } },
    );
    expect(code).toBe(0);
    for (const line of [
      'CONNECTING',
      'CONNECTING \\(session 1\\)',
      'IDLE \\(session 1\\)',
      'WAITING for 1 ms until attempt 2: Failed to establish connection: .*ENOENT.*',
      'GIVEN_UP: Failed to establish connection: .*',
    ]) {
      expect(stderr).toMatch(new RegExp(`^WIRECHART \\d+: vm1: ${line}$`, 'm'));
    }
  });

  it('does not exit in WAITING, because another attempt follows', async () => {
    const exit = await run(`
      const supervisor = w.supervise({ codec: w.lines() }, '/nowhere/to/be/found', { attempts: 3, backoff: { initial: 5 } });
      for await (const state of supervisor.states()) {
        console.log(state);
        if (state === 'GIVEN_UP') break;
      }
    `);
    const states = ['WAITING', 'CONNECTING', 'WAITING', 'CONNECTING', 'GIVEN_UP'];
    expect(exit).toEqual({ code: 0, stdout: `${states.join('\n')}\n`, stderr: '' });
  });
});
