/** Machines of XState 5 to look at, and programs that run them. */

import { type AnyStateMachine, createActor, createMachine, sendTo, setup } from 'xstate';
import { createProtocolMachine, jsonLines } from '../../src/index.ts';

/** States in states, history, and a transition that follows by itself. */
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

/** Two regions at once, one with regions of its own. */
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

/** A protocol machine in a chart of somebody's own. */
export const house = setup({
  actors: { line: createProtocolMachine({ codec: jsonLines() }) },
}).createMachine({
  id: 'house',
  initial: 'offline',
  states: {
    offline: { on: { ENTER: 'online' } },
    online: {
      invoke: { id: 'line', src: 'line' },
      on: {
        LEAVE: 'offline',
        CALL: { actions: sendTo('line', { type: 'LISTEN', address: { port: 0 } }) },
      },
    },
  },
});

/** An actor that is not started. */
export const actorOf = (machine: AnyStateMachine) => createActor(machine);

// For those to whom `xstate` is another version.
export { createActor, createMachine, fromPromise } from 'xstate';
