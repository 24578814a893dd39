/** Deadlines of commands in a chart: they pass on the clock of its actor system, and on no other. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createActor, raise, setup, SimulatedClock, waitFor } from 'xstate';
import type { Address } from '../../src/index.ts';
import { createQmpMachine, qmpCommand, QmpClient } from '../../src/qmp/index.ts';
import { ScriptedQmpServer } from '../../src/testing/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, hasSettled } from '../support/signal.ts';

expectIdleAfterEach();

const vm = setup({
  types: {
    input: {} as { address: Address },
    context: {} as { address: Address },
    events: {} as { type: 'UP' | 'PAUSE' },
    children: {} as { qmp: 'qmp' },
  },
  actors: { qmp: createQmpMachine({ once: true }), command: qmpCommand },
}).createMachine({
  context: ({ input }) => input,
  invoke: {
    id: 'qmp',
    src: 'qmp',
    input: ({ context }) => context,
    onSnapshot: {
      guard: ({ event }) => event.snapshot.hasTag('up'),
      actions: raise({ type: 'UP' }),
    },
  },
  initial: 'connecting',
  states: {
    connecting: { on: { UP: 'running' } },
    running: { on: { PAUSE: 'pausing' } },
    pausing: {
      invoke: {
        src: 'command',
        input: { execute: 'stop', timeout: 1_000 },
        onDone: 'paused',
        onError: 'unanswered',
      },
    },
    paused: {},
    unanswered: {},
  },
});

/** A running machine whose server has received `stop`, and does not answer it. */
async function start() {
  const asked = gate();
  const server = new ScriptedQmpServer({
    commands: {
      stop: () => {
        asked.open();
        return new Promise(() => undefined);
      },
    },
  });
  cleanUp(() => server.close());
  const clock = new SimulatedClock();
  const actor = createActor(vm, { clock, input: { address: await server.listen() } }).start();
  onTestFinished(() => {
    actor.stop();
  });
  await waitFor(actor, (snapshot) => snapshot.matches('running'));
  const { qmp } = actor.getSnapshot().children;
  if (qmp === undefined) throw new Error('The parent has not invoked the connection');
  return { actor, clock, qmp, asked };
}

describe('the deadline of a command', () => {
  it('of qmpCommand passes on the clock of the chart', async () => {
    const { actor, clock, asked } = await start();
    actor.send({ type: 'PAUSE' });
    await asked.opened;
    clock.increment(999);
    expect(actor.getSnapshot().value).toBe('pausing');
    clock.increment(1);
    await waitFor(actor, (snapshot) => snapshot.matches('unanswered'));
  });

  it('of an attached client passes on the clock of the chart, too', async () => {
    const { clock, qmp, asked } = await start();
    const reply = QmpClient.attach(qmp).execute('stop', undefined, { timeout: 1_000 });
    await asked.opened;
    clock.increment(1_000);
    await expect(reply).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  it('of a client with a clock of its own passes on that', async () => {
    const { clock, qmp, asked } = await start();
    const own = new SimulatedClock();
    const client = QmpClient.attach(qmp, { clock: own });
    const reply = client.execute('stop', undefined, { timeout: 1_000 });
    await asked.opened;
    clock.increment(10_000);
    own.increment(999);
    expect(await hasSettled(reply)).toBe(false);
    own.increment(1);
    await expect(reply).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });
});
