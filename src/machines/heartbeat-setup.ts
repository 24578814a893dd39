/** What the chart of a heartbeat names: guards, actions, actors and delays. None throws. */

import { assign, type EventObject, fromCallback, sendTo, setup } from 'xstate';
import type { Beat, HeartbeatState, LostState, ProcessState } from '../core/heartbeat.ts';
import { memberOf } from '../core/shape.ts';
import type { HeartbeatRun } from './heartbeat-run.ts';
import { fromWait, type WaitInput } from './wait.ts';

/** The input of an actor, and of those that it invokes. */
export interface HeartbeatInput extends WaitInput {
  readonly run: HeartbeatRun;
}

/** The context of a heartbeat. */
export interface HeartbeatContext extends Beat {
  readonly run: HeartbeatRun;
  /** How many answers there were at the end of the last heartbeat. */
  readonly answers: number;
  /** The same of the signs of life. */
  readonly signsOfLife: number;
}

/** The input of the actors that the chart invokes. */
export const onRun = ({
  context: { run },
}: {
  readonly context: HeartbeatContext;
}): HeartbeatInput => ({ run });

/** The context of an actor that starts: the handshake was an answer. */
export const initialContext = ({ run }: HeartbeatInput): HeartbeatContext => {
  const now = Date.now();
  const { answers, signsOfLife } = run.pulse;
  return {
    run,
    state: 'healthy',
    since: now,
    lastAnswer: now,
    misses: 0,
    answers,
    signsOfLife,
  };
};

const isAnswered = ({ run, answers }: HeartbeatContext): boolean => run.pulse.answers !== answers;
const hasSignOfLife = ({ run, signsOfLife }: HeartbeatContext): boolean =>
  run.pulse.signsOfLife !== signsOfLife;

const isLostState = (state: HeartbeatState): state is LostState =>
  state !== 'healthy' && state !== 'busy';

/** What is known after a heartbeat that has found a state. */
function next(context: HeartbeatContext, state: HeartbeatState): Beat {
  const now = Date.now();
  const isHeard = isAnswered(context) || hasSignOfLife(context) || state === 'healthy';
  return {
    state,
    since: state === context.state ? context.since : now,
    lastAnswer: isHeard ? now : context.lastAnswer,
    misses: isLostState(state) ? context.misses + 1 : 0,
  };
}

/** The part of a context that is for users. */
export const beatIn = ({ state, since, lastAnswer, misses }: HeartbeatContext): Beat => ({
  state,
  since,
  lastAnswer,
  misses,
});

/** The setup of the chart. */
export const heartbeatSetup = /* @__PURE__ */ setup({
  types: {} as {
    context: HeartbeatContext;
    input: HeartbeatInput;
    events: { readonly type: 'xstate.init' };
  },
  actors: {
    /** What was asked is given up when the session ends, before its calls are rejected. */
    keeper: /* @__PURE__ */ fromCallback<EventObject, HeartbeatInput & { readonly beat: Beat }>(
      ({ input }) => {
        const controller = new AbortController();
        input.run.pulse.begin(input.beat, controller.signal);
        return () => {
          controller.abort();
        };
      },
    ),
    prober: /* @__PURE__ */ fromWait(({ run }: HeartbeatInput) => run.pulse.ask()),
    looker: /* @__PURE__ */ fromWait(({ run }: HeartbeatInput) => run.look()),
  },
  delays: {
    every: ({ context }) => context.run.pulse.timing.every,
    within: ({ context }) => context.run.pulse.timing.within,
  },
  guards: {
    /** Whether an answer has arrived since the last heartbeat: any shows that the peer is healthy. */
    isAnswered: ({ context }) => isAnswered(context),
    hasSignOfLife: ({ context }) => hasSignOfLife(context),
    isAtWork: ({ context, event }) =>
      context.run.pulse.isAtWork && memberOf(event, 'output') === 'running',
    isProcess: ({ event }, { process }: { process: ProcessState }) =>
      memberOf(event, 'output') === process,
    isLeaving: ({ context }) => context.run.isLeaving,
    isLost: ({ context: { run, misses } }, { state }: { state: LostState }) =>
      !run.isLeaving && run.isLost(state, misses),
  },
  actions: {
    noteVerdict: assign(({ context }, { state }: { state: HeartbeatState }) => {
      const { pulse } = context.run;
      const beat = next(context, state);
      return { ...beat, answers: pulse.answers, signsOfLife: pulse.signsOfLife };
    }),
    tellVerdict: ({ context }) => {
      context.run.pulse.note(beatIn(context));
    },
    failSession: sendTo(
      ({ context }) => context.run.connection,
      ({ context }) => ({ type: 'FAIL', error: context.run.failure(context) }),
    ),
  },
});
