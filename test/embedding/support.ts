/** Charts that have a connection as a part of them. */

import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { assign, createActor, sendTo, setup } from 'xstate';
import {
  type Clock,
  createProtocolMachine,
  lines,
  type MachineOptions,
  type ProtocolDefinition,
  type ProtocolEmitted,
  type ProtocolEvent,
  type ProtocolInput,
  type SessionOutcome,
  streamPair,
} from '../../src/index.ts';
import { pathOf } from '../machines/support.ts';

/** How a house and its line are made. */
export interface HouseOptions extends MachineOptions, ProtocolInput {
  readonly definition?: Partial<ProtocolDefinition<string>>;
  /** In place of a definition. */
  readonly define?: () => ProtocolDefinition<string>;
  /** Of the house. */
  readonly clock?: Clock | undefined;
}

type HouseEvent =
  | { readonly type: 'TELL'; readonly event: ProtocolEvent }
  | { readonly type: 'LEAVE' }
  | { readonly type: 'RETURN' };

/** A chart that has a line while it is `inside`, and keeps what it is told of it. */
export function houseOf({ definition, define, address, ...options }: HouseOptions = {}) {
  const defined = define ?? { codec: lines(), ...definition };
  const line = createProtocolMachine<string>(defined, options);
  return setup({
    types: {
      context: {} as {
        readonly seen: readonly string[];
        readonly outcome: SessionOutcome | undefined;
        readonly error: unknown;
      },
      events: {} as HouseEvent,
      children: {} as { line: 'line' },
    },
    actors: { line },
  }).createMachine({
    id: 'house',
    context: { seen: [], outcome: undefined, error: undefined },
    initial: 'inside',
    states: {
      inside: {
        invoke: {
          id: 'line',
          src: 'line',
          input: { address },
          onSnapshot: {
            actions: assign({
              seen: ({ context, event: { snapshot } }) => [
                ...context.seen,
                [pathOf(snapshot.value), ...snapshot.tags].join(' '),
              ],
            }),
          },
          onDone: {
            target: 'told',
            actions: assign({ outcome: ({ event }) => event.output }),
          },
          onError: { target: 'broken', actions: assign({ error: ({ event }) => event.error }) },
        },
        on: {
          TELL: { actions: sendTo('line', ({ event }) => event.event) },
          LEAVE: 'outside',
        },
      },
      outside: { on: { RETURN: 'inside' } },
      told: { type: 'final' },
      broken: {},
    },
  });
}

/** A house at work. It is stopped after the test. */
export function startHouse(options: HouseOptions = {}) {
  const { clock } = options;
  const house = createActor(houseOf(options), clock && { clock });
  house.start();
  onTestFinished(() => {
    house.stop();
  });
  const emitted: ProtocolEmitted<string>[] = [];
  /** The actor that is invoked now. */
  const lineNow = () => {
    const { line } = house.getSnapshot().children;
    if (line === undefined) throw new Error('The house has no line now');
    return line;
  };
  const line = lineNow();
  line.on('*', (event) => emitted.push(event));
  const tell = (event: ProtocolEvent): void => {
    house.send({ type: 'TELL', event });
  };
  return { house, line, lineNow, tell, emitted };
}

/** A stream, and its far end, which ends when it is ended and throws away what comes. */
export function politePair(): [Duplex, Duplex] {
  const [near, far] = streamPair();
  far.resume().on('end', () => far.end());
  return [near, far];
}
