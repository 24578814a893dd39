/** Each command gets its own reply, whatever happens to the others. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { session } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';
import { ModelMonitor } from './model-monitor.ts';
import { type Step, STEPS, Walk } from './wire-walk.ts';

expectIdleAfterEach();

describe('each command gets its own reply, and no other', () => {
  /** Servers that answer out of order do not say in order what they could not parse. */
  const inOrder = STEPS.filter((step) => step !== 'answerLast');
  const parsed = STEPS.filter((step) => !step.startsWith('garble'));

  it.each([
    ['of a server that answers in order, with commands that it cannot parse', inOrder, 7],
    ['of a server that answers in any order', parsed, 7],
    ['of such a server with one command at a time', parsed, 1],
    ['of such a server without a window', parsed, Infinity],
  ] as const)('in any interleaving: %s', async (_, steps, maxInFlight) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom<Step>(...steps), { minLength: 5, maxLength: 60 }),
        async (taken) => {
          const clock = new SimulatedClock();
          const { client, monitor } = await session({ clock, limits: { maxInFlight } });
          const model = new ModelMonitor(monitor, maxInFlight);
          const walk = new Walk(client, model, clock);
          for (const step of taken) {
            walk.take(step);
            if (step.startsWith('answer')) await turn();
          }
          while (client.stats.commandsInFlight + client.stats.commandsWaiting > 0) {
            model.answerAll();
            await turn();
          }
          await walk.settled();
          expect(walk.wrong).toEqual([]);
          expect(model.violations).toEqual([]);
          expect(client.stats).toMatchObject({ commandsInFlight: 0, commandsWaiting: 0 });
          await client.disconnect();
        },
      ),
      { numRuns: 60 },
    );
  });
});
