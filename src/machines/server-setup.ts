/**
 * What the server's chart names: its events, its context, what it emits, its actors, guards, actions and
 * delays.
 *
 * Nothing here changes the state, and no action or guard can throw: that would stop the machine in error,
 * with its actors running. The actors are `async`, so that what a port throws is a rejection.
 */

import { assign, emit, fromCallback, fromPromise, setup } from 'xstate';
import {
  ClosedError,
  ConnectError,
  isWirechartError,
  TimeoutError,
  type WirechartError,
} from '../core/errors.ts';
import { sealAddress } from '../core/sealed-address.ts';
import type { PendingConnection, ServerPort } from './server-port.ts';
import type { ServerState } from '../core/server-state.ts';
import { MAX_TIMER_MS } from '../async/timer.ts';
import type { BoundAddress, ListenAddress } from '../core/types.ts';

/** Everything that may be sent to the machine. A state ignores the events that it does not name. */
export type ServerEvent =
  /** In IDLE: bind, and accept connections. */
  | { readonly type: 'LISTEN'; readonly address: ListenAddress }
  /** In IDLE, ADOPTING and LISTENING: serve a stream of the user's. Elsewhere it is destroyed. */
  | { readonly type: 'ADOPT'; readonly connection: PendingConnection }
  /** In any state: stop accepting, and disconnect the peers; with `force`, at once, also while they drain. */
  | { readonly type: 'CLOSE'; readonly force?: boolean }
  /** In BINDING: give it up; `reason` becomes the cause of the `ConnectError`. */
  | { readonly type: 'ABORT'; readonly reason: unknown };

/** The parameter of the actions that answer ADOPT. */
export interface Adoption {
  readonly connection: PendingConnection;
}

/** What the machine emits. */
export type ServerEmitted =
  /** A public state was entered. */
  | { readonly type: 'state'; readonly state: ServerState }
  /** The socket is bound. */
  | { readonly type: 'listening'; readonly address: BoundAddress }
  /** The connection of an ADOPT is to be served. */
  | { readonly type: 'adopted'; readonly connection: PendingConnection }
  /** The connection of an ADOPT is to be closed: the state did not allow it. */
  | { readonly type: 'dismissed'; readonly connection: PendingConnection }
  /** Something failed without consequences for the caller; to be logged. */
  | { readonly type: 'problem'; readonly error: WirechartError }
  /** The server is closed. `cause`: why it could not listen. */
  | { readonly type: 'closed'; readonly cause: WirechartError | undefined };

/** The input of an actor that runs a method of the port. */
export interface OnServerPort {
  readonly port: ServerPort;
}

/** The context of the machine. */
export interface ServerContext extends OnServerPort {
  /** Where to bind; meaningful in BINDING. */
  readonly address: ListenAddress | undefined;
  /** Where it is bound; meaningful in LISTENING. */
  readonly bound: BoundAddress | undefined;
  /** Why the server could not listen. */
  readonly cause: WirechartError | undefined;
  /** The cause of the sessions that outlived the shutdown deadline; meaningful in CLOSING.destroying. */
  readonly overdue: WirechartError | undefined;
}

/** The context in IDLE. */
export const INITIAL_CONTEXT = {
  address: undefined,
  bound: undefined,
  cause: undefined,
  overdue: undefined,
};

type Deadline = 'connect' | 'shutdown' | 'close';

/** The error of an actor that has failed. */
const errorIn = (event: object): unknown => ('error' in event ? event.error : undefined);

const failure = (event: object): WirechartError => {
  const error = errorIn(event);
  return isWirechartError(error)
    ? error
    : new ClosedError('The server failed for an unknown reason. This is a defect of wirechart', {
        cause: error,
      });
};

const timeout = ({ port }: ServerContext, deadline: Deadline): TimeoutError =>
  new TimeoutError(deadline, port.deadlines[deadline]);

const delay =
  (deadline: Deadline) =>
  ({ context }: { context: ServerContext }): number =>
    Math.min(context.port.deadlines[deadline], MAX_TIMER_MS);

/** The input of an actor that runs a method of the port. */
export const onServerPort = ({ context: { port } }: { context: OnServerPort }) => ({
  port,
});

/** The input of `binder`. */
export const toAddress = ({ context: { port, address = '' } }: { context: ServerContext }) => ({
  port,
  address,
});

/** The input of `destroyer`. */
export const withReason = ({ context: { port, overdue } }: { context: ServerContext }) => ({
  port,
  why: overdue,
});

/** The setup of the chart. */
export const serverSetup = setup({
  types: {} as {
    context: ServerContext;
    events: ServerEvent;
    emitted: ServerEmitted;
    input: ServerPort;
  },
  actors: {
    binder: fromPromise(
      async ({
        input: { port, address },
        signal,
      }: {
        input: OnServerPort & { readonly address: ListenAddress };
        signal: AbortSignal;
      }): Promise<BoundAddress> => port.bind(address, signal),
    ),
    /** Connections are accepted for as long as it runs. */
    acceptor: fromCallback(({ input: { port } }: { input: OnServerPort }) => {
      port.open();
      return () => {
        port.shut();
      };
    }),
    drainer: fromPromise(async ({ input: { port } }: { input: OnServerPort }): Promise<void> =>
      port.drain(),
    ),
    destroyer: fromPromise(
      async ({
        input: { port, why },
      }: {
        input: OnServerPort & { readonly why: WirechartError | undefined };
      }): Promise<void> => port.destroyAll(why),
    ),
    /** Runs as long as the machine; its cleanup is all that runs when the machine is stopped. */
    owner: fromCallback(({ input: { port } }: { input: OnServerPort }) => () => {
      port.release();
    }),
  },
  delays: {
    connectTimeout: delay('connect'),
    shutdownTimeout: delay('shutdown'),
    closeTimeout: delay('close'),
  },
  guards: {
    /** Whether the deadline can pass. */
    isFinite: ({ context }, { deadline }: { deadline: Deadline }) =>
      context.port.deadlines[deadline] <= MAX_TIMER_MS,
    isForced: ({ event }) => event.type === 'CLOSE' && event.force === true,
  },
  actions: {
    beginRound: assign({
      address: ({ event }) => (event.type === 'LISTEN' ? sealAddress(event.address) : undefined),
    }),
    endRound: assign(INITIAL_CONTEXT),
    noteBound: assign((_, { address }: { address: BoundAddress }) => ({ bound: address })),
    recordFailure: assign({
      cause: ({ event }) => new ConnectError('connection', errorIn(event)),
    }),
    recordTimeout: assign({
      cause: ({ context }, { deadline }: { deadline: Deadline }) =>
        new ConnectError('connection', timeout(context, deadline)),
    }),
    recordAbort: assign({
      cause: ({ event }) =>
        new ConnectError(
          'connection',
          event.type === 'ABORT' ? event.reason : undefined,
          'ERR_CONNECT_ABORTED',
        ),
    }),
    recordOverdue: assign({
      overdue: ({ context }, { deadline }: { deadline: Deadline }) => timeout(context, deadline),
    }),
    settlePort: ({ context }) => {
      context.port.settle();
    },
    emitState: emit((_, { state }: { state: ServerState }): ServerEmitted => ({
      type: 'state',
      state,
    })),
    emitListening: emit((_, { address }: { address: BoundAddress }): ServerEmitted => ({
      type: 'listening',
      address,
    })),
    emitAdopted: emit((_, params: Adoption): ServerEmitted => ({ type: 'adopted', ...params })),
    emitDismissed: emit((_, params: Adoption): ServerEmitted => ({ type: 'dismissed', ...params })),
    emitFailure: emit(({ event }): ServerEmitted => ({ type: 'problem', error: failure(event) })),
    emitTimeout: emit(({ context }, { deadline }: { deadline: Deadline }): ServerEmitted => ({
      type: 'problem',
      error: timeout(context, deadline),
    })),
    emitClosed: emit(({ context }): ServerEmitted => ({ type: 'closed', cause: context.cause })),
  },
});
