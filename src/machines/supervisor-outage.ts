/** What the supervisor's chart makes of an end: its verdict, and the record of the outage. */

import {
  ArgumentError,
  ClosedError,
  describe,
  TimeoutError,
  type WirechartError,
} from '../core/errors.ts';
import { cutText, printable } from '../core/printable.ts';
import type { Shutdown } from '../core/types.ts';
import type {
  ConnectionSnapshot,
  Outage,
  OutageEnd,
  SessionEnd,
  SupervisorContext,
} from './supervisor-types.ts';

/** The part of the connection's snapshot that the supervisor needs. */
export interface ConnectionFacts extends SessionEnd {
  readonly isUp: boolean;
  readonly isIdle: boolean;
}

/** Reads a snapshot of the connection. */
export const connectionFacts = (snapshot: ConnectionSnapshot): ConnectionFacts => {
  const { session, cause, shutdown } = snapshot.context;
  return {
    isUp: snapshot.matches('RUNNING'),
    isIdle: snapshot.matches('IDLE'),
    session,
    cause: cause?.code === 'ERR_CONNECT_ABORTED' ? undefined : cause,
    shutdown,
  };
};

/**
 * Whether a session ends as requested or announced. A failure after the peer has announced its shutdown
 * does not count: a peer that goes down may do so in any way.
 */
export const isClean = ({ cause, shutdown }: SessionEnd): boolean =>
  cause === undefined || shutdown !== undefined;

/** A shutdown in words. */
export const textOfShutdown = ({ reason }: Shutdown): string =>
  `the peer has shut down (${printable(cutText(reason))})`;

/** Why there is no session now: the error of a failure, or one that says how a clean end came about. */
export function causeOf(end: SessionEnd): WirechartError {
  if (end.cause !== undefined && !isClean(end)) return end.cause;
  const why = end.shutdown === undefined ? 'on request' : `because ${textOfShutdown(end.shutdown)}`;
  const { cause } = end;
  return new ClosedError(`The session has ended ${why}`, {
    expected: true,
    ...(cause && { cause }),
  });
}

type Failed = Pick<SupervisorContext, 'cause' | 'outage'>;

/** A session or attempt has failed: the outage begins, or lasts. The same error is counted once. */
export function withFailure(
  { outage }: Pick<SupervisorContext, 'outage'>,
  cause: WirechartError,
  { session, now }: { readonly session: number; readonly now: number },
): Failed {
  if (outage?.cause === cause) return { cause, outage };
  const { first, from, count } = outage ?? { first: cause, from: now, count: 0 };
  return { cause, outage: { first, cause, count: count + 1, session, from, latest: now } };
}

/** The latest failure has another cause than was recorded when it began. */
export const withOtherCause = (
  { outage }: Pick<SupervisorContext, 'outage'>,
  cause: WirechartError,
): Failed => ({ cause, outage: outage && { ...outage, cause } });

/** The record of an outage that is over. */
export const ended = (outage: Outage, endedIn: OutageEnd, now: number): Outage => ({
  ...outage,
  until: now,
  endedIn,
});

/** A callback of the program has taken too long. */
export const callbackTimeout = (
  phase: 'connect' | 'wait',
  callback: string,
  ms: number,
): TimeoutError =>
  new TimeoutError(phase, ms, `The callback ${callback} took longer than ${String(ms)} ms`);

/** Why there is no other attempt on the stream of a `{ stream }` address. */
export const spentStream = (cause: WirechartError | undefined): ArgumentError =>
  new ArgumentError(
    `The stream of the address has served its one session, which ended: ${describe(cause)}. ` +
      'Pass a function that makes a new stream for each attempt, such as () => spawnPeer(…).address',
    cause && { cause },
  );
