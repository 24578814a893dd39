/**
 * The heartbeat of a connection as a statechart. Every arrow is in this file.
 *
 * How to read it
 * --------------
 * 1. The five outer states say what is known of the peer. Each begins with a rest (`resting`), after which the
 *    peer is asked (`probing`), unless an answer to something else has arrived in the meantime. If it is not
 *    heard of in time, the operating system is asked about its process (`looking`).
 * 2. The end of each heartbeat is a verdict: an arrow to one of the five states, also to the same one.
 * 3. Without any answer a heartbeat is a miss. After so many in a row as the user allows, the chart goes to
 *    `failed`, and the connection, whose child this actor is, gets FAIL with the cause.
 * 4. While the end of the session is expected, there are no heartbeats: a peer that leaves reads nothing more,
 *    and a reset would follow from what is sent to it.
 * 5. Time is the clock of the actor system, all else is the `run` in the context.
 *
 * `heartbeat-setup.ts` defines each guard, action, actor and delay that is named here.
 */

import type { HeartbeatState } from '../core/heartbeat.ts';
import { beatIn, heartbeatSetup, initialContext, onRun } from './heartbeat-setup.ts';

/** The arrow of a heartbeat that has found this state. */
const verdict = <State extends HeartbeatState>(state: State) => ({
  target: `#heartbeat.${state}` as const,
  actions: [{ type: 'noteVerdict' as const, params: { state } }, 'tellVerdict' as const],
});

/** What an answer means, also one that arrives while the process is looked at. */
const ANSWERED = [
  { guard: 'isAnswered', ...verdict('healthy') },
  { guard: 'hasSignOfLife', ...verdict('busy') },
] as const;

/** What is true of a peer that has not answered. */
const PROCESS = [
  { guard: { type: 'isProcess', params: { process: 'stopped' } }, ...verdict('stopped') },
  { guard: { type: 'isProcess', params: { process: 'gone' } }, ...verdict('dead') },
  { guard: 'isAtWork', ...verdict('busy') },
  verdict('silent'),
] as const;

/** One heartbeat: a rest, a question, and a look at the process. */
const BEATS = {
  initial: 'resting',
  states: {
    resting: {
      description: 'Until the next heartbeat.',
      after: {
        every: [
          { guard: 'isLeaving', target: 'resting', reenter: true },
          { guard: 'isAnswered', ...verdict('healthy') },
          { target: 'probing' },
        ],
      },
    },
    probing: {
      description: 'The peer was asked.',
      invoke: {
        id: 'prober',
        src: 'prober',
        input: onRun,
        onDone: verdict('healthy'),
        onError: 'looking',
      },
      after: { within: [...ANSWERED, { target: 'looking' }] },
    },
    looking: {
      description: 'The operating system is asked about the process of the peer.',
      // It could not be asked before its end, which is expected now.
      always: { guard: 'isLeaving', target: 'resting' },
      invoke: {
        id: 'looker',
        src: 'looker',
        input: onRun,
        onDone: [...ANSWERED, ...PROCESS],
        onError: [...ANSWERED, verdict('silent')],
      },
      after: { within: [...ANSWERED, verdict('silent')] },
    },
  },
} as const;

/** The end of a session without answers. */
const lost = (state: 'stopped' | 'silent' | 'dead') => ({
  guard: { type: 'isLost' as const, params: { state } },
  target: 'failed' as const,
});

/** The chart, as a machine. */
export const heartbeat = heartbeatSetup.createMachine({
  id: 'heartbeat',
  context: ({ input }) => initialContext(input),
  invoke: {
    id: 'keeper',
    src: 'keeper',
    input: ({ context }) => ({ run: context.run, beat: beatIn(context) }),
    // It has none: the port must not throw.
    onError: {},
  },
  initial: 'healthy',
  states: {
    healthy: { description: 'The peer answers.', ...BEATS },
    busy: { description: 'Its process works, but it takes no commands at the moment.', ...BEATS },
    stopped: {
      description: 'Its process is stopped.',
      always: lost('stopped'),
      ...BEATS,
    },
    silent: {
      description: 'It does not answer, and its process runs, or is not known.',
      always: lost('silent'),
      ...BEATS,
    },
    dead: {
      description: 'Its process has ended.',
      always: lost('dead'),
      ...BEATS,
    },
    failed: {
      description: 'The session fails.',
      type: 'final',
      entry: 'failSession',
    },
  },
});
