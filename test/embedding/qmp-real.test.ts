/** `qmpEvents` and `qmpCommand` with a real QEMU. */

import { expect, test } from 'vitest';
import { assign, raise, setup, waitFor } from 'xstate';
import { type SessionOutcome, spawnPeer } from '../../src/index.ts';
import {
  createQmpMachine,
  ExecuteError,
  qmpCommand,
  qmpCommandFor,
  qmpEvents,
  type QmpEventMessage,
} from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { describeEachQemu } from '../support/real-peers.ts';
import { start } from './qmp-logic-support.ts';

expectIdleAfterEach();

const ARGS = [
  ...['-M', 'none', '-nodefaults', '-display', 'none', '-S'],
  ...['-chardev', 'socket,id=qmp,fd=3,server=off', '-mon', 'chardev=qmp,mode=control'],
];

/** A parent that starts QEMU, lets it run, stops it, and lets it quit. `isLate`: hears events only from then on. */
function chartOf(qemu: string, { isLate }: { readonly isLate: boolean }) {
  const heard: string[] = [];
  const chart = setup({
    types: {
      context: {} as {
        readonly running: boolean | undefined;
        readonly error: unknown;
        readonly outcome: SessionOutcome | undefined;
      },
      events: {} as QmpEventMessage | { readonly type: 'UP' },
    },
    actors: {
      qmp: createQmpMachine({ once: true }),
      events: qmpEvents,
      command: qmpCommand,
      status: qmpCommandFor('query-status'),
    },
  }).createMachine({
    context: { running: undefined, error: undefined, outcome: undefined },
    invoke: {
      src: 'qmp',
      input: { address: () => spawnPeer(qemu, ARGS).address },
      onSnapshot: {
        guard: ({ event }) => event.snapshot.hasTag('up'),
        actions: raise({ type: 'UP' }),
      },
      onDone: { target: '.over', actions: assign({ outcome: ({ event }) => event.output }) },
    },
    on: { 'QMP.*': { actions: ({ event }) => heard.push(event.type) } },
    initial: 'down',
    states: {
      down: { on: { UP: 'up' } },
      up: {
        ...(!isLate && { invoke: { src: 'events' } }),
        initial: 'asking',
        states: {
          asking: {
            invoke: {
              src: 'status',
              onDone: {
                target: 'starting',
                actions: assign({ running: ({ event }) => event.output.running }),
              },
            },
          },
          starting: {
            invoke: { src: 'command', input: { execute: 'cont' }, onDone: 'failing' },
          },
          failing: {
            invoke: {
              src: 'command',
              input: { execute: 'device_add', arguments: { driver: 'nonsense' } },
              onError: {
                target: 'stopping',
                actions: assign({ error: ({ event }) => event.error }),
              },
            },
          },
          stopping: {
            invoke: { src: 'command', input: { execute: 'stop' }, onDone: 'quitting' },
          },
          quitting: {
            invoke: [
              ...(isLate ? [{ src: 'events' as const }] : []),
              { src: 'command', input: { execute: 'quit' } },
            ],
          },
        },
      },
      over: { type: 'final' },
    },
  });
  return { chart, heard };
}

describeEachQemu((qemu) => {
  test.each([false, true])(
    'commands are executed, and each event is heard once (late: %s)',
    async (isLate) => {
      const { chart, heard } = chartOf(qemu, { isLate });
      const parent = start(chart);
      const { context } = await waitFor(parent, ({ status }) => status === 'done');
      expect(context.running).toBe(false);
      expect(context.error).toBeInstanceOf(ExecuteError);
      expect(context.error).toMatchObject({ command: 'device_add' });
      expect(context.outcome?.cause).toBeUndefined();
      expect(heard).toEqual(['QMP.RESUME', 'QMP.STOP', 'QMP.SHUTDOWN']);
    },
  );
});
