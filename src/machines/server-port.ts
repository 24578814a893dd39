/**
 * The port between the server's statechart and the outside world.
 *
 * A server port holds a socket that listens, the connections that wait for a slot, and the peers. The
 * chart says *when* each of these methods runs and what its end means; the port knows *how*, and knows
 * no states.
 */

import type { Duplex } from 'node:stream';
import type { StopSignal } from '../async/stop-signal.ts';
import type { WirechartError } from '../core/errors.ts';
import type { ServerDeadlines } from '../core/limits.ts';
import type { Remote } from '../core/remote.ts';
import type { BoundAddress, ListenAddress } from '../core/types.ts';

/** A connection that was accepted, or adopted, and not opened yet: nothing was sent on it. */
export interface PendingConnection {
  /** Who is at the other end. After `open()`, resolved or rejected, also what TLS says. */
  readonly remote: Remote;
  /** Whether `open()` runs a TLS handshake. */
  readonly isTls: boolean;
  /** Resolves when the connection has closed, before or after `open()`. Never rejects. */
  readonly gone: Promise<void>;
  /**
   * Resolves with the stream; with TLS, after the TLS handshake. To be called once. When it rejects,
   * nothing is open: with `signal.reason`, with a `ClosedError` when the peer has left, or with the
   * error of TLS.
   */
  open(signal: StopSignal): Promise<Duplex>;
  /** To be called right before the stream is given to its session, which claims it then. Never throws. */
  handOver?(): void;
  /** Closes the connection, instead of `open()`. Never throws. */
  close(): void;
}

/** A socket that listens. */
export interface Listener {
  /** Where it is bound: the real port, or the path. */
  readonly address: BoundAddress;
  /** Hands over every connection, those since the bind included. To be called once. */
  accept(onConnection: (connection: PendingConnection) => void): void;
  /**
   * Gives TLS other options, for the handshakes that begin from now on; `undefined` without TLS. What is not
   * given stays as it is.
   *
   * @throws {ArgumentError} When the options cannot be used; then nothing has changed.
   */
  readonly renewTls?: ((tls: object) => void) | undefined;
  /**
   * Stops listening, removes the file of a UNIX socket, and closes the connections that were not handed
   * over. Never throws, and does nothing the second time.
   */
  close(): void;
}

/** What the actors of the server's chart run. */
export interface ServerPort {
  /** The deadlines that the chart sets its timers by. */
  readonly deadlines: ServerDeadlines;

  /** Binds. Aborted, it rejects, and what it would have opened is closed, even if that comes late. */
  bind(address: ListenAddress, signal: AbortSignal): Promise<BoundAddress>;
  /** Accepts the connections of the listener, if there is one, from now on. Never throws. */
  open(): void;
  /** Stops listening, and closes the connections that wait for a slot. Never throws. */
  shut(): void;
  /** Disconnects every peer, and resolves when no peer is left. Never rejects. */
  drain(): Promise<void>;
  /**
   * Destroys everything that is open, and resolves when it is closed. Never rejects.
   *
   * @param reason - The cause of the sessions that are destroyed, where that is a failure.
   */
  destroyAll(reason: WirechartError | undefined): Promise<void>;
  /** The server is closed: ends the loops over its peers. Never throws. */
  settle(): void;
  /** `shut()`, `destroyAll()` and `settle()` at once, for a machine that is stopped. Never throws. */
  release(): void;
}
