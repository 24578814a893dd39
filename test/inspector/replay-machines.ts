/** Machines of which tests are generated. The generated tests import them, too. */

import {
  type AnyStateMachine,
  assign,
  cancel,
  createMachine,
  fromCallback,
  fromPromise,
  fromTransition,
  raise,
  sendParent,
  sendTo,
  setup,
} from 'xstate';
import { createQmpMachine } from '../../src/qmp/index.ts';

/** Guards, an eventless transition, a final state and an output. */
export const door = setup({
  types: {
    context: {} as { tries: number; code: string },
    input: {} as { code: string },
    events: {} as { type: 'KEY'; code: string } | { type: 'LEAVE' },
  },
}).createMachine({
  id: 'door',
  context: ({ input }) => ({ tries: 0, code: input.code }),
  initial: 'closed',
  states: {
    closed: {
      on: {
        KEY: [
          { guard: ({ context, event }) => event.code === context.code, target: 'checking' },
          { actions: assign({ tries: ({ context }) => context.tries + 1 }) },
        ],
      },
    },
    checking: { always: [{ guard: ({ context }) => context.tries > 1, target: 'jammed' }, 'open'] },
    open: { on: { LEAVE: 'left' } },
    jammed: {},
    left: { type: 'final' },
  },
  output: ({ context: { tries } }) => ({
    tries,
    at: new Date(0),
    nothing: undefined,
    map: new Map(),
  }),
});

/** The same, whose wrong key jams at once. */
export const changedDoor = createMachine({
  id: 'door',
  initial: 'closed',
  states: { closed: { on: { KEY: 'jammed' } }, jammed: {} },
});

/** Timers, also ones that are cancelled, that a machine sends itself, and that are due at once. */
export const lamp = setup({ delays: { short: 30 } }).createMachine({
  id: 'lamp',
  initial: 'off',
  states: {
    off: { on: { PRESS: 'dim' } },
    dim: {
      entry: raise({ type: 'TICK' }, { delay: 10, id: 'tick' }),
      exit: cancel('tick'),
      after: { short: 'bright' },
      on: { PRESS: 'off', TICK: { actions: () => undefined } },
    },
    bright: {
      type: 'parallel',
      states: {
        heat: { initial: 'cold', states: { cold: { after: { 20: 'warm' } }, warm: {} } },
        light: {
          initial: 'a',
          states: { a: { after: { 20: 'b' } }, b: { after: { 0: 'c' } }, c: {} },
        },
      },
      on: { PRESS: 'off' },
    },
  },
});

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Invoked actors with and without names, and a spawned one. */
export const caller = setup({
  actors: {
    ask: fromPromise(async ({ input }: { input: number }) => {
      await wait(1);
      return { answer: input };
    }),
    talk: fromCallback(({ sendBack, receive }) => {
      sendBack({ type: 'HELLO' });
      receive(() => {
        sendBack({ type: 'ECHO', 'odd key': [null, true, -1.5] });
      });
    }),
    helper: createMachine({ entry: sendParent({ type: 'HELPED' }) }),
  },
}).createMachine({
  id: 'caller',
  context: { answer: 0 },
  initial: 'asking',
  states: {
    asking: {
      invoke: {
        src: 'ask',
        input: 42,
        onDone: {
          target: 'talking',
          actions: assign({ answer: ({ event }) => event.output.answer }),
        },
      },
    },
    talking: {
      initial: 'waiting',
      invoke: { id: 'talk', src: 'talk' },
      states: {
        waiting: { on: { HELLO: { target: 'heard', actions: sendTo('talk', { type: 'SAY' }) } } },
        heard: { on: { ECHO: 'echoed' } },
        echoed: {},
      },
      on: { NEXT: 'helping' },
    },
    helping: {
      entry: assign(({ spawn }) => {
        spawn('helper');
        return {};
      }),
      on: { HELPED: 'failing' },
    },
    failing: {
      invoke: {
        src: fromPromise(async () => {
          await wait(1);
          throw Object.assign(new RangeError("It's too far\n\u2028"), { code: 'EFAR' });
        }),
        onError: [
          {
            guard: ({ event }) =>
              event.error instanceof Error && event.error.message.startsWith('It'),
            target: 'failed',
          },
        ],
      },
    },
    failed: { invoke: { src: fromTransition((state) => state, 0) } },
  },
});

/** It ends in error, because an action throws. */
export const broken = createMachine({
  id: 'broken',
  initial: 'a',
  states: {
    a: {
      on: {
        GO: {
          actions: assign(() => {
            throw new Error('It broke');
          }),
        },
      },
    },
  },
});

/** It ends in error, because nothing handles the error of its child. */
export const unguarded = createMachine({
  id: 'unguarded',
  initial: 'a',
  states: {
    a: { invoke: { id: 'child', src: fromPromise(() => Promise.reject(new Error('It failed'))) } },
  },
});

/** Names that are no identifiers, and look like code. */
export const ODD = "'); process.exit(3); ('\n*/ ${1} `\u2028\u202e\\";
export const odd = createMachine({
  id: ODD,
  initial: ODD,
  states: {
    [ODD]: {
      on: { [ODD]: 'constructor', ['__proto__']: { actions: () => undefined } },
    },
    constructor: { on: { ' ': { actions: () => undefined }, 'a.b c': "it's" } },
    "it's": { type: 'parallel', states: { 'x y': { initial: '"', states: { '"': {} } }, 0: {} } },
  },
});

/** The chart of a connection of this library. */
export const connection: AnyStateMachine = createQmpMachine();

/** It sends itself events: at once, and through a queue. */
export const self = createMachine({
  id: 'self',
  initial: 'a',
  states: {
    a: { on: { GO: { target: 'b', actions: sendTo(({ self: me }) => me, { type: 'MORE' }) } } },
    b: { entry: raise({ type: 'INNER' }), on: { INNER: 'c' } },
    c: { on: { MORE: 'd' } },
    d: {},
  },
});
