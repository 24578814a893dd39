/** Parent charts that invoke a connection. */

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

/** The options of a parent and its connection. */
export interface ParentOptions extends MachineOptions, ProtocolInput {
  readonly definition?: Partial<ProtocolDefinition<string>>;
  /** Creates the definition, in place of `definition`. */
  readonly define?: () => ProtocolDefinition<string>;
  /** The clock of the parent. */
  readonly clock?: Clock | undefined;
}

type ParentEvent =
  | { readonly type: 'FORWARD'; readonly event: ProtocolEvent }
  | { readonly type: 'LEAVE' }
  | { readonly type: 'RETURN' };

/**
 * A parent that invokes a connection while it is `inside`, and records its states, outcome and
 * error.
 */
export function parentOf({ definition, define, address, ...options }: ParentOptions = {}) {
  const source = define ?? { codec: lines(), ...definition };
  const connection = createProtocolMachine<string>(source, options);
  return setup({
    types: {
      context: {} as {
        readonly seen: readonly string[];
        readonly outcome: SessionOutcome | undefined;
        readonly error: unknown;
      },
      events: {} as ParentEvent,
      children: {} as { connection: 'connection' },
    },
    actors: { connection },
  }).createMachine({
    id: 'parent',
    context: { seen: [], outcome: undefined, error: undefined },
    initial: 'inside',
    states: {
      inside: {
        invoke: {
          id: 'connection',
          src: 'connection',
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
            target: 'done',
            actions: assign({ outcome: ({ event }) => event.output }),
          },
          onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
        },
        on: {
          FORWARD: { actions: sendTo('connection', ({ event }) => event.event) },
          LEAVE: 'outside',
        },
      },
      outside: { on: { RETURN: 'inside' } },
      done: { type: 'final' },
      failed: {},
    },
  });
}

/** Starts a parent, which is stopped after the test. */
export function startParent({ clock, ...options }: ParentOptions = {}) {
  const parent = createActor(parentOf(options), clock && { clock });
  parent.start();
  onTestFinished(() => {
    parent.stop();
  });
  const emitted: ProtocolEmitted<string>[] = [];
  /** The connection that is invoked now. */
  const currentConnection = () => {
    const { connection } = parent.getSnapshot().children;
    if (connection === undefined) throw new Error('The parent invokes no connection now');
    return connection;
  };
  const connection = currentConnection();
  connection.on('*', (event) => emitted.push(event));
  const send = (event: ProtocolEvent): void => {
    parent.send({ type: 'FORWARD', event });
  };
  return { parent, connection, currentConnection, send, emitted };
}

/**
 * A stream, and its far end, which discards what it receives and ends its side when the stream
 * does.
 */
export function discardingPair(): [Duplex, Duplex] {
  const [near, far] = streamPair();
  far.resume().on('end', () => far.end());
  return [near, far];
}
