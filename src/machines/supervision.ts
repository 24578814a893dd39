/** The names that the supervisor's chart is written in. Nothing here moves it, and nothing can throw. */

import { assign, emit, fromPromise, raise, sendTo, setup } from 'xstate';
import {
  ClosedError,
  ConnectError,
  handlerError,
  TimeoutError,
  WirechartError,
} from '../errors.ts';
import type { ProtocolMachine } from '../machine.ts';
import { LONGEST_DELAY } from '../timer.ts';
import type { Runstate } from '../runstate.ts';
import type { Address } from '../types.ts';
import type { ProtocolContext } from './types.ts';
import type { SupervisorContext, SupervisorEmitted, SupervisorEvent } from './supervision-types.ts';

/** Where to, how often, and how patiently; every number is checked already. */
export interface Policy {
  /** Where the peer is; asked before each attempt. May reject. */
  readonly locate: (attempt: number, cause: WirechartError | undefined) => Promise<Address>;
  /** What is done when there is a session, before it counts as up. May reject. */
  readonly synchronize: ((signal: AbortSignal) => Promise<unknown>) | undefined;
  /** Whether an end merits a retry. Must not throw. */
  readonly retry: (cause: WirechartError) => boolean;
  /** How many attempts may fail in a row. */
  readonly attempts: number;
  /** The longest wait before the attempt after `attempts` that failed in a row, in ms, without jitter. */
  readonly backoff: (attempts: number) => number;
  /** From 0 to 1, for the jitter. Must not throw. */
  readonly random: () => number;
  /** How long a session must last to count as a success, in ms. */
  readonly stable: number;
  /** Deadlines, in ms. */
  readonly locateTimeout: number;
  readonly syncTimeout: number;
}

/** The reasons that are kept. */
const MOST_REASONS = 20;

/** What of the connection's snapshot matters here. */
interface Seen {
  readonly isUp: boolean;
  readonly isHome: boolean;
  readonly session: number;
  readonly cause: WirechartError | undefined;
}

/** See `Seen`. */
export const seen = (snapshot: {
  readonly context: Pick<ProtocolContext<never, never>, 'session' | 'outcome'>;
  matches(runstate: Runstate): boolean;
}): Seen => ({
  isUp: snapshot.matches('RUNNING'),
  isHome: snapshot.matches('IDLE'),
  session: snapshot.context.session,
  cause: snapshot.context.outcome?.cause,
});

type Record = Pick<SupervisorContext, 'cause' | 'reasons' | 'session'>;

/** A session, or an attempt at one, is over. */
function recorded(
  { reasons }: SupervisorContext,
  session: number,
  cause: WirechartError | undefined,
): Record {
  const kept = cause === undefined ? reasons : [...reasons, { session, cause }];
  return { cause, session, reasons: kept.slice(-MOST_REASONS) };
}

/** The error that an event carries: that of an actor. */
const carried = (event: object): unknown => ('error' in event ? event.error : undefined);

const isAborted = (cause: WirechartError): boolean =>
  cause instanceof ConnectError && cause.code === 'ERR_CONNECT_ABORTED';

/** The input of the actor that finds the address. */
export const toAddress = ({ context: { attempts, cause } }: { context: SupervisorContext }) => ({
  attempt: attempts + 1,
  cause,
});

/** The setup of the chart. */
export const supervision = <In, Out>(connection: ProtocolMachine<In, Out>, policy: Policy) =>
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
        async ({ input }: { input: ReturnType<typeof toAddress> }): Promise<Address> =>
          policy.locate(input.attempt, input.cause),
      ),
      synchronizer: fromPromise(async ({ signal }: { signal: AbortSignal }): Promise<unknown> =>
        policy.synchronize?.(signal),
      ),
    },
    delays: {
      backoff: ({ context }) => Math.min(context.wait, LONGEST_DELAY),
      stableTime: Math.min(policy.stable, LONGEST_DELAY),
      locateTimeout: Math.min(policy.locateTimeout, LONGEST_DELAY),
      syncTimeout: Math.min(policy.syncTimeout, LONGEST_DELAY),
    },
    guards: {
      /** Whether the connection has come home from a session that was not judged yet. */
      isNews: ({ context }, { isHome, session }: Seen) => isHome && session > context.session,
      isConnected: ({ context: { up } }) => up !== undefined,
      isToSynchronize: ({ context: { up } }) =>
        up !== undefined && policy.synchronize !== undefined,
      wasAskedFor: ({ context: { cause } }) => cause === undefined || isAborted(cause),
      meritsRetry: ({ context: { cause, attempts } }) =>
        cause !== undefined && attempts + 1 < policy.attempts && policy.retry(cause),
    },
    actions: {
      noteConnection: assign((_, { isUp, session }: Seen) => ({ up: isUp ? session : undefined })),
      raiseOver: raise((_, { session, cause }: Seen): SupervisorEvent => ({
        type: 'OVER',
        session,
        cause,
      })),
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
      failSessionLate: sendTo('connection', {
        type: 'FAIL',
        error: new TimeoutError('wait', policy.syncTimeout),
      }),
      recordOver: assign(({ context, event }) =>
        event.type === 'OVER' ? recorded(context, event.session, event.cause) : {},
      ),
      /** A session that ends because it was told to leaves no reason. */
      noteOver: assign(({ event }) =>
        event.type === 'OVER' ? { session: event.session, cause: undefined } : {},
      ),
      recordNowhere: assign(({ context, event }) =>
        recorded(
          context,
          context.session,
          new ConnectError('connection', handlerError('address', carried(event))),
        ),
      ),
      recordLocateTimeout: assign(({ context }) =>
        recorded(
          context,
          context.session,
          new ConnectError('connection', new TimeoutError('connect', policy.locateTimeout)),
        ),
      ),
      recordFailure: assign(({ context, event }) => {
        const error = carried(event);
        const cause =
          error instanceof WirechartError
            ? error
            : new ClosedError('The connection failed', { cause: error });
        return recorded(context, context.session, cause);
      }),
      planWait: assign(({ context }) => {
        const attempts = context.attempts + 1;
        return { attempts, wait: Math.round(policy.random() * policy.backoff(attempts)) };
      }),
      forgetAttempts: assign({ attempts: 0 }),
      countUp: assign({ ups: ({ context }) => context.ups + 1 }),
      emitUp: emit(({ context: { up = 0, ups } }): SupervisorEmitted => ({
        type: 'up',
        session: up,
        ups,
      })),
      emitWaiting: emit(({ context: { wait, attempts, cause } }): SupervisorEmitted => ({
        type: 'waiting',
        ms: wait,
        attempt: attempts,
        cause,
      })),
      emitStopped: emit({ type: 'stopped' }),
      emitGivenUp: emit(({ context: { cause } }): SupervisorEmitted => ({ type: 'gaveUp', cause })),
    },
  });
