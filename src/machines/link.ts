/**
 * The port between the statechart and the outside world.
 *
 * A link is what one machine holds on the outside: a stream, or a listener that waits for one, with
 * the decoder, the outgoing queue and the protocol's callbacks. The chart says *when* each of these
 * methods runs and what its end means; the link knows *how*, and knows no states. Every method that
 * waits takes a signal: an aborted wait ends at once, and what it would have opened is
 * destroyed, even if it succeeds a moment later.
 */

import type { WirechartError } from '../core/errors.ts';
import type { Deadlines } from '../core/limits.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { Address, BoundAddress, ProtocolDefinition } from '../core/types.ts';

/** Is shown every message that passes: `<--` inbound, `-->` outbound, as the session's callbacks left it. */
export type Tap = (arrow: '<--' | '-->', message: unknown) => void;

/** See the module's comment. */
export interface Link<In, Out> {
  /** The protocol that is spoken. */
  readonly definition: ProtocolDefinition<In, Out>;
  /** The deadlines that the chart sets its timers by. */
  readonly deadlines: Deadlines;
  /** How many messages of this session were accepted and are not with the kernel. */
  readonly undelivered: number;
  /** Whether `flush()` has nothing to wait for. */
  readonly isFlushed: boolean;

  /** Opens a stream to the peer. Rejects with what the operating system, TLS or the address says. */
  dial(address: Address, signal: StopSignal): Promise<void>;
  /** Binds, and takes the first peer that comes. Resolves as soon as it is bound. */
  listen(address: Address, signal: StopSignal): Promise<BoundAddress>;
  /** Waits for the first peer; from then on there is a stream and no listener. */
  accept(signal: StopSignal): Promise<void>;
  /** Runs the protocol's handshake on the stream. */
  establish(signal: StopSignal): Promise<void>;
  /** The reader loop. Resolves when the peer has ended its side; rejects when reading failed. */
  read(signal: StopSignal): Promise<void>;
  /** The writer loop. Never resolves; rejects when writing failed. */
  write(signal: StopSignal): Promise<void>;
  /** Resolves when all that was sent before the call is with the kernel. Aborted, it undoes nothing. */
  flush(signal?: StopSignal): Promise<void>;
  /** Ends our side, discards what still comes, and resolves when the peer has ended too. */
  close(signal: StopSignal): Promise<void>;
  /** Destroys whatever is open, and resolves when it is closed. */
  destroy(signal: StopSignal): Promise<void>;
  /** The same at once and without a word, for a machine that is stopped. Never throws. */
  release(): void;
  /** The session is over: tells those who wait for the queue. Never throws. */
  settle(cause: WirechartError | undefined): void;

  /** Destroys the stream that `address` holds, if it does, for an attempt that is not made. */
  destroyStream(address: Address): void;

  /** See `AsyncProtocol.send`. */
  send(message: Out): Promise<void>;

  /**
   * Delivers inbound messages, those of the handshake excepted, in batches from now on, if the link was
   * made to. What came before the stream's end is delivered before `read()` ends.
   */
  forward(deliver: (messages: readonly In[]) => void): void;

  /** Shows every message to `tap`, which must not throw, until the returned function is called. */
  observe(tap: Tap): () => void;
}
