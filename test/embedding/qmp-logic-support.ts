/** The common part of parent charts that use the ready-made logic of QMP. */

import { onTestFinished } from 'vitest';
import { type AnyActorLogic, createActor, sendTo, setup } from 'xstate';
import type { Address } from '../../src/index.ts';
import {
  createQmpMachine,
  qmpCommand,
  qmpEvents,
  type QmpEventMessage,
  type QmpMachineOptions,
} from '../../src/qmp/index.ts';
import { turn } from '../support/signal.ts';

/** The events of such a parent. */
export type ParentEvent =
  | QmpEventMessage
  | QmpEventMessage<'A' | 'B' | 'C'>
  | { readonly type: 'GO' | 'BACK' | 'UP' | 'END' }
  | { readonly type: 'CONNECT'; readonly address: Address };

/** Returns what a chart is set up with, and the types of the events that the action `note` has seen. */
export function setUp(options: QmpMachineOptions = {}) {
  const heard: string[] = [];
  const parts = setup({
    types: {
      events: {} as ParentEvent,
      children: {} as { qmp: 'qmp'; events: 'events'; command: 'command' },
    },
    actors: { qmp: createQmpMachine(options), events: qmpEvents, command: qmpCommand },
    actions: {
      note: ({ event }) => {
        heard.push(event.type);
      },
      end: sendTo('qmp', { type: 'DISCONNECT' }),
    },
  });
  return { parts, heard };
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
