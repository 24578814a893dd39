/**
 * The names that the chart of a peer's session uses: its events, its context, what it emits, its actors,
 * guards, actions and delays.
 *
 * Nothing here changes the state, and no action or guard can throw: that would stop the machine with its
 * actors running.
 */

import { assign, emit, setup, stateIn } from 'xstate';
import { MAX_TIMER_MS } from '../async/timer.ts';
import { ConnectError, handlerError, TimeoutError, type WirechartError } from '../core/errors.ts';
import type { PeerPort } from './peer-port.ts';
import { fromWait, type WaitInput } from './wait.ts';

/** Everything that may be sent to the machine. An event that a state does not name is ignored. */
export type PeerSessionEvent =
  /** In ARRIVED and QUEUED: there is a free slot. */
  | { readonly type: 'ADMIT' }
  /** In ARRIVED: there is none, and the backlog has room. */
  | { readonly type: 'QUEUE' }
  /** In RUNNING.offered: a loop over the server's peers has taken it. */
  | { readonly type: 'TAKE' }
  /** In any state: end the session, or give up what leads to it; `reason` becomes the session's cause. */
  | {
      readonly type: 'LEAVE';
      readonly force?: boolean;
      readonly reason?: WirechartError | undefined;
    };

/** The states that the server counts by. */
export type PeerState =
  'QUEUED' | 'CONNECTING' | 'RUNNING.offered' | 'RUNNING.served' | 'DISCONNECTING';

/** What the machine emits. */
export type PeerSessionEmitted =
  /** A state was entered. */
  | { readonly type: 'state'; readonly state: PeerState }
  /** The backlog deadline passed. */
  | { readonly type: 'refused'; readonly ms: number }
  /** GONE was entered: nothing is open any more. `cause` is the failure, if there was one. */
  | { readonly type: 'gone'; readonly cause: WirechartError | undefined };

/** The context of the machine. */
export interface PeerSessionContext {
  /** The connection and its protocol. */
  readonly port: PeerPort;
  /** Why the session failed, or did not come about. */
  readonly cause: WirechartError | undefined;
}

/** The input of an actor that runs a method of the port. */
export interface OnPort extends WaitInput {
  readonly port: PeerPort;
}

type Deadline = keyof PeerPort['deadlines'];

/** The error of an actor that has failed. */
const errorIn = (event: object): unknown => ('error' in event ? event.error : undefined);

const delay =
  (name: Deadline) =>
  ({ context }: { context: PeerSessionContext }): number =>
    Math.min(context.port.deadlines[name], MAX_TIMER_MS);

export const onPort = ({ context: { port } }: { context: OnPort }): OnPort => ({ port });

/** The same for the callback that serves the peer, which is told the cause of the session's end. */
export const onServedPort = ({ context: { port }, self }: ServedArgs): OnPort => ({
  port,
  stopReason: () => self.getSnapshot().context.cause,
});

/** What an expression that maps an actor's input is given. */
interface ServedArgs {
  readonly context: OnPort;
  readonly self: { getSnapshot(): { readonly context: Pick<PeerSessionContext, 'cause'> } };
}

/** How a session ends that is over for our side: graceful, without a reason. */
const PLAIN_END = { force: false, reason: undefined };

/** The setup of the chart. */
export const peerSessionSetup = setup({
  types: {} as {
    context: PeerSessionContext;
    events: PeerSessionEvent;
    emitted: PeerSessionEmitted;
    input: PeerPort;
    output: WirechartError | undefined;
    tags: 'busy' | 'up';
  },
  actors: {
    watcher: fromWait(({ port }: OnPort) => port.gone()),
    upgrader: fromWait(({ port }: OnPort, signal) => port.secure(signal)),
    handshake: fromWait(({ port }: OnPort, signal) => port.establish(signal)),
    session: fromWait(({ port }: OnPort) => port.ended()),
    handler: fromWait(({ port }: OnPort, signal) => port.serve(signal)),
  },
  delays: {
    backlogTimeout: delay('backlog'),
    handshakeTimeout: delay('handshake'),
    drainTimeout: delay('drain'),
  },
  guards: {
    /** Whether the deadline can pass. */
    isFinite: ({ context }, { deadline }: { deadline: Deadline }) =>
      context.port.deadlines[deadline] <= MAX_TIMER_MS,
    isTls: ({ context }) => context.port.isTls,
    isRunning: ({ context }) => context.port.isRunning,
    isHandled: ({ context: { port } }) => port.isRunning && port.hasHandler,
    /** Whether the callback that serves the peer gets time to finish: it is in a loop over its messages. */
    mayFinish: ({ context, event }) =>
      event.type === 'LEAVE' && event.force !== true && context.port.isLooping,
    isFinishing: stateIn({ RUNNING: { handled: 'finishing' } }),
    isForced: ({ event }) => event.type === 'LEAVE' && event.force === true,
  },
  actions: {
    recordConnectFailure: assign({
      cause: ({ event }) => new ConnectError('connection', errorIn(event)),
    }),
    recordConnectTimeout: assign({
      cause: ({ context }, { deadline }: { deadline: 'handshake' }) =>
        new ConnectError(
          'connection',
          new TimeoutError(deadline, context.port.deadlines[deadline]),
        ),
    }),
    recordAbort: assign({
      cause: () => new ConnectError('connection', undefined, 'ERR_CONNECT_ABORTED'),
    }),
    recordFailure: assign({ cause: ({ event }) => handlerError('definition', errorIn(event)) }),
    noteEnd: assign((_, { cause }: { cause: WirechartError | undefined }) => ({ cause })),
    disconnect: ({ context, event }) => {
      const { force, reason } = event.type === 'LEAVE' ? event : PLAIN_END;
      context.port.disconnect(force === true, reason);
    },
    finish: ({ context }) => {
      context.port.finish();
    },
    fail: ({ context, event }) => {
      context.port.fail(errorIn(event));
    },
    closeConnection: ({ context }) => {
      context.port.close();
    },
    refuse: emit(({ context }, { deadline }: { deadline: 'backlog' }): PeerSessionEmitted => ({
      type: 'refused',
      ms: context.port.deadlines[deadline],
    })),
    emitState: emit((_, { state }: { state: PeerState }): PeerSessionEmitted => ({
      type: 'state',
      state,
    })),
    emitGone: emit(({ context: { cause } }): PeerSessionEmitted => ({ type: 'gone', cause })),
  },
});
