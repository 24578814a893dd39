/** The states of a supervisor, and its records in a log. */

import { describe } from '../core/errors.ts';
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

/** Logs the state that was entered, and an outage that is over. */
export function logEmitted(emitted: SupervisorEmitted, logger: Log): void {
  switch (emitted.type) {
    case 'outage':
      logger.info(textOfOutage(emitted.outage), { error: emitted.outage.first });
      break;
    case 'waiting':
      logger.info(
        `WAITING for ${String(emitted.ms)} ms until attempt ${String(emitted.attempt)}: ${describe(emitted.cause)}`,
        { error: emitted.cause },
      );
      break;
    case 'gaveUp':
      logger.warn(`GIVEN_UP: ${describe(emitted.cause)}`, { error: emitted.cause });
      break;
    case 'stopping':
    case 'stopped':
      logger.debug(textOfStop(emitted));
      break;
    default:
      logger.debug(STATES[emitted.type]);
  }
}

/** One record for a whole outage: how long it was, and how it began and ended. */
function textOfOutage({ first, cause, count, from, until = from, endedIn }: Outage): string {
  const failures = count === 1 ? '1 failure' : `${String(count)} failures`;
  const last = cause === first ? '' : `; at last: ${describe(cause)}`;
  const end = endedIn === undefined ? '' : `, ended in ${endedIn}`;
  return `Outage of ${String(until - from)} ms with ${failures}${end}: ${describe(first)}${last}`;
}

const textOfStop = ({
  type,
  shutdown,
}: Extract<SupervisorEmitted, { shutdown: unknown }>): string =>
  shutdown === undefined ? STATES[type] : `${STATES[type]}: ${textOfShutdown(shutdown)}`;
