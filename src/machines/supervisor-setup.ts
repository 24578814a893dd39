/** What the supervisor's chart names: guards, actions, actors and delays. None changes the state, none throws. */

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

/** How many failures are kept. */
const MAX_FAILURES = 20;

/** The part of the connection's snapshot that the supervisor needs. */
export interface ConnectionFacts {
  readonly isUp: boolean;
  readonly isIdle: boolean;
  readonly session: number;
  /** Why the session, or the attempt, fails; `undefined` when its end was requested. */
  readonly cause: WirechartError | undefined;
}

/** Reads a snapshot of the connection. */
export const connectionFacts = (snapshot: {
  readonly context: Pick<ProtocolContext<never, never>, 'session' | 'cause'>;
  matches(runstate: Runstate): boolean;
}): ConnectionFacts => {
  const { session, cause } = snapshot.context;
  return {
    isUp: snapshot.matches('RUNNING'),
    isIdle: snapshot.matches('IDLE'),
    session,
    cause: cause?.code === 'ERR_CONNECT_ABORTED' ? undefined : cause,
  };
};

type Judged = Pick<SupervisorContext, 'cause' | 'failures'>;

/** A session, or an attempt, has ended with this cause. */
function recorded(
  { failures, session }: SupervisorContext,
  cause: WirechartError | undefined,
): Judged {
  const kept = cause === undefined ? failures : [...failures, { session, cause }];
  return { cause, failures: kept.slice(-MAX_FAILURES) };
}

/** There is no address to dial. */
const recordedNoAddress = (context: SupervisorContext, why: WirechartError): Judged =>
  recorded(context, new ConnectError('connection', why));

/** The error in an event of an actor that has failed. */
const errorIn = (event: object): unknown => ('error' in event ? event.error : undefined);

/** The input of `locator`. */
export const toAddress = ({ context: { attempts, cause } }: { context: SupervisorContext }) => ({
  attempt: attempts,
  cause,
});

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
      /** Whether the end of the session was requested, or expected. */
      isRequested: ({ event }) => event.type === 'ENDING' && event.cause === undefined,
      wasRequested: ({ context: { cause } }) => cause === undefined,
      meritsRetry: ({ context: { cause, attempts } }) =>
        cause !== undefined && attempts < policy.attempts && policy.retry(cause),
    },
    actions: {
      noteConnection: assign(({ context }, { isUp, isIdle, session }: ConnectionFacts) => ({
        connection: isIdle ? ('idle' as const) : ('busy' as const),
        up: isUp ? session : undefined,
        session: isIdle ? session : context.session,
      })),
      /** The connection counts as busy as soon as CONNECT is sent, before it reports so itself. */
      noteAttempt: assign({ connection: 'busy' }),
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
        error: handlerError('onUp', errorIn(event)),
      })),
      failLateSession: sendTo('connection', (_, { deadline }: { deadline: 'sync' }) => ({
        type: 'FAIL' as const,
        error: callbackTimeout('wait', 'onUp', policy.deadlines[deadline]),
      })),
      recordOver: assign(({ context, event }) =>
        event.type === 'OVER' ? recorded(context, event.cause) : {},
      ),
      recordNoAddress: assign(({ context, event }) =>
        recordedNoAddress(context, handlerError('address', errorIn(event))),
      ),
      recordLocateTimeout: assign(({ context }, { deadline }: { deadline: 'locate' }) =>
        recordedNoAddress(
          context,
          callbackTimeout('connect', 'address', policy.deadlines[deadline]),
        ),
      ),
      recordFailure: assign(({ context, event }) => {
        const cause = new ClosedError('The connection cannot be used again', {
          cause: errorIn(event),
        });
        return { ...recorded(context, cause), connection: 'ended' as const, up: undefined };
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
