/**
 * The guards, actions and delays that the lifecycle's chart names.
 *
 * Nothing here changes the state, and nothing here can throw: an action that throws stops the machine
 * in error, with its actors running.
 */

import { type AnyMachineSnapshot, assign, emit, enqueueActions, setup, stopChild } from 'xstate';
import {
  type ArgumentError,
  ClosedError,
  ConnectError,
  isClosedError,
  isConnectError,
  toFailure,
} from '../core/errors.ts';
import { pulseOf } from '../core/heartbeat.ts';
import { callbackOwner } from '../core/session-callbacks.ts';
import { memberOf } from '../core/shape.ts';
import { sealAddress, SealedAddress } from '../core/sealed-address.ts';
import type { Runstate } from '../core/runstate.ts';
import type { Address, BoundAddress, SessionOutcome } from '../core/types.ts';
import { MAX_TIMER_MS } from '../async/timer.ts';
import { heartbeat } from './heartbeat.ts';
import { HeartbeatRun } from './heartbeat-run.ts';
import type { Link } from './link.ts';
import { handleOf, linkOf } from '../core/link-handle.ts';
import * as actors from './protocol-actors.ts';
import {
  attemptError,
  attemptTimeout,
  type Context,
  type Deadline,
  errorIn,
  failure,
  outcome,
  timeout,
  withError,
  withSuppressed,
} from './protocol-causes.ts';
import { failedSend, refusedSend, sendMessage } from './protocol-sending.ts';
import type {
  InputAddress,
  OnLink,
  ProtocolContext,
  ProtocolEmitted,
  ProtocolEvent,
  ProtocolTag,
  ToAddress,
} from './protocol-types.ts';

/** CONNECT and LISTEN carry the address; the link rejects an undefined one later. */
const isCommand = (event: ProtocolEvent) => event.type === 'CONNECT' || event.type === 'LISTEN';

/** The peer is silent when this many checks in a row have found nothing new. */
const QUIET_CHECKS = 4;

const delay =
  (deadline: Deadline) =>
  ({ context }: { context: Context }): number =>
    Math.min(linkOf(context).deadlines[deadline], MAX_TIMER_MS);

/** Whether the peer has sent something since the last check, or could not, because nothing is read from it. */
const hasActivity = (context: Context): boolean => {
  const link = linkOf(context);
  return link.isHandling || link.isHeldUp || link.received !== context.received;
};

/** What an expression that maps an actor's input is given. */
export interface InputArgs {
  readonly context: Pick<Context, 'link' | 'address'>;
  readonly self: { getSnapshot(): { readonly context: Pick<Context, 'cause'> } };
}

/** Why an actor is stopped: the caller's reason, a deadline, a failure; `undefined` for a plain end. */
const stopReason = ({ cause }: Pick<Context, 'cause'>): unknown =>
  isConnectError(cause) ? cause.cause : cause;

/** The input of an actor that runs a method of the link. */
export const onLink = ({
  context,
  self,
}: {
  readonly context: Pick<Context, 'link'>;
  readonly self: InputArgs['self'];
}): OnLink => ({
  link: linkOf(context),
  stopReason: () => stopReason(self.getSnapshot().context),
});

/** The input of an actor that dials or listens; the link rejects an undefined address. */
export const toAddress = ({ context, self }: InputArgs): ToAddress => ({
  ...onLink({ context, self }),
  address: context.address,
});

/** Whether an actor is at rest after a session, or an attempt, that has failed: what the tag `failed` says. */
export const hasFailed = ({ value, context }: AnyMachineSnapshot): boolean =>
  RESTING.has(value) && memberOf(memberOf(context, 'outcome'), 'cause') !== undefined;

const RESTING: ReadonlySet<unknown> = new Set(['IDLE', 'ENDED', 'FAILED']);

/** The input of the actor that fails. */
export const toCause = ({ context }: { readonly context: Pick<Context, 'outcome'> }) => ({
  cause: context.outcome?.cause,
});

/** Where the listener is bound, which is the output of the actor that binds it. */
export const toBound = ({ event }: { readonly event: { readonly output: BoundAddress } }) => ({
  address: event.output,
});

/** The messages in an event. */
export const toMessages = ({
  event: { messages },
}: {
  readonly event: { readonly messages: readonly unknown[] };
}) => ({ messages });

/** The output of an actor. */
export const toOutcome = ({ context }: { readonly context: Context }): SessionOutcome =>
  context.outcome ?? outcome(context);

/** What the context keeps of one session only. */
const NEW_SESSION = {
  bound: undefined,
  phase: 'connection',
  endExpected: false,
  shutdown: undefined,
  received: NaN,
  quietChecks: 0,
  cause: undefined,
  suppressed: [],
} as const;

/** Where an actor goes by itself. */
export interface Start {
  /** Where it dials as soon as it starts. */
  readonly address?: InputAddress | undefined;
  /** Why it cannot, although it was given an address in an earlier run of the program. */
  readonly lost?: ArgumentError | undefined;
}

/** A function is not shown either. */
const sealInput = (address: InputAddress | undefined): Address | undefined =>
  typeof address === 'function' ? new SealedAddress(address) : sealAddress(address);

/** The context of an actor that starts. */
export const initialContext = <In, Out>(
  link: Link<In, Out>,
  { address, lost }: Start,
): ProtocolContext<In, Out> => ({
  link: handleOf(link),
  autoConnect: sealInput(address),
  session: 0,
  address: undefined,
  outcome: lost && {
    cause: new ConnectError('connection', lost),
    suppressed: [],
    undelivered: 0,
  },
  ...NEW_SESSION,
});

/** The setup of the chart. */
export const chartSetup = <In, Out, Input>() =>
  setup({
    types: {} as {
      context: ProtocolContext<In, Out>;
      events: ProtocolEvent<Out>;
      emitted: ProtocolEmitted<In>;
      input: Input;
      output: SessionOutcome;
      tags: ProtocolTag;
    },
    actors: { ...actors, heartbeat },
    delays: {
      connectTimeout: delay('connect'),
      acceptTimeout: delay('accept'),
      handshakeTimeout: delay('handshake'),
      drainTimeout: delay('drain'),
      flushTimeout: delay('flush'),
      closeTimeout: delay('close'),
    },
    guards: {
      /** Whether the deadline can pass. */
      isFinite: ({ context }, { deadline }: { deadline: Deadline }) =>
        linkOf(context).deadlines[deadline] <= MAX_TIMER_MS,
      /** Whether the protocol has a handshake to run. */
      hasHandshake: ({ context }) => callbackOwner('handshake', linkOf(context)) !== undefined,
      /** Whether the protocol has a goodbye to say. */
      hasFarewell: ({ context }) => callbackOwner('farewell', linkOf(context)) !== undefined,
      /** Whether the promise of the handler of the last message is pending. */
      isHandling: ({ context }) => linkOf(context).isHandling,
      /** Whether the session outlasts this end of the peer's stream, which it was not asked for. */
      staysHalfOpen: ({ context }) => linkOf(context).allowHalfOpen && !context.endExpected,
      /** Whether the peer's end of the stream would be a clean end. */
      isEndExpected: ({ context }) => context.endExpected,
      /** Whether nothing has arrived from the peer for `timeouts.idle`. */
      isIdle: ({ context }) => !hasActivity(context) && context.quietChecks + 1 >= QUIET_CHECKS,
      /** Whether no message has arrived from the peer in this session, nor in its handshake. */
      hasSentNoMessage: ({ context }) => {
        const link = linkOf(context);
        return !link.hasMessage && !link.isHeldUp;
      },
      /** Whether everything sent has been handed to the kernel. */
      isFlushed: ({ context }) => linkOf(context).isFlushed,
      /** Whether the actor has just started, with an address in its input. */
      shouldAutoConnect: ({ context: { autoConnect, session } }) =>
        session === 0 && autoConnect !== undefined,
      /** Whether the actor could not go on towards its address when it was restored. */
      isLost: ({ context: { outcome, session } }) => session === 0 && outcome !== undefined,
      /** Whether the session, or the attempt, that ends now has failed. */
      hasCause: ({ context: { cause } }) => cause !== undefined,
      isForced: ({ event }) => event.type === 'DISCONNECT' && event.force === true,
    },
    actions: {
      beginSession: assign(({ context, event }) => ({
        session: context.session + 1,
        address: isCommand(event) ? sealAddress(event.address) : context.autoConnect,
        ...NEW_SESSION,
      })),
      noteBound: assign((_, { address }: { address: BoundAddress }) => ({ bound: address })),
      emitListening: emit((_, { address }: { address: BoundAddress }) => ({
        type: 'listening',
        address,
      })),
      noteStreamIsOpen: assign({ phase: 'session' }),
      recordConnectFailure: assign(({ context, event }) =>
        withError(
          context,
          attemptError(context, event.type === 'FAIL' ? toFailure(errorIn(event)) : errorIn(event)),
        ),
      ),
      recordConnectTimeout: assign(({ context }, { deadline }: { deadline: Deadline }) =>
        withError(context, attemptError(context, attemptTimeout(context, deadline))),
      ),
      recordAbort: assign(({ context, event }) =>
        withError(
          context,
          new ConnectError(
            context.phase,
            event.type === 'ABORT' ? event.reason : undefined,
            'ERR_CONNECT_ABORTED',
          ),
        ),
      ),
      noteExpectation: assign(({ context }, { endExpected }: { endExpected: boolean }) => ({
        endExpected,
        shutdown: endExpected ? context.shutdown : undefined,
      })),
      noteShutdown: assign(({ context, event }) => ({
        shutdown: event.type === 'EXPECT_END' ? (event.shutdown ?? context.shutdown) : undefined,
      })),
      watchIdle: enqueueActions(({ context, enqueue }) => {
        const { idle } = linkOf(context).deadlines;
        if (idle > MAX_TIMER_MS) return;
        enqueue.assign({
          received: linkOf(context).received,
          quietChecks: hasActivity(context) ? 0 : context.quietChecks + 1,
        });
        enqueue.raise({ type: 'CHECK_IDLE' }, { id: 'idle', delay: idle / QUIET_CHECKS });
      }),
      awaitFirstMessage: enqueueActions(({ context, enqueue }) => {
        const { firstMessage } = linkOf(context).deadlines;
        if (!(firstMessage <= MAX_TIMER_MS) || linkOf(context).hasMessage) return;
        enqueue.raise({ type: 'CHECK_FIRST_MESSAGE' }, { id: 'firstMessage', delay: firstMessage });
      }),
      /** If the protocol has one. Its actor is stopped with those that RUNNING invokes. */
      startHeartbeat: enqueueActions(({ context, enqueue, self }) => {
        const link = linkOf(context);
        const pulse = pulseOf(link.definition);
        if (pulse === undefined) return;
        const run = new HeartbeatRun(pulse, link, self);
        enqueue.spawnChild('heartbeat', { id: 'heartbeat', input: { run } });
      }),
      stopWatchingSilence: enqueueActions(({ enqueue }) => {
        enqueue.stopChild('heartbeat');
        enqueue.cancel('idle');
        enqueue.cancel('firstMessage');
      }),
      recordEnd: assign(({ context }) =>
        context.endExpected
          ? {}
          : withError(
              context,
              linkOf(context).endCause ?? new ClosedError('The peer ended the stream'),
            ),
      ),
      recordFailure: assign(({ context, event }) => {
        const error = failure(event);
        const isLeaving = context.endExpected && isClosedError(error);
        return isLeaving ? withSuppressed(context, error) : withError(context, error);
      }),
      recordTimeout: assign(({ context }, { deadline }: { deadline: Deadline }) =>
        withError(context, timeout(context, deadline)),
      ),
      // The `note…` actions keep facts that are no failure.
      noteEnd: assign(({ context }) =>
        withSuppressed(
          context,
          new ClosedError('The peer ended the stream too', { expected: true }),
        ),
      ),
      noteFailure: assign(({ context, event }) => withSuppressed(context, failure(event))),
      // A handler that failed after its reader was stopped, and was waited for no longer.
      noteHandlerFailure: assign(({ context }) => {
        const { handlerFailure } = linkOf(context);
        return handlerFailure === undefined ? {} : withSuppressed(context, handlerFailure);
      }),
      noteTimeout: assign(({ context }, { deadline }: { deadline: Deadline }) =>
        withSuppressed(context, timeout(context, deadline)),
      ),
      /** XState stops no children of an actor that ends in error. */
      stopOwner: stopChild('owner'),
      recordOutcome: assign({ outcome: ({ context }) => outcome(context) }),
      settleLink: ({ context }) => {
        linkOf(context).settle(context.cause);
      },
      emitRunstate: emit(({ context }, { runstate }: { runstate: Runstate }) => ({
        type: 'runstate',
        runstate,
        session: context.session,
      })),
      emitMessages: emit((_, { messages }: { messages: readonly unknown[] }) => ({
        type: 'message',
        // Only the machine's own link sends them.
        messages: messages as readonly In[],
      })),
      sendMessage: ({ context, event, self }) => {
        if (event.type === 'SEND') sendMessage(context, event.message, self);
      },
      refuseMessage: emit(({ event, self }) => ({
        type: 'sendFailed',
        ...refusedSend(event, self),
      })),
      emitSendFailed: emit(({ event }) => ({ type: 'sendFailed', ...failedSend(event) })),
      emitClosed: emit(({ context }) => ({
        type: 'closed',
        outcome: context.outcome ?? outcome(context),
        session: context.session,
      })),
    },
  });
