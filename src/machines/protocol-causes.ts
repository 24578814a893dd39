/** What the lifecycle's chart makes of failures: the first cause, the later errors, and the outcome. */

import {
  ClosedError,
  ConnectError,
  describe,
  isWirechartError,
  TimeoutError,
  toFailure,
  type WirechartError,
} from '../core/errors.ts';
import { advise, explainHandshake } from '../core/inner-definition.ts';
import { lightened } from '../core/light-error.ts';
import type { Deadlines } from '../core/limits.ts';
import type { SessionOutcome } from '../core/types.ts';
import { linkOf } from '../core/link-handle.ts';
import type { ProtocolContext, ProtocolEvent } from './protocol-types.ts';

/** The name of a deadline. */
export type Deadline = keyof Deadlines;
/** The context, whatever its messages are. */
export type Context = ProtocolContext<unknown, unknown>;
type Errors = Pick<Context, 'cause' | 'suppressed'>;

/** How many errors are kept in `suppressed`. A peer may cause one with each of its messages. */
const MAX_SUPPRESSED = 20;

/** The first error is the cause; later ones are kept in `suppressed`. */
export const withError = (context: Context, error: WirechartError): Errors =>
  context.cause === undefined
    ? { cause: error, suppressed: context.suppressed }
    : withSuppressed(context, error);

export const withSuppressed = (context: Context, error: WirechartError): Errors => {
  const { cause, suppressed } = context;
  // One failure of a stream is often reported by both loops.
  if (suppressed.length >= MAX_SUPPRESSED || isKnown(context, error)) return { cause, suppressed };
  return { cause, suppressed: [...suppressed, lightened(error)] };
};

const isKnown = ({ cause, suppressed }: Context, error: WirechartError): boolean =>
  error === cause || error === cause?.cause || suppressed.includes(error);

/** The error in an event: in FAIL, and in the `xstate.error.actor.*` of every invoked actor. */
export const errorIn = (event: object): unknown => ('error' in event ? event.error : undefined);

/** The same as a typed error: actors reject with nothing else; anything else is wrapped. */
export const failure = (event: ProtocolEvent): WirechartError => {
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

export const timeout = (context: Context, deadline: Deadline): TimeoutError => {
  const link = linkOf(context);
  const ms = link.deadlines[deadline];
  const explained =
    deadline === 'handshake' ? explainHandshake(link.definition, ms, link.standing) : undefined;
  return explained ?? new TimeoutError(deadline, ms, TIMEOUT_TEXTS[deadline]?.(String(ms)));
};

/** The error of an attempt that has failed, with what its definition advises if it did not open a stream. */
export const attemptError = (context: Context, cause: unknown): ConnectError => {
  const { phase } = context;
  const advice = phase === 'connection' ? advise(linkOf(context).definition, cause) : undefined;
  return new ConnectError(phase, cause, 'ERR_CONNECT', advice);
};

/** The deadline of an attempt, with what the link says about why it takes so long. */
export const attemptTimeout = (context: Context, deadline: Deadline): TimeoutError => {
  const { deadlines, obstacle } = linkOf(context);
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
  undelivered: linkOf({ link }).undelivered,
});
