/** A protocol of lines whose session has logic of its own. */

import { assign, type EventObject, fromCallback, setup, type SimulatedClock } from 'xstate';
import {
  AsyncProtocol,
  lines,
  type ProtocolDefinition,
  type ProtocolOptions,
  type Session,
} from '../../src/index.ts';
import { defer } from '../../src/async/deferred.ts';
import { track } from '../support/cleanup.ts';
import { createPeer } from './login.ts';

export type Running = Session<string, string, void>;
/** The input of the logic. */
export interface Input {
  session: Running;
}

/** A protocol of lines with logic for its session. */
export const create = (
  session: NonNullable<ProtocolDefinition<string>['session']>,
  more: Partial<ProtocolDefinition<string>> = {},
  options?: ProtocolOptions,
) => track(new AsyncProtocol<string>({ codec: lines(), session, ...more }, options));

/** A peer that says nothing. */
export const createSilentPeer = () => createPeer('hello', () => undefined);

/** Sends `tick` each second, three times, and is done. */
export const ticking = setup({
  types: { input: {} as Input, context: {} as Input & { ticks: number } },
  actions: { tick: ({ context }) => void context.session.send('tick') },
}).createMachine({
  id: 'ticking',
  context: ({ input }) => ({ session: input.session, ticks: 0 }),
  initial: 'waiting',
  states: {
    waiting: {
      after: {
        1000: {
          target: 'waiting',
          reenter: true,
          actions: ['tick', assign({ ticks: ({ context }) => context.ticks + 1 })],
        },
      },
      always: { guard: ({ context }) => context.ticks === 3, target: 'over' },
    },
    over: { type: 'final' },
  },
});

/** Three seconds: a timer that is set while the clock is moved waits for the next move. */
export const passSeconds = (clock: SimulatedClock): void => {
  for (let second = 1; second <= 3; second += 1) clock.increment(1000);
};

/** Logic that is told when it runs, and says when it is stopped. */
export const watched = () => {
  const [entered, stopped] = [defer<Running>(), defer<undefined>()];
  const logic = fromCallback<EventObject, Input>(({ input }) => {
    entered.resolve(input.session);
    return () => {
      stopped.resolve(undefined);
    };
  });
  return { logic, entered: entered.promise, stopped: stopped.promise };
};
