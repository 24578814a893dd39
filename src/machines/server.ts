/**
 * The lifecycle of a server as a statechart. Every arrow is in this file, and nothing else is.
 *
 * How to read it
 * --------------
 * 1. This chart decides whether connections are accepted, and how the server closes. Peers never pass
 *    through it: the life of each is a chart of its own (`peer-session.ts`), and which connection gets a
 *    slot is decided by the port.
 * 2. Every `listen()` ends in LISTENING or in IDLE. A server that only adopts streams is in ADOPTING. The server always returns to IDLE by itself, by
 *    one arrow, also when it could not bind.
 * 3. To disconnect the peers and to destroy them are different states, not a flag: `draining` waits for
 *    the peers, `destroying` for nothing but the operating system. A peer that outlives the shutdown
 *    deadline is destroyed, and its session fails with that deadline as its cause. What a peer does until
 *    then (drain, flush, close) has deadlines of its own, in its protocol's chart.
 * 4. No wait without a deadline. Each state that waits for the outside world has one, except where the
 *    machine waits for its own caller (IDLE, LISTENING, ADOPTING).
 * 5. Every `close()` is answered by `emitClosed`: in IDLE at once, otherwise by the arrow to IDLE.
 * 6. The chart knows no clock, socket or peer: time is the actor system's clock, the rest is the `port`
 *    in the context, whose methods the actors run.
 *
 * What the table does not show
 * ----------------------------
 * - `actor.stop()` takes no arrow. The `owner` at the root releases the port then, in every state.
 * - A bind that succeeds after it was aborted: XState ignores its report, and the port closes what it
 *   opened; `destroying` waits for that, so that the address is free again in IDLE.
 * - An event that a state does not name is ignored. The facade answers its caller with a StateError.
 *
 * `server-setup.ts` defines each guard, action, actor and delay that is named here.
 */

import { acceptsFromInspector } from '../core/remote-control.ts';
import { deadline } from './deadline.ts';
import type { PendingConnection } from './server-port.ts';
import {
  INITIAL_CONTEXT,
  onServerPort,
  toAddress,
  serverSetup,
  withReason,
} from './server-setup.ts';

/** Connections are accepted while it runs. */
const ACCEPTOR = {
  id: 'acceptor',
  src: 'acceptor',
  input: onServerPort,
  onError: { actions: 'emitFailure' },
} as const;

/** The parameter of the actions that answer ADOPT. */
const connectionIn = ({ event }: { event: { connection: PendingConnection } }) => ({
  connection: event.connection,
});

/** A stream of the user's is to be served. */
const EMIT_ADOPTED = { type: 'emitAdopted', params: connectionIn } as const;

/** Streams cannot be served now. */
const DISMISS = { actions: { type: 'emitDismissed', params: connectionIn } } as const;

/** What ends a server that runs. */
const CLOSE = [
  { guard: 'isForced', target: '#server.CLOSING.destroying' },
  { target: '#server.CLOSING.draining' },
] as const;

/** The chart, as a machine. Its input is the port of one server. */
export const serverChart = serverSetup.createMachine({
  id: 'server',
  meta: acceptsFromInspector('CLOSE'),
  context: ({ input }) => ({ port: input, ...INITIAL_CONTEXT }),
  invoke: { id: 'owner', src: 'owner', input: onServerPort, onError: { actions: 'emitFailure' } },
  initial: 'IDLE',
  states: {
    IDLE: {
      description: 'Nothing is open.',
      entry: { type: 'emitState', params: { state: 'IDLE' } },
      on: {
        LISTEN: { target: 'BINDING', actions: 'beginRound' },
        ADOPT: { target: 'ADOPTING', actions: EMIT_ADOPTED },
        CLOSE: { actions: ['settlePort', 'emitClosed'] },
      },
    },

    BINDING: {
      description: 'Binding the socket.',
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
        ADOPT: DISMISS,
      },
    },

    LISTENING: {
      description: 'Connections are accepted.',
      entry: { type: 'emitState', params: { state: 'LISTENING' } },
      invoke: ACCEPTOR,
      on: { ADOPT: { actions: EMIT_ADOPTED }, CLOSE },
    },

    ADOPTING: {
      description: 'Streams of the user are served; there is no listener.',
      entry: { type: 'emitState', params: { state: 'ADOPTING' } },
      invoke: ACCEPTOR,
      on: { ADOPT: { actions: EMIT_ADOPTED }, CLOSE },
    },

    CLOSING: {
      description: 'No connection is accepted any more.',
      entry: { type: 'emitState', params: { state: 'CLOSING' } },
      on: { ADOPT: DISMISS },
      initial: 'draining',
      states: {
        draining: {
          description: 'Every peer is being disconnected.',
          invoke: {
            id: 'drainer',
            src: 'drainer',
            input: onServerPort,
            onDone: 'closed',
            onError: { target: 'destroying', actions: 'emitFailure' },
          },
          after: deadline('shutdown', 'destroying', 'recordOverdue', 'emitTimeout'),
          on: { CLOSE: { guard: 'isForced', target: 'destroying' } },
        },
        destroying: {
          description: 'Everything that is open is destroyed.',
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
