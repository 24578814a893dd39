/** Fakes that stand in for our machines in the `provide()` of a parent: what they need, and what they do. */

import { describe, expect, it, onTestFinished } from 'vitest';
import {
  assign,
  createActor,
  createMachine,
  emit,
  fromCallback,
  setup,
  SimulatedClock,
} from 'xstate';
import {
  AsyncProtocol,
  createProtocolMachine,
  createSupervisorMachine,
  type JsonObject,
  lines,
  type ProtocolEvent,
  type SessionOutcome,
  type SupervisorEvent,
  type SupervisorOutcome,
} from '../../src/index.ts';
import { QmpClient, type QmpCommand } from '../../src/qmp/index.ts';
import { CLEAN, fakeMonitor, nameOf, types, vm } from './fakes-support.ts';

/** How a supervisor ends that was stopped. */
const STOPPED: SupervisorOutcome = {};

function start(machine: typeof vm) {
  const clock = new SimulatedClock();
  const actor = createActor(machine, { clock }).start();
  onTestFinished(() => {
    actor.stop();
  });
  return { actor, clock };
}

describe('a fake of a connection', () => {
  it('takes its parent through a session, on the clock of the parent', () => {
    const { actor, clock } = start(vm.provide({ actors: { monitor: fakeMonitor } }));
    expect(actor.getSnapshot().value).toBe('starting');
    clock.increment(100);
    expect(actor.getSnapshot().value).toBe('running');
    actor.send({ type: 'STOP' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', context: { ended: CLEAN } });
  });

  it('needs no context, no tags and no types but those of its events and its output', () => {
    const plain = setup({
      types: { events: {} as ProtocolEvent<QmpCommand>, output: {} as SessionOutcome },
    }).createMachine({
      initial: 'RUNNING',
      output: CLEAN,
      states: { RUNNING: { tags: 'up', on: { DISCONNECT: 'ENDED' } }, ENDED: { type: 'final' } },
    });
    const { actor } = start(vm.provide({ actors: { monitor: plain } }));
    expect(actor.getSnapshot().value).toBe('running');
  });

  it('may be made without setup(), although the names of its states are not known then', () => {
    const plain = createMachine({
      types: {} as { events: ProtocolEvent<QmpCommand>; output: SessionOutcome },
      initial: 'RUNNING',
      states: { RUNNING: { tags: 'up' } },
    });
    const { actor } = start(vm.provide({ actors: { monitor: plain } }));
    expect(actor.getSnapshot().value).toBe('running');
  });

  it('may have a context, events, children and delays of its own', () => {
    const seen: unknown[] = [];
    const own = setup({
      types: {
        ...types,
        context: {} as { commands: readonly string[] },
        events: {} as ProtocolEvent<QmpCommand> | { type: 'GREETED' },
      },
      actors: {
        greeting: fromCallback(({ sendBack }) => {
          sendBack({ type: 'GREETED' });
        }),
      },
      delays: { patience: 10 },
      actions: {
        note: (_, { text }: { text: string }) => {
          seen.push(text);
        },
      },
    }).createMachine({
      context: { commands: [] },
      initial: 'CONNECTING',
      output: CLEAN,
      states: {
        CONNECTING: { invoke: { src: 'greeting' }, on: { GREETED: 'RUNNING' } },
        RUNNING: {
          tags: 'up',
          initial: 'open',
          states: { open: {}, halfOpen: {} },
          entry: { type: 'note', params: { text: 'up' } },
          on: {
            SEND: {
              actions: assign({
                commands: ({ context, event }) => [...context.commands, nameOf(event.message)],
              }),
            },
          },
          after: { patience: '.halfOpen' },
        },
      },
    });
    const { actor, clock } = start(vm.provide({ actors: { monitor: own } }));
    const { monitor } = actor.getSnapshot().children;
    expect(monitor?.getSnapshot()).toMatchObject({
      value: { RUNNING: 'open' },
      context: { commands: ['cont'] },
    });
    clock.increment(10);
    expect(monitor?.getSnapshot().matches({ RUNNING: 'halfOpen' })).toBe(true);
    expect(seen).toEqual(['up']);
  });

  it('emits what a connection emits', () => {
    const fake = setup({ types }).createMachine({
      initial: 'RUNNING',
      states: {
        RUNNING: {
          on: {
            SEND: {
              actions: emit(({ event: { message } }) => ({
                type: 'message',
                messages: [{ return: {}, command: nameOf(message) }],
              })),
            },
          },
        },
      },
    });
    const { actor } = start(vm.provide({ actors: { monitor: fake } }));
    const { monitor } = actor.getSnapshot().children;
    const messages: JsonObject[] = [];
    monitor?.on('message', (event) => messages.push(...event.messages));
    monitor?.send({ type: 'SEND', message: { execute: 'stop' } });
    expect(messages).toEqual([{ return: {}, command: 'stop' }]);
  });

  it('can stand in for a machine of any protocol, and for the connection of a supervisor', () => {
    const fake = setup({
      types: { events: {} as ProtocolEvent<string>, output: {} as SessionOutcome },
    }).createMachine({
      initial: 'IDLE',
      states: { IDLE: { tags: 'idle', on: { CONNECT: 'RUNNING' } }, RUNNING: { tags: 'up' } },
    });
    const machine = createProtocolMachine({ codec: lines() });
    const parent = setup({ actors: { machine } }).createMachine({ invoke: { src: 'machine' } });
    expect(parent.provide({ actors: { machine: fake } }).id).toBe('(machine)');
    const supervisor = createSupervisorMachine({ codec: lines() });
    expect(supervisor.provide({ actors: { connection: fake } }).id).toBe('supervisor');
  });
});

describe('a fake of a supervisor', () => {
  it('takes its parent through an outage', () => {
    const parent = setup({
      types: { children: {} as { vm: 'vm' }, context: {} as { states: readonly string[] } },
      actors: { vm: createSupervisorMachine(QmpClient) },
    }).createMachine({
      context: { states: [] },
      invoke: {
        id: 'vm',
        src: 'vm',
        input: { address: '/run/vm1/qmp.sock' },
        onSnapshot: {
          actions: assign({
            states: ({ context, event: { snapshot } }) => [
              ...context.states,
              snapshot.hasTag('up') ? 'up' : 'down',
            ],
          }),
        },
      },
    });
    const fake = setup({
      types: { events: {} as SupervisorEvent, output: STOPPED },
    }).createMachine({
      initial: 'CONNECTING',
      states: {
        CONNECTING: { tags: 'busy', after: { 10: 'UP' } },
        UP: { tags: 'up', on: { FAIL: 'WAITING' } },
        WAITING: { tags: 'busy', on: { RETRY: 'CONNECTING' } },
      },
    });
    const clock = new SimulatedClock();
    const actor = createActor(parent.provide({ actors: { vm: fake } }), { clock }).start();
    clock.increment(10);
    actor.getSnapshot().children.vm?.send({ type: 'RETRY' });
    expect(actor.getSnapshot().context.states).toEqual(['down', 'up', 'up']);
    expect(actor.getSnapshot().children.vm?.getSnapshot().value).toBe('UP');
  });
});

describe('the actor of a fake', () => {
  const { actor } = { actor: createActor(vm.provide({ actors: { monitor: fakeMonitor } })) };

  it.each([
    ['AsyncProtocol', () => AsyncProtocol.attach(monitorOf(actor))],
    ['QmpClient', () => QmpClient.attach(monitorOf(actor))],
  ])('is refused by %s.attach(), which says what to use', (name, attach) => {
    actor.start();
    expect(attach).toThrow(
      `${name}.attach() needs an actor of create${name === 'QmpClient' ? 'Qmp' : 'Protocol'}Machine(), ` +
        "not the actor 'monitor' of the machine '(machine)', which has no connection",
    );
    expect(attach).toThrow('ScriptedQmpServer');
  });
});

function monitorOf(actor: ReturnType<typeof createActor<typeof vm>>) {
  const { monitor } = actor.getSnapshot().children;
  if (monitor === undefined) throw new Error('The parent has no monitor');
  return monitor;
}
