/** The common part of parent charts that use the ready-made logic of QMP. */

import { onTestFinished } from 'vitest';
import { type AnyActorLogic, createActor, sendTo, setup } from 'xstate';
import type { Address } from '../../src/index.ts';
import {
  createQmpMachine,
  QmpClient,
  qmpCommand,
  qmpEvents,
  type QmpEventMessage,
  type QmpMachineOptions,
} from '../../src/qmp/index.ts';
import { ManualMonitor } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';

/** The events of such a parent. */
type ParentEvent =
  | QmpEventMessage
  | QmpEventMessage<'A' | 'B' | 'C'>
  | { readonly type: 'GO' | 'BACK' | 'UP' | 'END' }
  | { readonly type: 'CONNECT'; readonly address: Address };

/** Returns what a chart is set up with, and the events that the action `note` has seen, and their types. */
export function setUp(options: QmpMachineOptions = {}) {
  const heard: string[] = [];
  const events: ParentEvent[] = [];
  const parts = setup({
    types: {
      events: {} as ParentEvent,
      children: {} as { qmp: 'qmp'; events: 'events'; command: 'command' },
    },
    actors: { qmp: createQmpMachine(options), events: qmpEvents, command: qmpCommand },
    actions: {
      note: ({ event }) => {
        heard.push(event.type);
        events.push(event);
      },
      end: sendTo('qmp', { type: 'DISCONNECT' }),
    },
  });
  return { parts, heard, events };
}

/** Starts an actor, which is stopped after the test. */
export function start<Logic extends AnyActorLogic>(...args: Parameters<typeof createActor<Logic>>) {
  const actor = createActor<Logic>(...args);
  onTestFinished(() => {
    actor.stop();
  });
  actor.start();
  return actor;
}

/** Resolves when a condition holds that no actor reports. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** A parent that invokes `qmpEvents` in its state `on` only. */
export function lateParent(options: Parameters<typeof setUp>[0] = {}) {
  const monitor = new ManualMonitor();
  const { parts, heard, events } = setUp(options);
  const parent = start(
    parts.createMachine({
      invoke: { id: 'qmp', src: 'qmp', input: { address: { stream: monitor.stream } } },
      on: {
        'QMP.*': { actions: 'note' },
        CONNECT: { actions: sendTo('qmp', ({ event }) => event) },
        END: { actions: 'end' },
      },
      initial: 'off',
      states: {
        off: { on: { GO: 'on' } },
        on: {
          invoke: {
            id: 'events',
            src: 'events',
            onDone: { actions: () => heard.push('events done') },
          },
          on: { BACK: 'off', GO: { target: 'on', reenter: true } },
        },
      },
    }),
  );
  const qmp = parent.getSnapshot().children.qmp;
  if (qmp === undefined) throw new Error('The parent has no connection');
  return { parent, monitor, heard, events, qmp, client: QmpClient.attach(qmp) };
}
