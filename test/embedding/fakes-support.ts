/** A parent of a connection, and a fake of that. */

import { assign, sendTo, setup } from 'xstate';
import type {
  JsonObject,
  ProtocolEmitted,
  ProtocolEvent,
  SessionOutcome,
} from '../../src/index.ts';
import { createQmpMachine, type QmpCommand } from '../../src/qmp/index.ts';

/** A virtual machine, whose monitor the tests replace. */
export const vm = setup({
  types: {
    context: {} as { isUp: boolean; ended: SessionOutcome | undefined },
    children: {} as { monitor: 'monitor' },
  },
  actors: { monitor: createQmpMachine({ once: true }) },
}).createMachine({
  context: { isUp: false, ended: undefined },
  invoke: {
    id: 'monitor',
    src: 'monitor',
    input: { address: '/run/vm1/qmp.sock' },
    onSnapshot: { actions: assign({ isUp: ({ event }) => event.snapshot.hasTag('up') }) },
    onDone: { target: '.off', actions: assign({ ended: ({ event }) => event.output }) },
  },
  initial: 'starting',
  states: {
    starting: { always: { guard: ({ context }) => context.isUp, target: 'running' } },
    running: {
      entry: sendTo('monitor', { type: 'SEND', message: { execute: 'cont' } }),
      on: { STOP: { actions: sendTo('monitor', { type: 'DISCONNECT' }) } },
    },
    off: { type: 'final' },
  },
});

/** How a session ends that was asked to. */
export const CLEAN: SessionOutcome = { suppressed: [], undelivered: 0 };

/** What a fake of the monitor has in common with it. */
export const types = {
  events: {} as ProtocolEvent<QmpCommand>,
  emitted: {} as ProtocolEmitted<JsonObject>,
  output: {} as SessionOutcome,
};

/** The name of a command. */
export const nameOf = (command: QmpCommand) => ('execute' in command ? command.execute : 'none');

/** The states and the tags that the parent reads. */
export const fakeMonitor = setup({ types }).createMachine({
  initial: 'CONNECTING',
  output: CLEAN,
  states: {
    CONNECTING: { tags: 'busy', after: { 100: 'RUNNING' } },
    RUNNING: { tags: 'up', on: { DISCONNECT: 'ENDED' } },
    ENDED: { type: 'final' },
  },
});
