/** The clock of a connection, for timers of a protocol's own. */

import { describe, expect, test } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import { AsyncProtocol, createProtocolMachine, lines } from '../../src/index.ts';

const definition = { codec: lines() };

describe('the clock of a protocol', () => {
  test('is that of the options', () => {
    const clock = new SimulatedClock();
    expect(new AsyncProtocol(definition, { clock }).clock).toBe(clock);
  });

  test('is that of the statechart that runs the machine', () => {
    const clock = new SimulatedClock();
    const actor = createActor(createProtocolMachine(definition), { clock }).start();
    expect(AsyncProtocol.attach(actor).clock).toBe(clock);
    actor.stop();
  });

  test('measures real time if none is given', async () => {
    const { clock } = new AsyncProtocol(definition);
    await new Promise<void>((resolve) => {
      clock.clearTimeout(
        clock.setTimeout(() => {
          throw new Error('It was cancelled');
        }, 1),
      );
      clock.setTimeout(resolve, 2);
    });
  });
});
