/** The source text of a machine, pasted elsewhere and run with nothing but XState. */

import { runInThisContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  and,
  type AnyEventObject,
  type AnyStateMachine,
  assign,
  createActor,
  createMachine,
  fromPromise,
  type MachineConfig,
  type MachineContext,
} from 'xstate';
import { createProtocolMachine, createSupervisorMachine, lines } from '../../src/index.ts';
import { createQmpMachine } from '../../src/qmp/index.ts';
import { definitionText } from '../../src/inspect/definition.ts';
import { toDot, toMermaid, toSource } from '../../src/inspect/index.ts';

const PREFIX = "import { createMachine } from 'xstate';\n\nexport const machine = ";

/** The machine that a pasted text creates. */
function pasted(source: string): AnyStateMachine {
  expect(source.startsWith(PREFIX)).toBe(true);
  const expression = source.slice(PREFIX.length).replace(/;\n$/, '');
  const create = runInThisContext(`(createMachine) => ${expression}`) as (
    create: unknown,
  ) => AnyStateMachine;
  return create(createMachine);
}

const definitionOf = (machine: AnyStateMachine): unknown => JSON.parse(definitionText(machine));

const session = createMachine({ id: 'work', initial: 'idle', states: { idle: {} } });

/** The chart of a connection with one more state in RUNNING. */
function extended(): AnyStateMachine {
  const machine = createProtocolMachine({ codec: lines() });
  const config = machine.config as MachineConfig<MachineContext, AnyEventObject>;
  const { RUNNING, ...states } = config.states ?? {};
  return createMachine({
    ...config,
    states: {
      ...states,
      RUNNING: {
        ...RUNNING,
        states: {
          ...RUNNING?.states,
          PAUSED: { tags: 'paused', on: { RESUME: 'open' }, after: { 1000: '#protocol.IDLE' } },
        },
      },
    },
  });
}

describe('the source of a machine of ours', () => {
  it.each<[string, AnyStateMachine]>([
    ['a connection', createProtocolMachine({ codec: lines() })],
    ['a connection for one session', createProtocolMachine({ codec: lines() }, { once: true })],
    [
      'a connection with a handshake',
      createProtocolMachine({ codec: lines(), handshake: session }),
    ],
    ['a QMP client', createQmpMachine()],
    ['a supervisor', createSupervisorMachine({ codec: lines() })],
    ['an extended connection', extended()],
  ])('creates the same states, transitions and actors again: %s', (_, machine) => {
    const again = pasted(toSource(machine));
    expect(definitionOf(again)).toEqual(definitionOf(machine));
    expect(toMermaid(again)).toBe(toMermaid(machine));
    expect(toDot(again)).toBe(toDot(machine));
  });

  it('has the states that were added, as the drawings do', () => {
    const machine = extended();
    expect(toMermaid(machine)).toContain('RUNNING_PAUSED --> RUNNING_open : RESUME');
    expect(toMermaid(machine)).toContain('RUNNING_PAUSED --> IDLE : after 1000');
    expect(toDot(machine)).toContain('"RUNNING_PAUSED" -> "RUNNING_open"');
    expect(pasted(toSource(machine)).root.states['RUNNING']?.states['PAUSED']?.tags).toEqual([
      'paused',
    ]);
  });

  it('starts in the first state, with no link', () => {
    const machine = pasted(toSource(createProtocolMachine({ codec: lines() }, { once: true })));
    expect(machine.root.initial.target.map(({ key }) => key)).toEqual(['IDLE']);
    expect(machine.implementations).toEqual({ actors: {}, actions: {}, delays: {}, guards: {} });
  });
});

describe("the source of a user's machine", () => {
  const connection = createProtocolMachine({ codec: lines() });
  const chart = createMachine({
    id: 'vm',
    type: 'parallel',
    context: { password: 'PLANTED' },
    description: 'A machine, with password=PLANTED.',
    meta: { token: 'PLANTED', weight: 5n },
    on: { FORBIDDEN: undefined, KICK: [{ guard: () => true, target: '.power.on' }, {}] },
    states: {
      power: {
        initial: 'off',
        history: 'shallow',
        states: {
          off: {
            tags: ['quiet'],
            entry: [assign({}), 'log', { type: 'light', params: { on: false } }],
            on: { 'POWER.*': { target: 'on', reenter: true, description: 'Up.' } },
          },
          on: {
            invoke: [
              { id: 'qmp', src: connection, input: { address: 'unix:/PLANTED' }, onDone: 'off' },
              { src: fromPromise(() => Promise.resolve(1)), onError: { actions: 'complain' } },
            ],
            after: { 1000: 'off', patience: { guard: and(['isCold', 'isNight']), target: 'gone' } },
            always: { guard: { type: 'isOver', params: { since: 3 } }, target: 'gone' },
          },
          last: { type: 'history', history: 'deep', target: 'off' },
          gone: { type: 'final', output: () => 'PLANTED' },
        },
        onDone: { actions: () => undefined },
      },
      sound: {},
    },
  });

  it('creates the same picture again', () => {
    const again = pasted(toSource(chart));
    expect(toMermaid(again)).toBe(toMermaid(chart));
    expect(toDot(again)).toBe(toDot(chart));
  });

  it('calls machines by their ids, and what has no name `inline`', () => {
    const [qmp, promise] = pasted(toSource(chart)).root.states['power']?.states['on']?.invoke ?? [];
    expect(qmp).toMatchObject({ id: 'qmp', src: 'protocol' });
    expect(promise).toMatchObject({ id: '1.vm.power.on', src: 'inline' });
  });

  it('keeps the parameters that are not computed', () => {
    const { on, off } = pasted(toSource(chart)).root.states['power']?.states ?? {};
    expect(on?.always?.[0]?.guard).toEqual({ type: 'isOver', params: { since: 3 } });
    expect(off?.entry).toEqual(['xstate.assign', 'log', { type: 'light', params: { on: false } }]);
  });

  it('contains neither contexts, inputs and outputs nor other secrets', () => {
    expect(toSource(chart)).not.toContain('PLANTED');
  });

  it('runs when what it names is provided', () => {
    const door = createMachine({
      initial: 'closed',
      states: {
        closed: { on: { OPEN: { guard: ({ event }) => event.type === 'OPEN', target: 'open' } } },
        open: {},
      },
    });
    const copy = pasted(toSource(door)).provide({ guards: { guard: () => true } });
    const actor = createActor(copy).start();
    actor.send({ type: 'OPEN' });
    expect(actor.getSnapshot().value).toBe('open');
    actor.stop();
  });
});
