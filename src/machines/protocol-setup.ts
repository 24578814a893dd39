/**
 * The guards, actions and delays that the lifecycle's chart names.
 *
 * Nothing here changes the state, and nothing here can throw: an action that throws stops the machine
 * in error, with its actors running.
 */

import { assign, emit, enqueueActions, setup } from 'xstate';
import {
  ClosedError,
  ConnectError,
  isClosedError,
  isConnectError,
  describe,
  isWirechartError,
  TimeoutError,
  toFailure,
  type WirechartError,
} from '../core/errors.ts';
import { explainHandshake } from '../core/inner-definition.ts';
import type { Deadlines } from '../core/limits.ts';
import { lightened } from '../core/light-error.ts';
import { sealAddress } from '../core/sealed-address.ts';
import type { Runstate } from '../core/runstate.ts';
import type { Address, BoundAddress, SessionOutcome } from '../core/types.ts';
import { MAX_TIMER_MS } from '../async/timer.ts';
import type { Link } from './link.ts';
import * as actors from './protocol-actors.ts';
import type {
  OnLink,
  ToAddress,
  ProtocolContext,
  ProtocolEmitted,
  ProtocolEvent,
} from './protocol-types.ts';

type Deadline = keyof Deadlines;
type Context = ProtocolContext<unknown, unknown>;
type Errors = Pick<Context, 'cause' | 'suppressed'>;

/** How many errors are kept in `suppressed`. A peer may cause one with each of its messages. */
const MAX_SUPPRESSED = 20;

/** The first error is the cause; later ones are kept in `suppressed`. */
const withError = (context: Context, error: WirechartError): Errors =>
  context.cause === undefined
    ? { cause: error, suppressed: context.suppressed }
    : withSuppressed(context, error);

const withSuppressed = (context: Context, error: WirechartError): Errors => {
  const { cause, suppressed } = context;
  // One failure of a stream is often reported by both loops.
  if (suppressed.length >= MAX_SUPPRESSED || isKnown(context, error)) return { cause, suppressed };
  return { cause, suppressed: [...suppressed, lightened(error)] };
};

const isKnown = ({ cause, suppressed }: Context, error: WirechartError): boolean =>
  error === cause || error === cause?.cause || suppressed.includes(error);

/** The error in an event: in FAIL, and in the `xstate.error.actor.*` of every invoked actor. */
const errorIn = (event: object): unknown => ('error' in event ? event.error : undefined);

/** CONNECT and LISTEN carry the address; the link rejects an undefined one later. */
const isCommand = (event: ProtocolEvent) => event.type === 'CONNECT' || event.type === 'LISTEN';

/** The same as a typed error: actors reject with nothing else; anything else is wrapped. */
const failure = (event: ProtocolEvent): WirechartError => {
  const error = errorIn(event);
  // What a parent, or `fail()`, was given to judge the peer by is no failure of the stream.
  if (event.type === 'FAIL' || isWirechartError(error)) return toFailure(error);
  return new ClosedError(`The stream failed: ${describe(error)}`, { cause: error });
};

/** What the deadlines of a session that need more words than their name say when they pass. */
const TIMEOUT_TEXTS: Partial<Record<Deadline, (ms: string) => string>> = {
  drain: (ms) =>
    `The handler of the last message, or the farewell, had not finished ${ms} ms after the end was ` +
    'requested (timeouts.drain). A handler must not await the end of its own session.',
  idle: (ms) => `The peer has sent nothing for ${ms} ms (timeouts.idle)`,
  firstMessage: (ms) =>
    `The peer has not sent a whole message within ${ms} ms (timeouts.firstMessage)`,
};

const timeout = (context: Context, deadline: Deadline): TimeoutError => {
  const { deadlines, definition } = context.link;
  const ms = deadlines[deadline];
  const explained = deadline === 'handshake' ? explainHandshake(definition, ms) : undefined;
  return explained ?? new TimeoutError(deadline, ms, TIMEOUT_TEXTS[deadline]?.(String(ms)));
};

/** The deadline of an attempt, with what the link says about why it takes so long. */
const attemptTimeout = (context: Context, deadline: Deadline): TimeoutError => {
  const { deadlines, obstacle } = context.link;
  const ms = deadlines[deadline];
  if (obstacle === undefined) return timeout(context, deadline);
  const text = `The ${deadline} deadline of ${String(ms)} ms passed: ${obstacle.message}`;
  return new TimeoutError(deadline, ms, text, { cause: obstacle });
};

/** The outcome of the current session, if it ended now. */
export const outcome = ({ cause, suppressed, shutdown, link }: Context): SessionOutcome => ({
  ...(cause && { cause }),
  ...(shutdown && { shutdown }),
  suppressed,
  undelivered: link.undelivered,
});

/** The peer is silent when this many checks in a row have found nothing new. */
const QUIET_CHECKS = 4;

const delay =
  (deadline: Deadline) =>
  ({ context }: { context: Context }): number =>
    Math.min(context.link.deadlines[deadline], MAX_TIMER_MS);

/** Whether the peer has sent something since the last check, or could not, because nothing is read from it. */
const hasActivity = ({ link, received }: Context): boolean =>
  link.isHandling || link.isHeldUp || link.received !== received;

/** What an expression that maps an actor's input is given. */
interface InputArgs {
  readonly context: Pick<Context, 'link' | 'address'>;
  readonly self: { getSnapshot(): { readonly context: Pick<Context, 'cause'> } };
}

/** Why an actor is stopped: the caller's reason, a deadline, a failure; `undefined` for a plain end. */
const stopReason = ({ cause }: Pick<Context, 'cause'>): unknown =>
  isConnectError(cause) ? cause.cause : cause;

/** The input of an actor that runs a method of the link. */
export const onLink = ({ context: { link }, self }: InputArgs): OnLink => ({
  link,
  stopReason: () => stopReason(self.getSnapshot().context),
});

/** The input of an actor that dials or listens; the link rejects an undefined address. */
export const toAddress = ({ context, self }: InputArgs): ToAddress => ({
  ...onLink({ context, self }),
  address: context.address,
});

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

/** The context of a machine that starts. */
export const initialContext = <In, Out>(
  link: Link<In, Out>,
  autoConnect: Address | undefined,
): ProtocolContext<In, Out> => ({
  link,
  autoConnect: sealAddress(autoConnect),
  session: 0,
  address: undefined,
  outcome: undefined,
  ...NEW_SESSION,
});

/** The setup of the chart. */
export const protocolSetup = <In, Out, Input>() =>
  setup({
    types: {} as {
      context: ProtocolContext<In, Out>;
      events: ProtocolEvent;
      emitted: ProtocolEmitted<In>;
      input: Input;
      output: SessionOutcome;
      tags: 'up' | 'busy';
    },
    actors,
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
        context.link.deadlines[deadline] <= MAX_TIMER_MS,
      /** Whether the protocol has a handshake to run. */
      hasHandshake: ({ context }) => context.link.definition.handshake !== undefined,
      /** Whether the protocol has a goodbye to say. */
      hasFarewell: ({ context }) => context.link.definition.farewell !== undefined,
      /** Whether the promise of the handler of the last message is pending. */
      isHandling: ({ context }) => context.link.isHandling,
      /** Whether the session outlasts this end of the peer's stream, which it was not asked for. */
      staysHalfOpen: ({ context }) => context.link.allowHalfOpen && !context.endExpected,
      /** Whether nothing has arrived from the peer for `timeouts.idle`. */
      isIdle: ({ context }) => !hasActivity(context) && context.quietChecks + 1 >= QUIET_CHECKS,
      /** Whether no message has arrived from the peer in this session, nor in its handshake. */
      hasSentNoMessage: ({ context: { link } }) => !link.hasMessage && !link.isHeldUp,
      /** Whether everything sent has been handed to the kernel. */
      isFlushed: ({ context }) => context.link.isFlushed,
      /** Whether the actor has just started, with an address in its input. */
      shouldAutoConnect: ({ context: { autoConnect, session } }) =>
        session === 0 && autoConnect !== undefined,
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
          new ConnectError(
            context.phase,
            event.type === 'FAIL' ? toFailure(errorIn(event)) : errorIn(event),
          ),
        ),
      ),
      recordConnectTimeout: assign(({ context }, { deadline }: { deadline: Deadline }) =>
        withError(context, new ConnectError(context.phase, attemptTimeout(context, deadline))),
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
        const { idle } = context.link.deadlines;
        if (idle > MAX_TIMER_MS) return;
        enqueue.assign({
          received: context.link.received,
          quietChecks: hasActivity(context) ? 0 : context.quietChecks + 1,
        });
        enqueue.raise({ type: 'CHECK_IDLE' }, { id: 'idle', delay: idle / QUIET_CHECKS });
      }),
      awaitFirstMessage: enqueueActions(({ context, enqueue }) => {
        const { firstMessage } = context.link.deadlines;
        if (!(firstMessage <= MAX_TIMER_MS) || context.link.hasMessage) return;
        enqueue.raise({ type: 'CHECK_FIRST_MESSAGE' }, { id: 'firstMessage', delay: firstMessage });
      }),
      stopWatchingSilence: enqueueActions(({ enqueue }) => {
        enqueue.cancel('idle');
        enqueue.cancel('firstMessage');
      }),
      recordEnd: assign(({ context }) =>
        context.endExpected
          ? {}
          : withError(
              context,
              context.link.endCause ?? new ClosedError('The peer ended the stream'),
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
        const { handlerFailure } = context.link;
        return handlerFailure === undefined ? {} : withSuppressed(context, handlerFailure);
      }),
      noteTimeout: assign(({ context }, { deadline }: { deadline: Deadline }) =>
        withSuppressed(context, timeout(context, deadline)),
      ),
      recordOutcome: assign({ outcome: ({ context }) => outcome(context) }),
      settleLink: ({ context }) => {
        context.link.settle(context.cause);
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
      emitClosed: emit(({ context }) => ({
        type: 'closed',
        outcome: context.outcome ?? outcome(context),
        session: context.session,
      })),
    },
  });
