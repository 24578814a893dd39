/**
 * Ten thousand sessions or attempts of one supervisor do not leak. Each test runs a separate
 * process.
 */

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

describe('more than ten thousand', () => {
  it('sessions of one supervisor do not grow the heap', { timeout: 120_000 }, async () => {
    const exit = await run(
      `
        ${TOOLS}
        // Counts the pending timers.
        const set = new Set();
        const clock = {
          setTimeout: (run, ms) => {
            const timer = setTimeout(() => (set.delete(timer), run()), ms);
            set.add(timer);
            return timer;
          },
          clearTimeout: (timer) => (set.delete(timer), clearTimeout(timer)),
        };
        let [far, received, addressCalls, timers, failures] = [undefined, 0, 0, 0, 0];
        const supervisor = w.supervise(
          { codec: w.lines(), onMessage: () => void (received += 1) },
          () => {
            addressCalls += 1;
            const [near, other] = w.streamPair();
            far = other;
            return { stream: near };
          },
          {
            clock,
            backoff: { initial: 1, max: 1, random: () => 0 },
            onUp: (client) => {
              far.write('hello\\n');
              return client.send('hello');
            },
          },
        );
        const client = supervisor.client;
        const steps = supervisor.states();
        const sessions = async (count) => {
          for (const last = supervisor.ups + count; supervisor.ups < last; ) {
            await supervisor.up();
            far.destroy();
            for (;;) if ((await steps.next()).value === 'WAITING') break;
            timers = Math.max(timers, set.size);
            failures = Math.max(failures, supervisor.failures.length);
            supervisor.retry();
          }
          await supervisor.up();
        };
        const handles = () => process.getActiveResourcesInfo().sort().join();
        // Before these, the JavaScript engine still compiles, which grows the heap.
        await sessions(6_000);
        const [before, handlesBefore] = [await heap(), handles()];
        await sessions(7_000);
        const growth = (await heap()) - before;
        console.log(handles() === handlesBefore || handles());
        await supervisor.stop({ force: true });
        console.log(supervisor.ups, addressCalls, supervisor.failures.at(-1).session, client === supervisor.client);
        console.log('timers', timers, set.size, 'failures', failures, supervisor.failures.length);
        console.log(growth < 800 || growth);
      `,
      { flags: ['--expose-gc'] },
    );
    const stdout = ['true', '13002 13002 13001 true', 'timers 1 0 failures 20 20', 'true', ''];
    expect(exit).toEqual({ code: 0, stdout: stdout.join('\n'), stderr: '' });
  });

  it('refused attempts and aborted calls do not grow the heap', { timeout: 120_000 }, async () => {
    const exit = await run(
      `
        ${TOOLS}
        const clock = new x.SimulatedClock();
        const supervisor = w.supervise({ codec: w.lines() }, '/nowhere/to/be/found', { clock });
        const steps = supervisor.states();
        const attempts = async (count) => {
          for (let at = 0; at < count; at += 1) {
            for (;;) if ((await steps.next()).value === 'WAITING') break;
            const controller = new AbortController();
            const aborted = supervisor.up({ signal: controller.signal }).catch(() => undefined);
            controller.abort();
            await aborted;
            if (at % 2 === 0) clock.increment(30_000);
            else supervisor.retry();
          }
        };
        await attempts(1_000);
        const before = await heap();
        await attempts(9_000);
        const growth = (await heap()) - before;
        await supervisor.stop();
        console.log(supervisor.failures.at(-1).count >= 10_000, supervisor.failures.length);
        console.log(growth < 1024 || growth);
      `,
      { flags: ['--expose-gc'] },
    );
    expect(exit).toEqual({ code: 0, stdout: 'true 1\ntrue\n', stderr: '' });
  });
});
