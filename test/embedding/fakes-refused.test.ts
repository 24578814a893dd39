/** What the compiler does not let stand in for our machines. */

import { describe, expectTypeOf, it } from 'vitest';
import {
  type CallbackActorLogic,
  createMachine,
  type PromiseActorLogic,
  setup,
  type TransitionActorLogic,
} from 'xstate';
import {
  createProtocolMachine,
  createSupervisorMachine,
  lines,
  type ProtocolEmitted,
  type ProtocolEvent,
  type SessionOutcome,
} from '../../src/index.ts';
import { QmpClient, type QmpMachine } from '../../src/qmp/index.ts';
import { fakeMonitor, types, vm } from './fakes-support.ts';

describe('what cannot stand in for a connection', () => {
  /** Each is refused by the compiler alone: the parent would wait for what never comes. */
  const provide = vm.provide.bind(vm);

  it('is a machine with other states, tags, events, input, output or messages', () => {
    const wrong = () => {
      const state = setup({ types }).createMachine({
        initial: 'ONLINE',
        states: { ONLINE: { tags: 'up' } },
      });
      // @ts-expect-error -- no such state
      provide({ actors: { monitor: state } });
      const substate = setup({ types }).createMachine({
        initial: 'RUNNING',
        states: { RUNNING: { initial: 'paused', states: { paused: {} } } },
      });
      // @ts-expect-error -- no such state within
      provide({ actors: { monitor: substate } });
      const tag = setup({
        types: { ...types, tags: {} as 'online' },
      }).createMachine({ initial: 'RUNNING', states: { RUNNING: { tags: 'online' } } });
      // @ts-expect-error -- no such tag
      provide({ actors: { monitor: tag } });
      const event = setup({
        types: { ...types, events: {} as { type: 'HANG_UP' } },
      }).createMachine({ initial: 'RUNNING', states: { RUNNING: {} } });
      // @ts-expect-error -- it accepts nothing that is sent to a connection
      provide({ actors: { monitor: event } });
      const input = setup({
        types: { ...types, input: {} as { address: number } },
      }).createMachine({ initial: 'RUNNING', states: { RUNNING: {} } });
      // @ts-expect-error -- the address is no number
      provide({ actors: { monitor: input } });
      const output = setup({
        types: { ...types, output: {} as { cause: string } },
      }).createMachine({ initial: 'IDLE', output: { cause: 'x' }, states: { IDLE: {} } });
      // @ts-expect-error -- no outcome of a session
      provide({ actors: { monitor: output } });
      const emitted = setup({
        types: { ...types, emitted: {} as ProtocolEmitted<string> },
      }).createMachine({ initial: 'RUNNING', states: { RUNNING: {} } });
      // @ts-expect-error -- messages of another protocol
      provide({ actors: { monitor: emitted } });
      // @ts-expect-error -- it has no output
      provide({ actors: { monitor: createMachine({ initial: 'IDLE', states: { IDLE: {} } }) } });
    };
    expectTypeOf(wrong).returns.toBeVoid();
  });

  it('is logic without states', () => {
    expectTypeOf<PromiseActorLogic<SessionOutcome>>().not.toExtend<QmpMachine>();
    expectTypeOf<CallbackActorLogic<ProtocolEvent>>().not.toExtend<QmpMachine>();
    expectTypeOf<
      TransitionActorLogic<object, ProtocolEvent, undefined>
    >().not.toExtend<QmpMachine>();
    expectTypeOf(fakeMonitor).toExtend<QmpMachine>();
  });

  it('is a connection for other messages', () => {
    const wrong = () => {
      // @ts-expect-error -- lines are no commands
      provide({ actors: { monitor: createProtocolMachine({ codec: lines() }) } });
      // @ts-expect-error -- a supervisor has other states
      provide({ actors: { monitor: createSupervisorMachine(QmpClient) } });
    };
    expectTypeOf(wrong).returns.toBeVoid();
  });
});
