/**
 * The lifecycle of a server. Every arrow of it is in this file, and nothing else is.
 *
 * Theory
 * ------
 * 1. This chart decides whether peers are let in, and how it ends. Peers never pass through it: each
 *    is a protocol machine of its own, and which of them has a place is the port's affair.
 * 2. Every `listen()` ends in LISTENING or in IDLE, and every round ends in IDLE, by itself, by one
 *    arrow. A round that failed to bind goes the same way home as one that is closed.
 * 3. To ask peers to leave and to make them leave are different states, not a flag: `draining` waits
 *    for them, `destroying` for nobody but the system. Whoever stays past the deadline is told why.
 * 4. No wait without a deadline. Each state that waits for the world has an `after`, except where it
 *    waits for our own caller (IDLE, LISTENING). `isFinite` lets a deadline be Infinity.
 * 5. Whoever closes is told when it is closed: at once in IDLE, and else by the arrow home.
 * 6. Time, sockets and peers are somebody else's: time is the actor system's clock, the rest is the
 *    `port` in the context, a port whose methods the actors run.
 *
 * What is not in the table
 * ------------------------
 * - `actor.stop()`: no arrow runs then. The root's `owner` releases the port, in every state.
 * - Late success of an aborted bind: XState drops its report, and the port closes what it opened;
 *   `destroying` waits for that, so that the address is free again when the machine is IDLE.
 * - An event that a state does not name is ignored; the facade answers its caller with a StateError.
 *
 * See `server-vocabulary.ts` for what each name means.
 */

import { deadline } from './deadline.ts';
import {
  INITIAL_CONTEXT,
  onServerPort,
  toAddress,
  serverSetup,
  withReason,
} from './server-setup.ts';

/** The chart, as a machine. Its input is the port of one server. */
export const serverChart = serverSetup.createMachine({
  id: 'server',
  context: ({ input }) => ({ port: input, ...INITIAL_CONTEXT }),
  invoke: { id: 'owner', src: 'owner', input: onServerPort, onError: { actions: 'emitFailure' } },
  initial: 'IDLE',
  states: {
    IDLE: {
      description: 'Nothing is open.',
      entry: { type: 'emitState', params: { state: 'IDLE' } },
      on: {
        LISTEN: { target: 'BINDING', actions: 'beginRound' },
        CLOSE: { actions: ['settlePort', 'emitClosed'] },
      },
    },

    BINDING: {
      description: 'On the way to a socket that listens.',
      entry: { type: 'emitState', params: { state: 'BINDING' } },
      invoke: {
        id: 'binder',
        src: 'binder',
        input: toAddress,
        onDone: {
          target: 'LISTENING',
          actions: [
            { type: 'noteBound', params: ({ event }) => ({ address: event.output }) },
            { type: 'emitListening', params: ({ event }) => ({ address: event.output }) },
          ],
        },
        onError: { target: 'CLOSING.destroying', actions: 'recordFailure' },
      },
      after: deadline('connect', 'CLOSING.destroying', 'recordTimeout'),
      on: {
        CLOSE: { target: 'CLOSING.destroying', actions: 'recordAbort' },
        ABORT: { target: 'CLOSING.destroying', actions: 'recordAbort' },
      },
    },

    LISTENING: {
      description: 'Peers come and go.',
      entry: { type: 'emitState', params: { state: 'LISTENING' } },
      invoke: {
        id: 'acceptor',
        src: 'acceptor',
        input: onServerPort,
        onError: { actions: 'emitFailure' },
      },
      on: {
        CLOSE: [
          { guard: 'isForced', target: 'CLOSING.destroying' },
          { target: 'CLOSING.draining' },
        ],
      },
    },

    CLOSING: {
      description: 'Nobody is let in any more.',
      entry: { type: 'emitState', params: { state: 'CLOSING' } },
      initial: 'draining',
      states: {
        draining: {
          description: 'Every peer was asked to leave.',
          invoke: {
            id: 'drainer',
            src: 'drainer',
            input: onServerPort,
            onDone: 'closed',
            onError: { target: 'destroying', actions: 'emitFailure' },
          },
          after: deadline('drain', 'destroying', 'recordOverdue', 'emitTimeout'),
          on: { CLOSE: { guard: 'isForced', target: 'destroying' } },
        },
        destroying: {
          description: 'Whatever is open is destroyed.',
          invoke: {
            id: 'destroyer',
            src: 'destroyer',
            input: withReason,
            onDone: 'closed',
            onError: { target: 'closed', actions: 'emitFailure' },
          },
          after: deadline('close', 'closed', 'emitTimeout'),
        },
        closed: { type: 'final' },
      },
      onDone: { target: 'IDLE', actions: ['settlePort', 'emitClosed', 'endRound'] },
    },
  },
});
