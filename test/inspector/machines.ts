/** XState 5 machines for the tests of the inspector. */

import { type AnyStateMachine, createActor, createMachine, sendTo, setup } from 'xstate';
import { createProtocolMachine, jsonLines } from '../../src/index.ts';

/** Nested states, a history state and an eventless transition. */
export const nested: AnyStateMachine = createMachine({
  id: 'nested',
  context: { laps: 0n },
  initial: 'off',
  states: {
    off: { on: { START: 'on' } },
    on: {
      initial: 'slow',
      states: {
        slow: { on: { FASTER: 'fast' } },
        fast: { on: { FASTER: 'checking' } },
        checking: { always: 'slow' },
        last: { type: 'history' },
      },
      on: { STOP: 'off', PAUSE: 'paused' },
    },
    paused: { on: { RESUME: 'on.last' }, after: { limit: 'off' } },
  },
}).provide({ delays: { limit: 60_000 } });

/** Two regions, one of which has regions itself. */
export const parallel: AnyStateMachine = createMachine({
  id: 'parallel',
  type: 'parallel',
  states: {
    light: {
      initial: 'dark',
      states: { dark: { on: { SWITCH: 'bright' } }, bright: { on: { SWITCH: 'dark' } } },
    },
    air: {
      type: 'parallel',
      states: {
        fan: { initial: 'still', states: { still: { on: { BLOW: 'moving' } }, moving: {} } },
        heat: { initial: 'cold', states: { cold: { on: { WARM: 'warm' } }, warm: {} } },
      },
    },
  },
});

/** A protocol machine in a parent chart. */
export const parent = setup({
  actors: { connection: createProtocolMachine({ codec: jsonLines() }) },
}).createMachine({
  id: 'parent',
  initial: 'offline',
  states: {
    offline: { on: { ENTER: 'online' } },
    online: {
      invoke: { id: 'connection', src: 'connection' },
      on: {
        LEAVE: 'offline',
        CALL: { actions: sendTo('connection', { type: 'LISTEN', address: { port: 0 } }) },
      },
    },
  },
});

/** An actor that is not started. */
export const actorOf = (machine: AnyStateMachine) => createActor(machine);

// Re-exported for tests in inspector/, where `xstate` is version 4.
export { assign, createActor, createMachine, fromPromise, sendTo, spawnChild } from 'xstate';
