/** The names that the supervisor's chart is written in. Nothing here moves it, and nothing can throw. */

import { type AnyActorRef, assign, emit, fromPromise, raise, sendTo, setup } from 'xstate';
import {
  ClosedError,
  ConnectError,
  handlerError,
  TimeoutError,
  type WirechartError,
} from '../core/errors.ts';
import type { ProtocolActorRef, ProtocolMachine } from './protocol-machine.ts';
import { MAX_TIMER_MS } from '../async/timer.ts';
import type { Runstate } from '../core/runstate.ts';
import type { Address } from '../core/types.ts';
import type { ProtocolContext } from './protocol-types.ts';
import type { SupervisorContext, SupervisorEmitted, SupervisorEvent } from './supervisor-types.ts';

/** What the supervisor's user decides. Every number has been checked. */
export interface Policy<In, Out> {
  /** Called before each attempt for the address of the peer. May throw, or reject. */
  readonly locate: (
    attempt: number,
    cause: WirechartError | undefined,
  ) => Address | Promise<Address>;
  /** Destroys the stream of an address that came too late to be used. Must not throw. */
  readonly destroyStream: (address: Address) => void;
  /** Called when there is a session, before it counts as up. May throw, or reject. */
  readonly synchronize:
    ((connection: ProtocolActorRef<In, Out>, signal: AbortSignal) => unknown) | undefined;
  /** Whether to make another attempt after this cause. Must not throw. */
  readonly retry: (cause: WirechartError) => boolean;
  /** How many attempts in a row may fail. */
  readonly attempts: number;
  /** The longest wait after so many attempts in a row, in ms, without jitter. */
  readonly backoff: (attempts: number) => number;
  /** A number from 0 to 1, for the jitter. Must not throw. */
  readonly random: () => number;
  /** In ms: of `locate`, of `synchronize`, and how long a session must last to reset the attempts. */
  readonly deadlines: Readonly<Record<'locate' | 'sync' | 'stable', number>>;
}

type Deadline = keyof Policy<never, never>['deadlines'];

/** The reasons that are kept. */
const MAX_FAILURES = 20;

/** What of the connection's snapshot matters here. */
export interface ConnectionFacts {
  readonly isUp: boolean;
  readonly isHome: boolean;
  readonly session: number;
  /** Why the session, or the attempt, fails, or has failed; `undefined` when its end was asked for. */
  readonly cause: WirechartError | undefined;
}

/** See `Seen`. */
export const connectionFacts = (snapshot: {
  readonly context: Pick<ProtocolContext<never, never>, 'session' | 'cause'>;
  matches(runstate: Runstate): boolean;
}): ConnectionFacts => {
  const { session, cause } = snapshot.context;
  return {
    isUp: snapshot.matches('RUNNING'),
    isHome: snapshot.matches('IDLE'),
    session,
    cause: cause?.code === 'ERR_CONNECT_ABORTED' ? undefined : cause,
  };
};

type Judged = Pick<SupervisorContext, 'cause' | 'failures'>;

/** Something is over, for this reason. */
function recorded(
  { failures, session }: SupervisorContext,
  cause: WirechartError | undefined,
): Judged {
  const kept = cause === undefined ? failures : [...failures, { session, cause }];
  return { cause, failures: kept.slice(-MAX_FAILURES) };
}

/** There is no address to connect to. */
const recordedNoAddress = (context: SupervisorContext, why: WirechartError): Judged =>
  recorded(context, new ConnectError('connection', why));

/** The error that an event carries: that of an actor. */
const carried = (event: object): unknown => ('error' in event ? event.error : undefined);

/** The input of the actor that finds the address. */
export const toAddress = ({ context: { attempts, cause } }: { context: SupervisorContext }) => ({
  attempt: attempts,
  cause,
});

/** An actor of the chart, as an expression in it sees the actor. */
interface Self {
  getSnapshot(): { readonly children: { readonly connection?: AnyActorRef | undefined } };
}

/** What an actor is given that works on the connection. */
export interface OnConnection<In, Out> {
  /** The chart invokes it for its whole life. */
  readonly connection: ProtocolActorRef<In, Out> | undefined;
}

/** The input of an actor that works on the connection. */
export const onConnection = <In, Out>({ self }: { self: Self }): OnConnection<In, Out> => ({
  connection: self.getSnapshot().children.connection,
});

/** The setup of the chart. */
export const supervisorSetup = <In, Out>(
  connection: ProtocolMachine<In, Out>,
  policy: Policy<In, Out>,
) =>
  setup({
    types: {} as {
      context: SupervisorContext;
      events: SupervisorEvent;
      emitted: SupervisorEmitted;
      children: { connection: 'connection' };
      tags: 'up' | 'busy';
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
        }): Promise<Address> => {
          const address = await policy.locate(input.attempt, input.cause);
          const abandon = (): void => {
            policy.destroyStream(address);
          };
          if (signal.aborted) abandon();
          else signal.addEventListener('abort', abandon, { once: true });
          return address;
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
    },
    delays: {
      backoff: ({ context }) => context.wait,
      stableTime: Math.min(policy.deadlines.stable, MAX_TIMER_MS),
      locateTimeout: Math.min(policy.deadlines.locate, MAX_TIMER_MS),
      syncTimeout: Math.min(policy.deadlines.sync, MAX_TIMER_MS),
    },
    guards: {
      /** Whether the connection has come home from a session that was not judged yet. */
      isNews: ({ context }, { isHome, session }: ConnectionFacts) =>
        isHome && session > context.session,
      /** Whether its session can be used no more, from now on. */
      isLeaving: ({ context: { up } }, { isUp }: ConnectionFacts) => up !== undefined && !isUp,
      isAway: ({ context }) => context.connection === 'away',
      hasConnection: ({ context }) => context.connection !== 'gone',
      isConnected: ({ context: { up } }) => up !== undefined,
      isToSynchronize: ({ context: { up } }) =>
        up !== undefined && policy.synchronize !== undefined,
      /** Whether the deadline is one that passes. */
      isFinite: (_, { deadline }: { deadline: Deadline }) =>
        policy.deadlines[deadline] <= MAX_TIMER_MS,
      /** Whether the session ends because it was told to, or announced it. */
      isAskedFor: ({ event }) => event.type === 'ENDING' && event.cause === undefined,
      wasAskedFor: ({ context: { cause } }) => cause === undefined,
      meritsRetry: ({ context: { cause, attempts } }) =>
        cause !== undefined && attempts < policy.attempts && policy.retry(cause),
    },
    actions: {
      noteConnection: assign(({ context }, { isUp, isHome, session }: ConnectionFacts) => ({
        connection: isHome ? ('home' as const) : ('away' as const),
        up: isUp ? session : undefined,
        session: isHome ? session : context.session,
      })),
      /** It is away as soon as it is told to connect, even if somebody asks before it says so. */
      noteAttempt: assign({ connection: 'away' }),
      raiseEnding: raise((_, { cause }: ConnectionFacts): SupervisorEvent => ({
        type: 'ENDING',
        cause,
      })),
      raiseOver: raise((_, { session, cause }: ConnectionFacts): SupervisorEvent => ({
        type: 'OVER',
        session,
        cause,
      })),
      countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
      forgetAttempts: assign({ attempts: 0 }),
      connect: sendTo('connection', (_, { address }: { address: Address }) => ({
        type: 'CONNECT' as const,
        address,
      })),
      disconnect: sendTo('connection', ({ event }) => ({
        type: 'DISCONNECT' as const,
        force: event.type === 'STOP' && event.force === true,
      })),
      failSession: sendTo('connection', ({ event }) => ({
        type: 'FAIL' as const,
        error: handlerError('onUp', carried(event)),
      })),
      failLateSession: sendTo('connection', (_, { deadline }: { deadline: 'sync' }) => ({
        type: 'FAIL' as const,
        error: callbackTimeout('wait', 'onUp', policy.deadlines[deadline]),
      })),
      recordOver: assign(({ context, event }) =>
        event.type === 'OVER' ? recorded(context, event.cause) : {},
      ),
      recordNoAddress: assign(({ context, event }) =>
        recordedNoAddress(context, handlerError('address', carried(event))),
      ),
      recordLocateTimeout: assign(({ context }, { deadline }: { deadline: 'locate' }) =>
        recordedNoAddress(
          context,
          callbackTimeout('connect', 'address', policy.deadlines[deadline]),
        ),
      ),
      recordFailure: assign(({ context, event }) => {
        const cause = new ClosedError('The connection cannot be used again', {
          cause: carried(event),
        });
        return { ...recorded(context, cause), connection: 'gone' as const, up: undefined };
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
      emitFailing: emit({ type: 'failing' }),
      emitWaiting: emit(({ context: { wait, attempts, cause } }): SupervisorEmitted => ({
        type: 'waiting',
        ms: wait,
        attempt: attempts + 1,
        cause,
      })),
      emitStopping: emit({ type: 'stopping' }),
      emitStopped: emit({ type: 'stopped' }),
      emitGivenUp: emit(({ context: { cause } }): SupervisorEmitted => ({ type: 'gaveUp', cause })),
    },
  });

const callbackTimeout = (phase: 'connect' | 'wait', callback: string, ms: number): TimeoutError =>
  new TimeoutError(phase, ms, `The callback ${callback} took longer than ${String(ms)} ms`);
