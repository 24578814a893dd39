/** What the supervisor's chart names: guards, actions, actors and delays. None changes the state, none throws. */

import {
  type AnyActorRef,
  assign,
  emit,
  enqueueActions,
  fromPromise,
  raise,
  sendTo,
  setup,
} from 'xstate';
import {
  ClosedError,
  ConnectError,
  handlerError,
  toFailure,
  type WirechartError,
} from '../core/errors.ts';
import type { ProtocolActorRef, ProtocolMachine } from './protocol-machine.ts';
import { MAX_TIMER_MS } from '../async/timer.ts';
import type { Address } from '../core/types.ts';
import {
  callbackTimeout,
  causeOf,
  type ConnectionFacts,
  ended,
  isClean,
  spentStream,
  withFailure,
  withOtherCause,
} from './supervisor-outage.ts';
import { livenessOf } from './liveness.ts';
import { failure } from './protocol-actors.ts';
import type { ToCause } from './protocol-types.ts';
import type { Policy } from './supervisor-policy.ts';
import type {
  Located,
  Locator,
  OutageEnd,
  ResumedInput,
  SupervisorContext,
  SupervisorEmitted,
  SupervisorEvent,
  SupervisorInput,
  SupervisorOutcome,
} from './supervisor-types.ts';

type Deadline = keyof Policy<never, never>['deadlines'];

/** The session, or the attempt, has failed now. */
const failed = (context: SupervisorContext, cause: WirechartError, session = context.session) =>
  withFailure(context, cause, { session, now: Date.now() });

/** The current session has failed now. */
const sessionFailed = (context: SupervisorContext, cause: WirechartError) =>
  failed(context, cause, context.up);

/** There is no address to dial. */
const noAddress = (context: SupervisorContext, why: WirechartError) =>
  failed(context, new ConnectError('connection', why));

/** The error in an event of an actor that has failed. */
const errorIn = (event: object): unknown => ('error' in event ? event.error : undefined);

/** The input of `locator`. */
export const toAddress = ({
  context: { locator, attempts, cause },
}: {
  context: SupervisorContext;
}) => ({ locator, attempt: attempts, cause });

/** The context of an actor that begins. */
export const initialContext = (
  locator: Locator,
  input: Partial<ResumedInput> | null | undefined,
): SupervisorContext => ({
  locator,
  beginning: input?.beginning ?? 'CONNECTING',
  attempts: 0,
  ups: 0,
  connection: 'idle',
  up: undefined,
  session: 0,
  isSpent: false,
  wait: 0,
  cause: input?.cause,
  shutdown: input?.shutdown,
  outage: undefined,
});

/** The input of the actor that fails. */
export const toCause = ({
  context: { cause },
}: {
  context: Pick<SupervisorContext, 'cause'>;
}): ToCause => ({ cause });

/** The output of an actor that has stopped, or given up. */
export const outcomeIn = (
  state: 'STOPPED' | 'GIVEN_UP',
  { cause, shutdown }: Pick<SupervisorContext, 'cause' | 'shutdown'>,
): SupervisorOutcome =>
  state === 'STOPPED' ? { ...(shutdown && { shutdown }) } : { ...(cause && { cause }) };

/** The actor of the chart, as its expressions see it. */
interface Self {
  getSnapshot(): { readonly children: { readonly connection?: AnyActorRef | undefined } };
}

/** The input of an actor that uses the connection. */
export interface OnConnection<In, Out> {
  /** Present for as long as the supervisor runs. */
  readonly connection: ProtocolActorRef<In, Out> | undefined;
}

/** The input of `synchronizer`. */
export const onConnection = <In, Out>({ self }: { self: Self }): OnConnection<In, Out> => ({
  connection: self.getSnapshot().children.connection,
});

/** All kinds of machine have one type. */
const FAILURE = { failure };
const NO_FAILURE = {} as typeof FAILURE;

/** The setup of the chart. */
export const supervisorSetup = <In, Out>(
  connection: ProtocolMachine<In, Out>,
  policy: Policy<In, Out>,
) =>
  setup({
    types: {} as {
      context: SupervisorContext;
      events: SupervisorEvent;
      input: SupervisorInput;
      output: SupervisorOutcome;
      emitted: SupervisorEmitted;
      children: { connection: 'connection' };
      tags: 'idle' | 'busy' | 'up' | 'failed';
    },
    actors: {
      connection,
      locator: fromPromise(
        async ({
          input,
          signal,
        }: {
          input: ReturnType<typeof toAddress>;
          signal: AbortSignal;
        }): Promise<Located> => {
          const located = await input.locator.locate(input.attempt, input.cause);
          const abandon = (): void => {
            policy.destroyStream(located.address);
          };
          if (signal.aborted) abandon();
          else signal.addEventListener('abort', abandon, { once: true });
          return located;
        },
      ),
      synchronizer: fromPromise(
        async ({
          input,
          signal,
        }: {
          input: OnConnection<In, Out>;
          signal: AbortSignal;
        }): Promise<unknown> =>
          input.connection && (await policy.synchronize?.(input.connection, signal)),
      ),
      ...livenessOf(policy.liveness),
      ...(policy.failWith === 'error' ? FAILURE : NO_FAILURE),
    },
    delays: {
      backoff: ({ context }) => context.wait,
      stableTime: Math.min(policy.deadlines.stable, MAX_TIMER_MS),
      locateTimeout: Math.min(policy.deadlines.locate, MAX_TIMER_MS),
      syncTimeout: Math.min(policy.deadlines.sync, MAX_TIMER_MS),
    },
    guards: {
      /** Whether the connection is IDLE after a session that was not judged yet. */
      isOver: ({ context }, { isIdle, session }: ConnectionFacts) =>
        isIdle && session > context.session,
      /** Whether its session cannot be used any more, from now on. */
      isEnding: ({ context: { up } }, { isUp }: ConnectionFacts) => up !== undefined && !isUp,
      isBusy: ({ context }) => context.connection === 'busy',
      hasConnection: ({ context }) => context.connection !== 'ended',
      isConnected: ({ context: { up } }) => up !== undefined,
      isToSynchronize: ({ context: { up } }) =>
        up !== undefined && policy.synchronize !== undefined,
      /** Whether the deadline can pass. */
      isFinite: (_, { deadline }: { deadline: Deadline }) =>
        policy.deadlines[deadline] <= MAX_TIMER_MS,
      /** Whether the session ends cleanly, and no other one is wanted. */
      isLast: ({ event }) =>
        event.type === 'ENDING' && isClean(event) && policy.restart === 'on-failure',
      /** Whether the actor begins, and not where another has ended. */
      isNew: ({ context: { beginning } }) => beginning === 'CONNECTING',
      wasLast: ({ context: { beginning, cause } }) =>
        beginning === 'STOPPED' || (beginning === undefined && cause === undefined),
      /** Whether another attempt would be one too many, or pointless. */
      isFinal: ({ context: { beginning, cause, attempts } }) =>
        beginning === 'GIVEN_UP' ||
        attempts >= policy.attempts ||
        (cause !== undefined && !policy.retry(cause)),
      isSpent: ({ context }) => context.isSpent,
    },
    actions: {
      noteConnection: assign(({ context }, { isUp, isIdle, session }: ConnectionFacts) => ({
        connection: isIdle ? ('idle' as const) : ('busy' as const),
        up: isUp ? session : undefined,
        session: isIdle ? session : context.session,
      })),
      /** The connection counts as busy as soon as CONNECT is sent, before it reports so itself. */
      noteAttempt: assign((_, { isLast }: Located) => ({
        connection: 'busy' as const,
        isSpent: isLast,
      })),
      raiseEnding: raise((_, { session, cause, shutdown }: ConnectionFacts): SupervisorEvent => ({
        type: 'ENDING',
        session,
        cause,
        shutdown,
      })),
      /** Also for a connection that was IDLE at once after RUNNING. */
      raiseOver: enqueueActions(({ enqueue }, { session, cause, shutdown }: ConnectionFacts) => {
        enqueue.raise({ type: 'ENDING', session, cause, shutdown });
        enqueue.raise({ type: 'OVER', session, cause, shutdown });
      }),
      countAttempt: assign(({ context }) => ({
        attempts: context.attempts + 1,
        shutdown: undefined,
        beginning: undefined,
      })),
      forgetAttempts: assign({ attempts: 0 }),
      connect: sendTo('connection', (_, { address }: { address: Address }) => ({
        type: 'CONNECT' as const,
        address,
      })),
      disconnect: sendTo('connection', ({ event }) => ({
        type: 'DISCONNECT' as const,
        force: event.type === 'STOP' && event.force === true,
      })),
      /** With the cause that was recorded just before. */
      failSession: sendTo('connection', ({ context: { cause } }) => ({
        type: 'FAIL' as const,
        error: cause ?? new ClosedError('The session has failed'),
      })),
      failAttempt: sendTo('connection', ({ event }) => ({
        type: 'FAIL' as const,
        error: toFailure(errorIn(event)),
      })),
      recordFail: assign(({ context, event }) => sessionFailed(context, toFailure(errorIn(event)))),
      recordNotReady: assign(({ context, event }) =>
        sessionFailed(context, handlerError('onUp', errorIn(event))),
      ),
      recordSyncTimeout: assign(({ context }, { deadline }: { deadline: 'sync' }) =>
        sessionFailed(context, callbackTimeout('wait', 'onUp', policy.deadlines[deadline])),
      ),
      noteShutdown: assign(({ event }) =>
        event.type === 'ENDING' ? { shutdown: event.shutdown } : {},
      ),
      /** When the end begins, so that its cause is known in FAILING. */
      recordEnding: assign(({ context, event }) =>
        event.type === 'ENDING' ? failed(context, causeOf(event), event.session) : {},
      ),
      /** When the end that has begun is over, it may have another cause. */
      recordOutcome: assign(({ context, event }) => {
        const isOther = event.type === 'OVER' && event.cause !== undefined && !isClean(event);
        return isOther && event.cause !== context.cause ? withOtherCause(context, event.cause) : {};
      }),
      recordOver: assign(({ context, event }) => {
        if (event.type !== 'OVER') return {};
        if (isClean(event) && policy.restart === 'on-failure') return { cause: undefined };
        return failed(context, causeOf(event), event.session);
      }),
      recordStop: assign(({ context, event }) => {
        if (event.type !== 'OVER') return {};
        const { cause, session, shutdown } = event;
        if (cause === undefined || isClean(event)) return { cause: undefined, shutdown };
        return failed(context, cause, session);
      }),
      recordSpent: assign(({ context }) => withOtherCause(context, spentStream(context.cause))),
      recordNoAddress: assign(({ context, event }) =>
        noAddress(context, handlerError('address', errorIn(event))),
      ),
      recordLocateTimeout: assign(({ context }, { deadline }: { deadline: 'locate' }) =>
        noAddress(context, callbackTimeout('connect', 'address', policy.deadlines[deadline])),
      ),
      recordFailure: assign(({ context, event }) => {
        const cause = new ClosedError('The connection cannot be used again', {
          cause: errorIn(event),
        });
        return {
          ...failed(context, cause, context.up),
          connection: 'ended' as const,
          up: undefined,
        };
      }),
      /** The outage is over: it is emitted, once. */
      endOutage: enqueueActions(({ context, enqueue }, { endedIn }: { endedIn: OutageEnd }) => {
        if (context.outage === undefined) return;
        const outage = ended(context.outage, endedIn, Date.now());
        enqueue.emit({ type: 'outage', outage });
        enqueue.assign({ outage: undefined });
      }),
      planWait: assign(({ context: { attempts } }) => ({
        wait: Math.round(policy.random() * Math.min(policy.backoff(attempts), MAX_TIMER_MS)),
      })),
      countUp: assign({ ups: ({ context }) => context.ups + 1 }),
      emitConnecting: emit(({ context }): SupervisorEmitted => ({
        type: 'connecting',
        attempt: context.attempts,
      })),
      emitUp: emit(({ context: { up = 0, ups } }): SupervisorEmitted => ({
        type: 'up',
        session: up,
        ups,
      })),
      emitFailing: emit(({ context: { cause } }): SupervisorEmitted => ({
        type: 'failing',
        cause,
      })),
      emitWaiting: emit(({ context: { wait, attempts, cause } }): SupervisorEmitted => ({
        type: 'waiting',
        ms: wait,
        attempt: attempts + 1,
        cause,
      })),
      emitStopping: emit(({ context: { shutdown } }): SupervisorEmitted => ({
        type: 'stopping',
        shutdown,
      })),
      emitStopped: emit(({ context: { shutdown } }): SupervisorEmitted => ({
        type: 'stopped',
        shutdown,
      })),
      emitGivenUp: emit(({ context: { cause } }): SupervisorEmitted => ({ type: 'gaveUp', cause })),
    },
  });
