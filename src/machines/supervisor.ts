/**
 * A connection that is kept, as a statechart. Every arrow is in this file, and nothing else is.
 *
 * How to read it
 * --------------
 * 1. The connection is a child actor, `connection`, that lives as long as the supervisor. Its own chart
 *    (`protocol.ts`) decides how a session runs and ends; this one decides what follows from an end.
 * 2. The supervisor gets those snapshots of the connection that it has a use for (`supervisor-watch.ts`).
 *    What follows from them it sends to itself as two events: ENDING, the session cannot be used any more,
 *    and OVER, the connection is IDLE again.
 * 3. A session that fails passes through FAILING, one that ends cleanly through STOPPING; with the policy
 *    `always` a clean end is treated like a failure. The cause is recorded when the end begins, so that
 *    it is known in FAILING. JUDGING decides what follows from a failure: WAITING or GIVEN_UP.
 * 4. A client may use the connection itself. Its `disconnect()` is an end that was requested; its
 *    `connect()` counts as the next attempt. In `locating` and WAITING the guard `isBusy` notices it.
 * 5. No wait without a deadline, except where the connection has its own (an attempt, an end), and in
 *    the states that wait for a caller (UP, STOPPED, GIVEN_UP). In UP, the actor `liveness` checks the
 *    session, if that was asked for (`liveness.ts`).
 *
 * `supervisor-setup.ts` defines each guard, action, actor and delay that is named here.
 */

import { acceptsFromInspector } from '../core/remote-control.ts';
import { deadline } from './deadline.ts';
import type { ProtocolMachine } from './protocol-machine.ts';
import { connectionFacts } from './supervisor-outage.ts';
import type { Policy } from './supervisor-policy.ts';
import {
  initialContext,
  onConnection,
  outcomeIn,
  supervisorSetup,
  toAddress,
  toCause,
} from './supervisor-setup.ts';

/** The session ends: cleanly, and no other one is wanted, or to be replaced. */
const ENDING = [
  { guard: 'isLast', target: '#supervisor.STOPPING', actions: 'noteShutdown' },
  { target: '#supervisor.FAILING', actions: 'recordEnding' },
] as const;

/** The program says that the session has failed. */
const FAIL = { target: '#supervisor.FAILING', actions: ['recordFail', 'failSession'] } as const;

/** The check of a session that is UP. Its actor ends only in error. */
const LIVENESS = {
  invoke: { id: 'liveness', src: 'liveness', input: onConnection, onError: FAIL },
} as const;
const NO_LIVENESS = {} as typeof LIVENESS;

/** What an actor with `once` makes of a state that another one waits in. */
const DONE = { type: 'final' } as const;

/** The arrows out of GIVEN_UP. */
const GIVEN_UP = {
  on: { START: { guard: 'hasConnection', target: 'CONNECTING', actions: 'forgetAttempts' } },
} as const;

/** The arrows out of STOPPED. */
const STOPPED = {
  on: {
    ...GIVEN_UP.on,
    STOP: [{ guard: 'isBusy', target: 'STOPPING', actions: 'disconnect' }, {}],
  },
} as const;

/** The end in error has no arrow: XState ends an actor with an error that its machine does not handle. */
const FAILED = { invoke: { id: 'failure', src: 'failure', input: toCause } } as const;

/**
 * The chart, as a machine. It starts to connect as soon as its actor starts, unless the actor was restored, and
 * had stopped or given up.
 *
 * @param connection - The machine of the connection, which must not be one that is made for one session.
 */
export const createSupervisorChart = <In, Out>(
  connection: ProtocolMachine<In, Out>,
  policy: Policy<In, Out>,
) => {
  const { once = false, failWith } = policy;
  const isFailing = once && failWith === 'error';
  const parts = supervisorSetup(connection, policy);
  return parts.createMachine({
    id: 'supervisor',
    meta: acceptsFromInspector('START', 'STOP', 'RETRY'),
    context: ({ input }) => initialContext(policy.createLocator(input), input),
    output: ({ context, event }) =>
      outcomeIn(event.type.endsWith('GIVEN_UP') ? 'GIVEN_UP' : 'STOPPED', context),
    invoke: {
      id: 'connection',
      src: 'connection',
      onDone: { target: '.GIVEN_UP', actions: 'recordFailure' },
      onError: { target: '.GIVEN_UP', actions: 'recordFailure' },
    },
    on: {
      'xstate.snapshot.connection': [
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
      STOP: [
        { guard: 'isBusy', target: '.STOPPING', actions: 'disconnect' },
        { target: '.STOPPED' },
      ],
    },
    initial: 'JUDGING',
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
                  { type: 'noteAttempt', params: ({ event }) => event.output },
                  { type: 'connect', params: ({ event }) => event.output },
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
            on: { FAIL: { actions: 'failAttempt' } },
          },
          synchronizing: {
            description: 'There is a session; `onUp` prepares it.',
            invoke: {
              id: 'synchronizer',
              src: 'synchronizer',
              input: onConnection,
              onDone: '#supervisor.UP',
              onError: {
                target: '#supervisor.FAILING',
                actions: ['recordNotReady', 'failSession'],
              },
            },
            after: deadline('sync', '#supervisor.FAILING', 'recordSyncTimeout', 'failSession'),
            on: { ENDING, FAIL },
          },
        },
      },

      UP: {
        description: 'There is a session, and it can be used.',
        tags: 'up',
        entry: [{ type: 'endOutage', params: { endedIn: 'UP' } }, 'countUp', 'emitUp'],
        // Not a deadline: nothing is late when it passes.
        after: {
          stableTime: {
            guard: { type: 'isFinite', params: { deadline: 'stable' } },
            actions: 'forgetAttempts',
          },
        },
        ...(policy.liveness === undefined ? NO_LIVENESS : LIVENESS),
        on: { ENDING, FAIL },
      },

      FAILING: {
        description: 'A session that cannot be used is ending.',
        tags: 'busy',
        entry: 'emitFailing',
        on: { OVER: { target: 'JUDGING', actions: 'recordOutcome' } },
      },

      JUDGING: {
        description: 'Decides what follows from an end, and where an actor begins. Left at once.',
        always: [
          { guard: 'isNew', target: 'CONNECTING' },
          { guard: 'wasLast', target: 'STOPPED' },
          { guard: 'isFinal', target: 'GIVEN_UP' },
          { guard: 'isSpent', target: 'GIVEN_UP', actions: 'recordSpent' },
          { target: 'WAITING', actions: 'planWait' },
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
          OVER: { target: 'STOPPED', actions: 'recordStop' },
          STOP: { actions: 'disconnect' },
        },
      },

      STOPPED: {
        description: 'No connection is wanted.',
        tags: 'idle',
        entry: [{ type: 'endOutage', params: { endedIn: 'STOPPED' } }, 'emitStopped'],
        ...(once ? DONE : STOPPED),
      },

      GIVEN_UP: {
        description: 'Another attempt would be pointless; `cause` says why.',
        tags: ['idle', 'failed'],
        entry: [
          { type: 'endOutage', params: { endedIn: 'GIVEN_UP' } },
          'emitGivenUp',
          // XState stops the children of an actor that is done, but not of one that fails.
          ...(isFailing ? [parts.stopChild('connection')] : []),
        ],
        ...(isFailing ? FAILED : once ? DONE : GIVEN_UP),
      },
    },
  });
};
