/**
 * The life of one accepted connection of a server, as a statechart. Every arrow is in this file.
 *
 * How to read it
 * --------------
 * 1. The server decides when a peer is admitted, taken and asked to leave, and sends ADMIT, TAKE and
 *    LEAVE. This chart decides what that means for the peer. Peers do not know each other.
 * 2. The protocol that is spoken has a chart of its own (`protocol.ts`). This one begins before it, in
 *    the backlog and the TLS handshake, and knows of it only that it is established, and has ended.
 * 3. Where the server has the callback `onPeer`, that serves the peer for as long as its promise is pending.
 *    The peer is asked to leave while a loop of the callback takes its messages: then the loop ends, and the
 *    callback may finish, before the session ends.
 * 4. Every path ends in GONE, which says why: `cause`.
 * 5. No wait without a deadline, except where the peer's protocol or the server's chart has one: the
 *    protocol's own handshake deadline ends `establishing`, the server's shutdown deadline ends
 *    DISCONNECTING, and a callback that serves a peer may do so for as long as the peer is there. ARRIVED is
 *    left in the turn in which it is entered.
 *
 * `peer-session-setup.ts` defines each guard, action and actor that is named here.
 */

import type { WirechartError } from '../core/errors.ts';
import { acceptsFromInspector } from '../core/remote-control.ts';
import { deadline } from './deadline.ts';
import { onPort, onServedPort, peerSessionSetup } from './peer-session-setup.ts';

/** The end of a session that the protocol has reported. */
const ENDED = {
  target: '#peer.GONE',
  actions: {
    type: 'noteEnd',
    params: ({ event }: { event: { output: WirechartError | undefined } }) => ({
      cause: event.output,
    }),
  },
} as const;

/** A protocol, or a port, that has failed. */
const FAILED = { target: '#peer.GONE', actions: 'recordFailure' } as const;

/** There is a free slot. The TLS handshake is skipped where there is none. */
const ADMIT = [
  { guard: 'isTls', target: '#peer.CONNECTING.securing' },
  { target: '#peer.CONNECTING.establishing' },
] as const;

/** The session ends on request. */
const LEAVE = { target: '#peer.DISCONNECTING', actions: 'disconnect' } as const;

/** The chart, as a machine. Its input is the port of one peer. */
export const peerSessionChart = peerSessionSetup.createMachine({
  id: 'peer',
  meta: acceptsFromInspector(),
  context: ({ input }) => ({ port: input, cause: undefined }),
  output: ({ context: { cause } }) => cause,
  initial: 'ARRIVED',
  states: {
    ARRIVED: {
      description: 'Accepted: the server is about to admit it, or to queue it.',
      on: { ADMIT, QUEUE: 'QUEUED', LEAVE: 'GONE' },
    },

    QUEUED: {
      description: 'In the backlog: connected, and not read from.',
      entry: { type: 'emitState', params: { state: 'QUEUED' } },
      invoke: { id: 'watcher', src: 'watcher', input: onPort, onDone: 'GONE', onError: FAILED },
      after: deadline('backlog', 'GONE', 'refuse'),
      on: { ADMIT, LEAVE: 'GONE' },
    },

    CONNECTING: {
      description: 'On the way to a session.',
      tags: 'busy',
      entry: { type: 'emitState', params: { state: 'CONNECTING' } },
      initial: 'establishing',
      states: {
        securing: {
          description: 'The TLS handshake.',
          invoke: {
            id: 'upgrader',
            src: 'upgrader',
            input: onPort,
            onDone: 'establishing',
            onError: { target: '#peer.GONE', actions: 'recordConnectFailure' },
          },
          after: deadline('handshake', '#peer.GONE', 'recordConnectTimeout'),
          on: { LEAVE: { target: '#peer.GONE', actions: 'recordAbort' } },
        },
        establishing: {
          description: "The protocol's handshake.",
          invoke: {
            id: 'handshake',
            src: 'handshake',
            input: onPort,
            // A session may end before its start is reported.
            onDone: [
              { guard: 'isHandled', target: '#peer.RUNNING.handled' },
              { guard: 'isRunning', target: '#peer.RUNNING' },
              { target: '#peer.DISCONNECTING' },
            ],
            onError: FAILED,
          },
          on: { LEAVE },
        },
      },
    },

    RUNNING: {
      description: 'The session runs.',
      tags: 'up',
      invoke: { id: 'session', src: 'session', input: onPort, onDone: ENDED, onError: FAILED },
      on: { LEAVE },
      initial: 'offered',
      states: {
        offered: {
          description: "Waiting to be taken by a loop over the server's peers.",
          entry: { type: 'emitState', params: { state: 'RUNNING.offered' } },
          on: { TAKE: 'served' },
        },
        served: {
          description: 'A loop has taken it.',
          entry: { type: 'emitState', params: { state: 'RUNNING.served' } },
        },
        handled: {
          description: 'The callback onPeer serves it.',
          entry: { type: 'emitState', params: { state: 'RUNNING.served' } },
          invoke: {
            id: 'handler',
            src: 'handler',
            input: onServedPort,
            onDone: { target: '#peer.DISCONNECTING', actions: 'disconnect' },
            // An end on request is no failure, whatever the callback makes of it.
            onError: [
              { guard: 'isFinishing', target: '#peer.DISCONNECTING', actions: 'disconnect' },
              { actions: 'fail' },
            ],
          },
          initial: 'serving',
          states: {
            serving: {
              description: 'The callback may take messages.',
              on: { LEAVE: { guard: 'mayFinish', target: 'finishing', actions: 'finish' } },
            },
            finishing: {
              description: 'Its loop over the messages has ended; the callback may still send.',
              after: {
                drainTimeout: {
                  guard: { type: 'isFinite', params: { deadline: 'drain' } },
                  target: '#peer.DISCONNECTING',
                  actions: 'disconnect',
                },
              },
              on: { LEAVE: [{ guard: 'mayFinish' }, LEAVE] },
            },
          },
        },
      },
    },

    DISCONNECTING: {
      description: 'The session ends.',
      tags: 'busy',
      entry: { type: 'emitState', params: { state: 'DISCONNECTING' } },
      invoke: { id: 'session', src: 'session', input: onPort, onDone: ENDED, onError: FAILED },
      on: { LEAVE: { guard: 'isForced', actions: 'disconnect' } },
    },

    GONE: {
      description: 'Nothing is open.',
      type: 'final',
      entry: ['closeConnection', 'emitGone'],
    },
  },
});
