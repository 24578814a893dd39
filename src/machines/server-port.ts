/**
 * The port between the server's statechart and the outside world.
 *
 * A port is what one server holds on the outside: a socket that listens, those who wait for a
 * place, and the peers. The chart says *when* each of these methods runs and what its end means; the
 * port knows *how*, and knows no states.
 */

import type { Duplex } from 'node:stream';
import type { WirechartError } from '../core/errors.ts';
import type { ServerDeadlines } from '../core/limits.ts';
import type { Address, BoundAddress } from '../core/types.ts';

/** Somebody who has come: connected, and nothing was said to them. */
export interface PendingConnection {
  /** Resolves when they have gone, before or after `open()`, for whatever reason. Never rejects. */
  readonly gone: Promise<void>;
  /**
   * The stream to them; with TLS, after its handshake. To be called once. When it rejects, nothing is
   * open: with `signal.reason`, with a `ClosedError` when they have left, with what TLS says.
   */
  open(signal: AbortSignal): Promise<Duplex>;
  /** Sends them away, instead of `open()`. Never throws. */
  close(): void;
}

/** A socket that listens. */
export interface Listener {
  /** Where it is bound: the real port, or the path. */
  readonly address: BoundAddress;
  /** Hands over everybody who comes, and who has come since it is bound. To be called once. */
  accept(onArrival: (arrival: PendingConnection) => void): void;
  /**
   * Stops listening, removes the file of a UNIX socket, and sends those away who were not handed
   * over. Never throws, and does nothing the second time.
   */
  close(): void;
}

/** See the module's comment. */
export interface ServerPort {
  /** The deadlines that the chart sets its timers by. */
  readonly deadlines: ServerDeadlines;

  /** Binds. Aborted, it rejects, and what it would have opened is closed, even if that comes late. */
  bind(address: Address, signal: AbortSignal): Promise<BoundAddress>;
  /** Lets peers in from now on. Never throws. */
  open(): void;
  /** Stops listening, and sends those away who wait for a place. Never throws. */
  shut(): void;
  /** Asks every peer to leave, and resolves when all have left. Never rejects. */
  drain(): Promise<void>;
  /**
   * Destroys whatever is open, and resolves when it is closed. Never rejects.
   *
   * @param why - What the peers are told who were asked to leave and did not.
   */
  destroyAll(why: WirechartError | undefined): Promise<void>;
  /** It is over: tells those who wait for peers. Never throws. */
  settle(): void;
  /** `shut()`, `destroyAll()` and `settle()` at once, for a machine that is stopped. Never throws. */
  release(): void;
}
