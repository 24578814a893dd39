/** What is left of thousands of sessions, and of supervisors that have stopped: nothing. In processes of their own. */

import { describe, expect, it } from 'vitest';
import { run } from '../inspect/programs.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

const TOOLS = `
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const heap = async () => {
    for (let at = 0; at < 10; at += 1) (await turn(), gc());
    return process.memoryUsage().heapUsed / 1024;
  };
`;

describe('ten thousand', () => {
  it('sessions of one supervisor leave no growth', { timeout: 120_000 }, async () => {
    const exit = await run(
      `
        ${TOOLS}
        // Timers, counted: one that is left would be left for good.
        const set = new Set();
        const clock = {
          setTimeout: (run, ms) => {
            const timer = setTimeout(() => (set.delete(timer), run()), ms);
            set.add(timer);
            return timer;
          },
          clearTimeout: (timer) => (set.delete(timer), clearTimeout(timer)),
        };
        let [far, heard, asked, timers, reasons] = [undefined, 0, 0, 0, 0];
        const vm = w.supervise(
          { codec: w.lines(), onMessage: () => void (heard += 1) },
          () => {
            asked += 1;
            const [near, other] = w.streamPair();
            far = other;
            return { stream: near };
          },
          {
            clock,
            backoff: { initial: 1, max: 1, random: () => 0 },
            onUp: (client) => {
              far.write('hello\\n');
              return client.send('who is there?');
            },
          },
        );
        const client = vm.client;
        const steps = vm.states();
        const sessions = async (count) => {
          for (const last = vm.ups + count; vm.ups < last; ) {
            await vm.up();
            far.destroy();
            for (;;) if ((await steps.next()).value === 'WAITING') break;
            timers = Math.max(timers, set.size);
            reasons = Math.max(reasons, vm.failures.length);
            vm.retry();
          }
          await vm.up();
        };
        const handles = () => process.getActiveResourcesInfo().sort().join();
        // Until then the engine still compiles, which the heap shows.
        await sessions(3_000);
        const [before, handlesBefore] = [await heap(), handles()];
        await sessions(7_000);
        const growth = (await heap()) - before;
        console.log(handles() === handlesBefore || handles());
        await vm.stop({ force: true });
        console.log(vm.ups, asked, vm.failures.at(-1).session, client === vm.client);
        console.log('timers', timers, set.size, 'reasons', reasons, vm.failures.length);
        console.log(growth < 800 || growth);
      `,
      { flags: ['--expose-gc'] },
    );
    const stdout = ['true', '10002 10002 10001 true', 'timers 1 0 reasons 20 20', 'true', ''];
    expect(exit).toEqual({ code: 0, stdout: stdout.join('\n'), stderr: '' });
  });

  it(
    'attempts that are refused, and calls that are given up, leave no growth',
    { timeout: 120_000 },
    async () => {
      const exit = await run(
        `
        ${TOOLS}
        const clock = new x.SimulatedClock();
        const vm = w.supervise({ codec: w.lines() }, '/nowhere/to/be/found', { clock });
        const steps = vm.states();
        const attempts = async (count) => {
          for (let at = 0; at < count; at += 1) {
            for (;;) if ((await steps.next()).value === 'WAITING') break;
            const aborter = new AbortController();
            const given = vm.up({ signal: aborter.signal }).catch(() => undefined);
            aborter.abort();
            await given;
            if (at % 2 === 0) clock.increment(30_000);
            else vm.retry();
          }
        };
        await attempts(1_000);
        const before = await heap();
        await attempts(9_000);
        const growth = (await heap()) - before;
        await vm.stop();
        console.log(vm.failures.at(-1).session >= 10_000, vm.failures.length);
        console.log(growth < 1024 || growth);
      `,
        { flags: ['--expose-gc'] },
      );
      expect(exit).toEqual({ code: 0, stdout: 'true 20\ntrue\n', stderr: '' });
    },
  );
});

describe('a process', () => {
  it.each([
    ['stopped in a session', 'STOPPED', '', 'await vm.up(); await vm.stop();'],
    [
      'stopped in a wait',
      'STOPPED',
      'server.close(); await once(server, "close");',
      'await waiting(); await vm.stop();',
    ],
    [
      'given up',
      'GIVEN_UP',
      'server.close(); await once(server, "close");',
      'await vm.up().catch(() => undefined);',
    ],
  ])('exits by itself when its supervisor has %s', async (_, state, prepare, program) => {
    const exit = await run(`
      import { once } from 'node:events';
      import { createServer } from 'node:net';
      const server = createServer((socket) => socket.resume().on('end', () => socket.end()));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address();
      server.unref();
      ${prepare}
      const vm = w.supervise({ codec: w.lines() }, { port }, { attempts: 2, backoff: { initial: 1 } });
      const waiting = async () => {
        for await (const state of vm.states()) if (state === 'WAITING') return;
      };
      ${program}
      console.log(vm.state);
    `);
    expect(exit).toEqual({ code: 0, stdout: `${state}\n`, stderr: '' });
  });

  it('shows every state on standard error when NODE_DEBUG says wirechart', async () => {
    const { code, stderr } = await run(
      `
        const options = { name: 'vm1', attempts: 2, backoff: { initial: 1, random: () => 1 } };
        const vm = w.supervise({ codec: w.lines() }, '/nowhere/to/be/found', options);
        await vm.up().catch(() => undefined);
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

  it('is kept alive by a wait: there will be another attempt', async () => {
    const exit = await run(`
      const vm = w.supervise({ codec: w.lines() }, '/nowhere/to/be/found', { attempts: 3, backoff: { initial: 5 } });
      for await (const state of vm.states()) {
        console.log(state);
        if (state === 'GIVEN_UP') break;
      }
    `);
    const said = ['WAITING', 'CONNECTING', 'WAITING', 'CONNECTING', 'GIVEN_UP'];
    expect(exit).toEqual({ code: 0, stdout: `${said.join('\n')}\n`, stderr: '' });
  });
});
