/** The states of a supervisor, and its records in a log. */

import { describe, type WirechartError } from '../core/errors.ts';
import { textOfShutdown } from '../machines/supervisor-outage.ts';
import type { Outage, SupervisorEmitted } from '../machines/supervisor-types.ts';
import type { Log } from '../core/log.ts';

/** The state of a supervisor. */
export type SupervisorState =
  /** Asking for the address, connecting, or running `onUp`. */
  | 'CONNECTING'
  /** There is a session, and it can be used. */
  | 'UP'
  /** The session cannot be used any more; it is ending. */
  | 'FAILING'
  /** Waiting for the next attempt. */
  | 'WAITING'
  /** The session, or the attempt, is ending on request. */
  | 'STOPPING'
  /** No connection is wanted. */
  | 'STOPPED'
  /** Another attempt would be pointless. */
  | 'GIVEN_UP';

/** The state that each emitted event reports. */
export const STATES = {
  connecting: 'CONNECTING',
  up: 'UP',
  failing: 'FAILING',
  waiting: 'WAITING',
  stopping: 'STOPPING',
  stopped: 'STOPPED',
  gaveUp: 'GIVEN_UP',
} as const satisfies Record<Exclude<SupervisorEmitted['type'], 'outage'>, SupervisorState>;

/** Logs the state that was entered, or an outage that is over. */
export function logEmitted(emitted: SupervisorEmitted, logger: Log): void {
  if (emitted.type === 'outage') {
    const { first: error, endedIn: state } = emitted.outage;
    logger.info(textOfOutage(emitted.outage), { state, error });
    return;
  }
  const state = STATES[emitted.type];
  const error = 'cause' in emitted ? emitted.cause : undefined;
  const shutdown = 'shutdown' in emitted ? emitted.shutdown : undefined;
  const fields = { state, ...(error && { error }) };
  if (emitted.type === 'gaveUp') logger.warn(`${state}${why(error)}`, fields);
  else if (emitted.type === 'waiting') logger.info(textOfWait(emitted), fields);
  else if (shutdown) logger.info(`${state}: ${textOfShutdown(shutdown)}`, fields);
  else logger.debug(state, fields);
}

const textOfWait = ({ ms, attempt, cause }: Extract<SupervisorEmitted, { ms: number }>): string =>
  `WAITING for ${String(ms)} ms until attempt ${String(attempt)}${why(cause)}`;

/** There is no cause after an end that was requested, or expected. */
const why = (cause: WirechartError | undefined): string =>
  cause === undefined ? '' : `: ${describe(cause)}`;

/** One record for a whole outage: how long it was, and how it began and ended. */
function textOfOutage({ first, cause, count, from, until = from, endedIn }: Outage): string {
  const failures = count === 1 ? '1 failure' : `${String(count)} failures`;
  const last = cause === first ? '' : `; at last: ${describe(cause)}`;
  const end = endedIn === undefined ? '' : `, ended in ${endedIn}`;
  return `Outage of ${String(until - from)} ms with ${failures}${end}: ${describe(first)}${last}`;
}
