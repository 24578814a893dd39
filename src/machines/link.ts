/**
 * The port between the statechart and the outside world.
 *
 * A link holds the live resources of one machine: a stream, or a listener that waits for one, with the
 * decoder, the outbound queue and the protocol's callbacks. The chart decides *when* each of these
 * methods runs and what its end means; the link knows *how*, and knows no states. Every method that
 * waits takes a signal: an aborted wait ends at once, and what it would have opened is destroyed, even
 * if it succeeds a moment later.
 */

import type { WirechartError } from '../core/errors.ts';
import type { ProcessState } from '../core/heartbeat.ts';
import type { Deadlines } from '../core/limits.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { PeerStanding } from '../core/peer-standing.ts';
import type { Passing } from '../core/passing.ts';
import type { Remote } from '../core/remote.ts';
import type { RunLogic, SessionLogic, SessionSlots } from '../core/session-logic.ts';
import type { ProtocolStats } from '../core/stats.ts';
import type { Address, BoundAddress, ListenAddress, ProtocolDefinition } from '../core/types.ts';

/** Called with every message: `<--` inbound, `-->` outbound, as the hooks `inbound` and `outbound` left it. */
export type Tap = (arrow: '<--' | '-->', message: unknown) => void;

/** What the actors of the chart, and the facade, need of the outside world. */
export interface Link<In, Out> {
  /** The protocol. */
  readonly definition: ProtocolDefinition<In, Out, unknown>;
  /** Actor logic that replaces callbacks of the protocol, if its machine was given some by `provide()`. */
  slots?: SessionSlots | undefined;
  /** Whether the chart runs `converse()` before a session, if its machine has said so. */
  converses?: boolean | undefined;
  /** The deadlines that the chart sets its timers by. */
  readonly deadlines: Deadlines;
  /** Who is at the other end of the stream, or of the last one; `undefined` until there is one. */
  readonly remote: Remote | undefined;
  /** What is known of the peer while a stream is open; found out when it is read. A link need not know it. */
  readonly standing?: PeerStanding | undefined;
  /** Finds the process of the peer, if `remote` does not say it. Never rejects. A link need not know it. */
  findProcess?(): Promise<number | undefined>;
  /** Returns what the operating system says of a process. Never rejects. A link need not know it. */
  processState?(pid: number): Promise<ProcessState>;
  /** How many messages of this session were accepted and not handed to the kernel. */
  readonly undelivered: number;
  /** Why `dial()` or `accept()` has not succeeded yet, if that is known; `undefined` for no particular reason. */
  readonly obstacle: Error | undefined;
  /** Whether the session outlasts the peer's end of stream, until it is ended from our side. */
  readonly allowHalfOpen: boolean;
  /** Whether the handler of the last message has not finished: `drain()` would wait. */
  readonly isHandling: boolean;
  /** Whether nothing is read from the peer, because consumers take the messages and none has asked. */
  readonly isHeldUp: boolean;
  /** What the handshake of this session, or of the last one, has resolved with. */
  readonly negotiated: unknown;
  /** Why the peer has ended its side, if that is known: how a child has exited. */
  readonly endCause: WirechartError | undefined;
  /** What a handler failed with after its reader was stopped. */
  readonly handlerFailure: WirechartError | undefined;
  /** How many chunks of bytes the session has received; to be compared with an earlier value only. */
  readonly received: number;
  /** Whether the peer has sent a whole message in this session, or in its handshake. */
  readonly hasMessage: boolean;
  /** Whether the last `settle()` rejected a call with the cause. */
  readonly hasTold: boolean;
  /** Counters, as they are now. */
  readonly stats: ProtocolStats;
  /** Whether `flush()` has nothing to wait for. */
  readonly isFlushed: boolean;

  /** Opens a stream to the peer. Rejects with the error of the operating system, of TLS or of the address. */
  dial(address: ListenAddress | undefined, signal: StopSignal): Promise<void>;
  /** Binds, and accepts the first peer that dials. Resolves as soon as it is bound. */
  listen(address: ListenAddress | undefined, signal: StopSignal): Promise<BoundAddress>;
  /** Waits for the first peer. Then there is a stream, and the listener is closed. */
  accept(signal: StopSignal): Promise<void>;
  /** Runs the protocol's handshake on the stream; with `run`, if that is actor logic. */
  establish(signal: StopSignal, run: RunLogic): Promise<void>;
  /** The reader loop. Resolves when the peer has ended its side; rejects when reading failed. */
  read(signal: StopSignal): Promise<void>;
  /**
   * Runs actor logic on the stream with `run`, as a handshake that may be one of several. Resolves with its
   * output. A link without this method runs none.
   */
  converse?(
    logic: SessionLogic<never, unknown>,
    signal: StopSignal,
    run: RunLogic,
  ): Promise<unknown>;
  /**
   * Runs the actor logic of the session with `run`, if there is some, and resolves when it has ended; without
   * any it waits until it is stopped. A link without this method has none.
   */
  session?(signal: StopSignal, run: RunLogic): Promise<void>;
  /** The writer loop. Never resolves; rejects when writing failed. */
  write(signal: StopSignal): Promise<void>;
  /** Waits for the handler of the last message; rejects with what it fails with. */
  drain(signal: StopSignal): Promise<void>;
  /** Runs the protocol's goodbye; with `run`, if that is actor logic. */
  farewell(signal: StopSignal, run: RunLogic): Promise<void>;
  /** Discards what the peer still sends. Resolves when it has ended its side; rejects as `read()` does. */
  discard(signal: StopSignal): Promise<void>;
  /** Resolves when everything sent before the call has been handed to the kernel. A caller has no signal. */
  flush(signal?: StopSignal): Promise<void>;
  /** Ends our side, discards what the peer still sends, and resolves when the peer has ended too. */
  close(signal: StopSignal): Promise<void>;
  /** Destroys everything that is open, and resolves when it is closed. */
  destroy(signal: StopSignal): Promise<void>;
  /** The same without waiting, for a machine that is stopped. Never throws. */
  release(): void;
  /** The session has ended: rejects the calls that wait for the queue. Never throws. */
  settle(cause: WirechartError | undefined): void;

  /** Destroys the stream in `address`, if there is one, for an attempt that is not made. Never throws. */
  destroyStream(address: Address): void;

  /**
   * Queues a message; the contract is that of `AsyncProtocol.send()`.
   *
   * @param passing - What `descriptor()` has resolved with: the descriptor is passed right before the message. Then it
   *   resolves when that has happened, and rejects when neither is sent.
   */
  send(message: Out, passing?: Passing): Promise<void>;

  /**
   * Prepares to pass an open descriptor of this process to the peer with a message of this session. A link without
   * this method passes none.
   *
   * @param name - What the descriptor is called in errors.
   * @throws {ArgumentError} When the descriptor is not open.
   * @throws {DescriptorError} When the stream, or this process, cannot pass descriptors.
   * @throws {ClosedError} When there is no open stream, or the session ends meanwhile.
   */
  descriptor?(name: string, given: unknown): Promise<Passing>;

  /**
   * Delivers inbound messages in batches from now on, if the link was made with `forward`; not those of
   * the handshake. What came before the stream's end is delivered before `read()` ends.
   */
  forward(deliver: (messages: readonly In[]) => void): void;

  /**
   * Returns an iterator over the messages of this session, or of the next one; the contract is that of
   * `AsyncProtocol.messages()`.
   *
   * @param onTold - Called when a consumer learns the cause of the session's end from it.
   */
  messages(
    signal: AbortSignal | undefined,
    onTold: (cause: WirechartError) => void,
  ): AsyncIterableIterator<unknown>;

  /** Whether a consumer takes, or has taken, the messages of this session. */
  readonly isPulled: boolean;

  /** Ends the iterators over the messages of this session, which goes on. */
  endMessages(): void;

  /**
   * Calls `tap` with every message until the returned function, to be called once, is called. `tap` must not
   * throw.
   *
   * @param reads - Whether messages do not wait for an iterator as long as there is none. Default `false`.
   */
  observe(tap: Tap, reads?: boolean): () => void;
}
