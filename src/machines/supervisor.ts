/**
 * The lifecycle of a connection that is kept: it embeds the machine of `protocol.ts` and connects it
 * again whenever its session fails, until it is told to stop or has reason to give up. Every arrow of
 * it is in this file.
 *
 * Theory
 * ------
 * 1. The connection is one actor for the supervisor's whole life. It comes home to IDLE by itself, with an
 *    outcome, whatever happens; here it is decided what follows from that.
 * 2. What the connection does is heard by its snapshots: `onSnapshot` notes whether it is up, and raises
 *    OVER once for each session, or attempt, that has ended. Nothing else moves a state, but our
 *    caller, the user's two functions (where to connect, what to do when it is up again) and time.
 * 3. An end that was asked for stops the supervisor: `disconnect()` means it. Any other end is judged: it
 *    merits a retry, or it does not, or there have been enough.
 * 4. A session has to last before it counts as a success. One that comes up only to fail makes the next
 *    wait longer, as a refused attempt does.
 * 5. STOP is heard in every state, and what is under way is given up at once.
 */

import type { ProtocolMachine } from '../machine.ts';
import type { SupervisorContext } from './supervision-types.ts';
import { type Policy, seen, supervision, toAddress } from './supervision.ts';

/**
 * The chart, as a machine. It starts to connect as soon as its actor starts.
 *
 * @param connection - The machine of the connection; not one that is made for one session.
 * @param policy - Where to, how often, and how patiently.
 */
export const createSupervisorChart = <In, Out>(
  connection: ProtocolMachine<In, Out>,
  policy: Policy,
) =>
  supervision(connection, policy).createMachine({
    id: 'supervisor',
    context: (): SupervisorContext => ({
      attempts: 0,
      ups: 0,
      up: undefined,
      session: 0,
      wait: 0,
      cause: undefined,
      reasons: [],
    }),
    invoke: {
      id: 'connection',
      src: 'connection',
      onSnapshot: [
        {
          guard: { type: 'isNews', params: ({ event }) => seen(event.snapshot) },
          actions: [
            { type: 'noteConnection', params: ({ event }) => seen(event.snapshot) },
            { type: 'raiseOver', params: ({ event }) => seen(event.snapshot) },
          ],
        },
        { actions: { type: 'noteConnection', params: ({ event }) => seen(event.snapshot) } },
      ],
      onError: { target: '.GIVEN_UP', actions: 'recordFailure' },
    },
    initial: 'CONNECTING',
    states: {
      CONNECTING: {
        description: 'On the way to a session that can be used.',
        tags: 'busy',
        initial: 'locating',
        states: {
          locating: {
            description: 'Asking where the peer is this time.',
            invoke: {
              id: 'locator',
              src: 'locator',
              input: toAddress,
              onDone: {
                target: 'connecting',
                actions: {
                  type: 'connect',
                  params: ({ event }) => ({ address: event.output }),
                },
              },
              onError: { target: '#supervisor.JUDGING', actions: 'recordNowhere' },
            },
            after: {
              locateTimeout: { target: '#supervisor.JUDGING', actions: 'recordLocateTimeout' },
            },
            on: { STOP: '#supervisor.STOPPED' },
          },
          connecting: {
            description: 'The connection dials, and establishes a session.',
            always: [
              { guard: 'isToSynchronize', target: 'synchronizing' },
              { guard: 'isConnected', target: '#supervisor.UP' },
            ],
            on: {
              OVER: { target: '#supervisor.JUDGING', actions: 'recordOver' },
              STOP: { target: '#supervisor.STOPPING', actions: 'disconnect' },
            },
          },
          synchronizing: {
            description: 'There is a session; what it lacks after a failure is made up for.',
            invoke: {
              id: 'synchronizer',
              src: 'synchronizer',
              onDone: '#supervisor.UP',
              onError: { target: 'failing', actions: 'failSession' },
            },
            after: { syncTimeout: { target: 'failing', actions: 'failSessionLate' } },
            on: {
              OVER: { target: '#supervisor.JUDGING', actions: 'recordOver' },
              STOP: { target: '#supervisor.STOPPING', actions: 'disconnect' },
            },
          },
          failing: {
            description: 'A session that cannot be used goes home.',
            on: {
              OVER: { target: '#supervisor.JUDGING', actions: 'recordOver' },
              STOP: { target: '#supervisor.STOPPING', actions: 'disconnect' },
            },
          },
        },
      },

      UP: {
        description: 'There is a session, and it can be used.',
        tags: 'up',
        entry: ['countUp', 'emitUp'],
        after: { stableTime: { actions: 'forgetAttempts' } },
        on: {
          OVER: { target: 'JUDGING', actions: 'recordOver' },
          STOP: { target: 'STOPPING', actions: 'disconnect' },
        },
      },

      JUDGING: {
        description: 'An end, and what follows from it. Passed at once.',
        always: [
          { guard: 'wasAskedFor', target: 'STOPPED' },
          { guard: 'meritsRetry', target: 'WAITING', actions: 'planWait' },
          { target: 'GIVEN_UP' },
        ],
      },

      WAITING: {
        description: 'Until the next attempt.',
        tags: 'busy',
        entry: 'emitWaiting',
        after: { backoff: 'CONNECTING' },
        // Somebody else has connected it meanwhile.
        always: { guard: 'isConnected', target: 'CONNECTING.connecting' },
        on: { RETRY: 'CONNECTING', STOP: 'STOPPED' },
      },

      STOPPING: {
        description: 'The session under way ends.',
        tags: 'busy',
        on: {
          OVER: { target: 'STOPPED', actions: 'noteOver' },
          STOP: { actions: 'disconnect' },
        },
      },

      STOPPED: {
        description: 'Nobody wants a connection.',
        entry: 'emitStopped',
        on: { START: { target: 'CONNECTING', actions: 'forgetAttempts' } },
      },

      GIVEN_UP: {
        description: 'There is no point in going on; `cause` says why.',
        entry: 'emitGivenUp',
        on: { START: { target: 'CONNECTING', actions: 'forgetAttempts' }, STOP: 'STOPPED' },
      },
    },
  });
