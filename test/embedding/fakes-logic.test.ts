/** Fakes that stand in for the ready-made logic of commands, events and messages. */

import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import {
  assign,
  createActor,
  createMachine,
  fromCallback,
  fromPromise,
  type InputFrom,
  type OutputFrom,
  setup,
  waitFor,
} from 'xstate';
import { defer } from '../../src/async/deferred.ts';
import {
  createProtocolMachine,
  type JsonValue,
  lines,
  type ProtocolMessage,
  protocolMessages,
  type ProtocolMessagesInput,
} from '../../src/index.ts';
import {
  createQmpMachine,
  qmpCommand,
  qmpCommandFor,
  type QmpCommandInput,
  type QmpEventMessage,
  qmpEvents,
  type QmpEventsInput,
  type StatusInfo,
} from '../../src/qmp/index.ts';
import { fakeMonitor } from './fakes-support.ts';

/** A virtual machine, all of whose actors the tests replace. */
const vm = setup({
  types: {
    context: {} as { status: StatusInfo | undefined; error: unknown },
    events: {} as QmpEventMessage | { type: 'PAUSE' },
  },
  actors: {
    monitor: createQmpMachine({ once: true }),
    events: qmpEvents,
    command: qmpCommand,
    status: qmpCommandFor('query-status'),
  },
}).createMachine({
  context: { status: undefined, error: undefined },
  invoke: [{ src: 'monitor', input: { address: '/run/vm1/qmp.sock' } }, { src: 'events' }],
  initial: 'asking',
  states: {
    asking: {
      invoke: {
        src: 'status',
        onDone: { target: 'running', actions: assign({ status: ({ event }) => event.output }) },
      },
    },
    running: { on: { PAUSE: 'pausing' } },
    pausing: {
      invoke: {
        src: 'command',
        input: { execute: 'stop' },
        onError: { target: 'running', actions: assign({ error: ({ event }) => event.error }) },
      },
      on: { 'QMP.STOP': 'paused' },
    },
    paused: {},
  },
});

const STATUS: StatusInfo = { running: true, status: 'running' };
const STOPPED = { type: 'QMP.STOP', data: {}, timestamp: { seconds: 1, microseconds: 2 } };

function start(machine: typeof vm) {
  const actor = createActor(machine).start();
  onTestFinished(() => {
    actor.stop();
  });
  return actor;
}

describe('a parent is tested with fakes of', () => {
  it('its connection, a command with a typed output, and the events that follow one', async () => {
    const executed: string[] = [];
    const stopped = defer<undefined>();
    const actor = start(
      vm.provide({
        actors: {
          monitor: fakeMonitor,
          status: fromPromise(() => Promise.resolve(STATUS)),
          command: fromPromise(({ input }) => {
            executed.push(input.execute);
            stopped.resolve(undefined);
            return Promise.resolve({});
          }),
          events: fromCallback(({ sendBack }) => {
            void stopped.promise.then(() => {
              sendBack(STOPPED);
            });
          }),
        },
      }),
    );
    await waitFor(actor, (snapshot) => snapshot.matches('running'));
    actor.send({ type: 'PAUSE' });
    await waitFor(actor, (snapshot) => snapshot.matches('paused'));
    expect(executed).toEqual(['stop']);
    expect(actor.getSnapshot().context.status).toEqual(STATUS);
  });

  it('a command that fails', async () => {
    const error = new Error('The guest is gone');
    const actor = start(
      vm.provide({
        actors: {
          monitor: fakeMonitor,
          events: createMachine({}),
          status: fromPromise(() => Promise.resolve(STATUS)),
          command: fromPromise(() => Promise.reject(error)),
        },
      }),
    );
    await waitFor(actor, (snapshot) => snapshot.matches('running'));
    actor.send({ type: 'PAUSE' });
    await waitFor(actor, ({ context }) => context.error === error);
    expect(actor.getSnapshot().value).toBe('running');
  });

  it('the messages of a connection', () => {
    const reader = setup({
      types: {
        events: {} as ProtocolMessage<string>,
        context: {} as { read: readonly string[] },
      },
      actors: {
        connection: createProtocolMachine({ codec: lines() }),
        messages: protocolMessages,
      },
    }).createMachine({
      context: { read: [] },
      invoke: { src: 'messages' },
      on: {
        MESSAGE: {
          actions: assign({ read: ({ context, event }) => [...context.read, event.message] }),
        },
      },
    });
    const messages = fromCallback(({ sendBack }) => {
      for (const message of ['one', 'two']) sendBack({ type: 'MESSAGE', message });
    });
    const actor = createActor(reader.provide({ actors: { messages } })).start();
    expect(actor.getSnapshot().context.read).toEqual(['one', 'two']);
    actor.stop();
  });
});

describe('the types of the ready-made logic', () => {
  it('say what goes in and what comes out', () => {
    expectTypeOf<InputFrom<typeof qmpCommand>>().toEqualTypeOf<QmpCommandInput>();
    expectTypeOf<OutputFrom<typeof qmpCommand>>().toEqualTypeOf<JsonValue>();
    expectTypeOf<InputFrom<typeof qmpEvents>>().toEqualTypeOf<QmpEventsInput | undefined>();
    expectTypeOf<InputFrom<typeof protocolMessages>>().toEqualTypeOf<
      ProtocolMessagesInput | undefined
    >();
    const status = qmpCommandFor('query-status');
    expectTypeOf<OutputFrom<typeof status>>().toEqualTypeOf<StatusInfo>();
    expect(createActor(status).getSnapshot().status).toBe('active');
  });

  it('refuse a fake with another input or output', () => {
    const wrong = () => {
      // @ts-expect-error -- no status
      vm.provide({ actors: { status: fromPromise(() => Promise.resolve({ paused: true })) } });
      const counting = fromPromise<JsonValue, { execute: number }>(() => Promise.resolve({}));
      // @ts-expect-error -- the name of a command is no number
      vm.provide({ actors: { command: counting } });
      // @ts-expect-error -- no actor logic
      vm.provide({ actors: { events: () => undefined } });
    };
    expectTypeOf(wrong).returns.toBeVoid();
  });
});
