/** The counters of a QMP client. */

import type { ProtocolStats } from '../core/stats.ts';
import type { QmpHeartbeat } from './heartbeat/heartbeat-options.ts';

/**
 * The counters of a client, as they were when `stats` was read. Those of commands and events count from 0 when
 * the client was created and, but for `commandsInFlight` and `commandsWaiting`, never decrease.
 */
export interface QmpStats extends ProtocolStats {
  /** The commands that were given to `execute()` and `executeMessage()`, except with invalid options. */
  readonly commands: number;
  /** Of these, the ones that were sent and wait for their reply now. */
  readonly commandsInFlight: number;
  /** Of these, the ones that wait to be sent, because `limits.maxInFlight` are in flight. */
  readonly commandsWaiting: number;
  /**
   * Of these, the ones that have failed: with an error reply, without a reply because of a deadline, a signal or
   * the end of the session, or because they could not be sent.
   */
  readonly commandsFailed: number;
  /**
   * The events that have arrived. Those without a listener are included: they are not decoded, and not counted in
   * `messagesIn`.
   */
  readonly events: number;
  /**
   * Of these, the ones that were dropped because too many were kept for `qmpEvents` in a statechart; see the option
   * `eventBacklog`.
   */
  readonly eventsDropped: number;
  /** What the heartbeat of the session has found; `undefined` without one. */
  readonly heartbeat: QmpHeartbeat | undefined;
}
