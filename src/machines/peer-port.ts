/**
 * The port between the chart of a peer's session and the outside world.
 *
 * The chart says *when* each of these methods runs and what its end means; the port knows *how*, and
 * knows no states.
 */

import type { WirechartError } from '../core/errors.ts';
import type { ServerDeadlines } from '../core/limits.ts';
import type { StopSignal } from '../async/stop-signal.ts';

/** One accepted connection, and the protocol that is spoken on it. */
export interface PeerPort {
  /** The deadlines that the chart sets its timers by. */
  readonly deadlines: Pick<ServerDeadlines, 'backlog' | 'handshake' | 'drain'>;
  /** Whether there is a TLS handshake before that of the protocol. */
  readonly isTls: boolean;
  /** Whether the protocol is RUNNING. */
  readonly isRunning: boolean;
  /** Whether the server has a callback that serves its peers. */
  readonly hasHandler: boolean;
  /** Whether a loop takes, or has taken, the messages of the peer. */
  readonly isLooping: boolean;

  /** Resolves when the connection has closed before it was opened. Never rejects. */
  gone(): Promise<void>;
  /** Runs the TLS handshake. When it is aborted or rejects, nothing is open. */
  secure(signal: StopSignal): Promise<void>;
  /** Makes the protocol and runs its handshake. When it is aborted or rejects, nothing is open. */
  establish(signal: StopSignal): Promise<void>;
  /** Runs the callback that serves the peer. Resolves when the peer is to be disconnected. */
  serve(signal: StopSignal): Promise<void>;
  /** Ends the loops over the peer's messages, and tells the callback. Never throws. */
  finish(): void;
  /** Ends the session, if it still runs, as failed. Never throws. */
  fail(error: unknown): void;
  /** Resolves when the protocol is IDLE again, with the cause of a failure. Never rejects. */
  ended(): Promise<WirechartError | undefined>;
  /**
   * Disconnects the protocol, gracefully or, with `force`, at once. Never throws.
   *
   * @param reason - Why, where the end is a failure.
   */
  disconnect(force: boolean, reason: WirechartError | undefined): void;
  /** Closes the connection, unless the protocol has it. Never throws. */
  close(): void;
}
