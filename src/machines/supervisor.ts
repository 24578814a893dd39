/**
 * A connection that is kept, as a statechart. Every arrow is in this file, and nothing else is.
 *
 * How to read it
 * --------------
 * 1. The connection is a child actor, `connection`, that lives as long as the supervisor. Its own chart
 *    (`protocol.ts`) decides how a session runs and ends; this one decides what follows from an end.
 * 2. The supervisor reads the connection's snapshots. What matters in them it sends to itself as two
 *    events: ENDING, the session cannot be used any more, and OVER, the connection is IDLE again.
 * 3. Every end passes through JUDGING: an end that was requested leads to STOPPED, a cause that merits a
 *    retry to WAITING, any other to GIVEN_UP.
 * 4. A client may use the connection itself. Its `disconnect()` is an end that was requested; its
 *    `connect()` counts as the next attempt. In `locating` and WAITING the guard `isBusy` notices it.
 * 5. No wait without a deadline, except where the connection has its own (an attempt, an end), and in
 *    the states that wait for a caller (UP, STOPPED, GIVEN_UP).
 *
 * `supervisor-setup.ts` defines each guard, action, actor and delay that is named here.
 */

import { deadline } from './deadline.ts';
import type { ProtocolMachine } from './protocol-machine.ts';
import {
  connectionFacts,
  onConnection,
  type Policy,
  supervisorSetup,
  toAddress,
} from './supervisor-setup.ts';
import type { SupervisorContext } from './supervisor-types.ts';

/**
 * The chart, as a machine. It starts to connect as soon as its actor starts.
 *
 * @param connection - The machine of the connection, which must not be one that is made for one session.
 */
export const createSupervisorChart = <In, Out>(
  connection: ProtocolMachine<In, Out>,
  policy: Policy<In, Out>,
) =>
  supervisorSetup(connection, policy).createMachine({
    id: 'supervisor',
    context: (): SupervisorContext => ({
      attempts: 0,
      ups: 0,
      connection: 'idle',
      up: undefined,
      session: 0,
      wait: 0,
      cause: undefined,
      failures: [],
    }),
    invoke: {
      id: 'connection',
      src: 'connection',
      onSnapshot: [
        {
          guard: { type: 'isOver', params: ({ event }) => connectionFacts(event.snapshot) },
          actions: [
            { type: 'noteConnection', params: ({ event }) => connectionFacts(event.snapshot) },
            { type: 'raiseOver', params: ({ event }) => connectionFacts(event.snapshot) },
          ],
        },
        {
          guard: { type: 'isEnding', params: ({ event }) => connectionFacts(event.snapshot) },
          actions: [
            { type: 'noteConnection', params: ({ event }) => connectionFacts(event.snapshot) },
            { type: 'raiseEnding', params: ({ event }) => connectionFacts(event.snapshot) },
          ],
        },
        {
          actions: {
            type: 'noteConnection',
            params: ({ event }) => connectionFacts(event.snapshot),
          },
        },
      ],
      onDone: { target: '.GIVEN_UP', actions: 'recordFailure' },
      onError: { target: '.GIVEN_UP', actions: 'recordFailure' },
    },
    on: {
      STOP: [
        { guard: 'isBusy', target: '.STOPPING', actions: 'disconnect' },
        { target: '.STOPPED' },
      ],
    },
    initial: 'CONNECTING',
    states: {
      CONNECTING: {
        description: 'On the way to a session that can be used.',
        tags: 'busy',
        entry: ['countAttempt', 'emitConnecting'],
        on: { OVER: { target: 'JUDGING', actions: 'recordOver' } },
        initial: 'locating',
        states: {
          locating: {
            description: 'Asking for the address of the peer.',
            // The client has called connect() itself.
            always: { guard: 'isBusy', target: 'connecting' },
            invoke: {
              id: 'locator',
              src: 'locator',
              input: toAddress,
              onDone: {
                target: 'connecting',
                actions: [
                  'noteAttempt',
                  { type: 'connect', params: ({ event }) => ({ address: event.output }) },
                ],
              },
              onError: { target: '#supervisor.JUDGING', actions: 'recordNoAddress' },
            },
            after: deadline('locate', '#supervisor.JUDGING', 'recordLocateTimeout'),
          },
          connecting: {
            description: 'The connection dials, and establishes a session.',
            always: [
              { guard: 'isToSynchronize', target: 'synchronizing' },
              { guard: 'isConnected', target: '#supervisor.UP' },
            ],
          },
          synchronizing: {
            description: 'There is a session; `onUp` prepares it.',
            invoke: {
              id: 'synchronizer',
              src: 'synchronizer',
              input: onConnection,
              onDone: '#supervisor.UP',
              onError: { target: '#supervisor.FAILING', actions: 'failSession' },
            },
            after: deadline('sync', '#supervisor.FAILING', 'failLateSession'),
            on: {
              ENDING: [
                { guard: 'isRequested', target: '#supervisor.STOPPING' },
                { target: '#supervisor.FAILING' },
              ],
            },
          },
        },
      },

      UP: {
        description: 'There is a session, and it can be used.',
        tags: 'up',
        entry: ['countUp', 'emitUp'],
        // Not a deadline: nothing is late when it passes.
        after: {
          stableTime: {
            guard: { type: 'isFinite', params: { deadline: 'stable' } },
            actions: 'forgetAttempts',
          },
        },
        on: { ENDING: [{ guard: 'isRequested', target: 'STOPPING' }, { target: 'FAILING' }] },
      },

      FAILING: {
        description: 'A session that cannot be used is ending.',
        tags: 'busy',
        entry: 'emitFailing',
        on: { OVER: { target: 'JUDGING', actions: 'recordOver' } },
      },

      JUDGING: {
        description: 'Decides what follows from an end. Left at once.',
        always: [
          { guard: 'wasRequested', target: 'STOPPED' },
          { guard: 'meritsRetry', target: 'WAITING', actions: 'planWait' },
          { target: 'GIVEN_UP' },
        ],
      },

      WAITING: {
        description: 'Waiting for the next attempt.',
        tags: 'busy',
        entry: 'emitWaiting',
        after: { backoff: 'CONNECTING' },
        // The client has called connect() itself.
        always: { guard: 'isBusy', target: 'CONNECTING.connecting' },
        on: { RETRY: 'CONNECTING' },
      },

      STOPPING: {
        description: 'The session, or the attempt at one, is ending on request.',
        tags: 'busy',
        entry: 'emitStopping',
        on: {
          OVER: { target: 'STOPPED', actions: 'recordOver' },
          STOP: { actions: 'disconnect' },
        },
      },

      STOPPED: {
        description: 'No connection is wanted.',
        entry: 'emitStopped',
        on: {
          START: { guard: 'hasConnection', target: 'CONNECTING', actions: 'forgetAttempts' },
          STOP: [{ guard: 'isBusy', target: 'STOPPING', actions: 'disconnect' }, {}],
        },
      },

      GIVEN_UP: {
        description: 'Another attempt would be pointless; `cause` says why.',
        entry: 'emitGivenUp',
        on: {
          START: { guard: 'hasConnection', target: 'CONNECTING', actions: 'forgetAttempts' },
        },
      },
    },
  });
