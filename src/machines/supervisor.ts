import type { ProtocolMachine } from './protocol-machine.ts';
import type { SupervisorContext } from './supervisor-types.ts';
import {
  onConnection,
  type Policy,
  connectionFacts,
  supervisorSetup,
  toAddress,
} from './supervisor-setup.ts';

/**
 * The chart, as a machine. It starts to connect as soon as its actor starts.
 *
 * @param connection - The machine of the connection; not one that is made for one session.
 * @param policy - Where to, how often, and how patiently.
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
      connection: 'home',
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
          guard: { type: 'isNews', params: ({ event }) => connectionFacts(event.snapshot) },
          actions: [
            { type: 'noteConnection', params: ({ event }) => connectionFacts(event.snapshot) },
            { type: 'raiseOver', params: ({ event }) => connectionFacts(event.snapshot) },
          ],
        },
        {
          guard: { type: 'isLeaving', params: ({ event }) => connectionFacts(event.snapshot) },
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
        { guard: 'isAway', target: '.STOPPING', actions: 'disconnect' },
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
            description: 'Asking where the peer is this time.',
            // Somebody else has been faster.
            always: { guard: 'isAway', target: 'connecting' },
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
              onError: { target: '#supervisor.JUDGING', actions: 'recordNowhere' },
            },
            after: {
              locateTimeout: {
                guard: { type: 'isFinite', params: { deadline: 'locateTimeout' } },
                target: '#supervisor.JUDGING',
                actions: 'recordLocateTimeout',
              },
            },
          },
          connecting: {
            description: 'The connection dials, and establishes a session.',
            always: [
              { guard: 'isToSynchronize', target: 'synchronizing' },
              { guard: 'isConnected', target: '#supervisor.UP' },
            ],
          },
          synchronizing: {
            description: 'There is a session; what it lacks after a failure is made up for.',
            invoke: {
              id: 'synchronizer',
              src: 'synchronizer',
              input: onConnection,
              onDone: '#supervisor.UP',
              onError: { target: '#supervisor.FAILING', actions: 'failSession' },
            },
            after: {
              syncTimeout: {
                guard: { type: 'isFinite', params: { deadline: 'syncTimeout' } },
                target: '#supervisor.FAILING',
                actions: 'failSessionLate',
              },
            },
            on: {
              ENDING: [
                { guard: 'isAskedFor', target: '#supervisor.STOPPING' },
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
        after: {
          stableTime: {
            guard: { type: 'isFinite', params: { deadline: 'stable' } },
            actions: 'forgetAttempts',
          },
        },
        on: { ENDING: [{ guard: 'isAskedFor', target: 'STOPPING' }, { target: 'FAILING' }] },
      },

      FAILING: {
        description: 'A session that cannot be used goes home.',
        tags: 'busy',
        entry: 'emitFailing',
        on: { OVER: { target: 'JUDGING', actions: 'recordOver' } },
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
        // Somebody else does not wait.
        always: { guard: 'isAway', target: 'CONNECTING.connecting' },
        on: { RETRY: 'CONNECTING' },
      },

      STOPPING: {
        description: 'The session under way ends, or the attempt at one.',
        tags: 'busy',
        entry: 'emitStopping',
        on: {
          OVER: { target: 'STOPPED', actions: 'recordOver' },
          STOP: { actions: 'disconnect' },
        },
      },

      STOPPED: {
        description: 'Nobody wants a connection.',
        entry: 'emitStopped',
        on: {
          START: { guard: 'hasConnection', target: 'CONNECTING', actions: 'forgetAttempts' },
          STOP: [{ guard: 'isAway', target: 'STOPPING', actions: 'disconnect' }, {}],
        },
      },

      GIVEN_UP: {
        description: 'There is no point in going on; `cause` says why.',
        entry: 'emitGivenUp',
        on: {
          START: { guard: 'hasConnection', target: 'CONNECTING', actions: 'forgetAttempts' },
        },
      },
    },
  });
