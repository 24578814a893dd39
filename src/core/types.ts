/** The words that protocols, the engine and its users share: interfaces only, no behaviour. */

import type { Duplex } from 'node:stream';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import type { WirechartError } from './errors.ts';

/**
 * Where the peer is, or where to listen.
 *
 * - a string, or `{ path }`: a UNIX socket, as in QEMU;
 * - `{ host?, port, tls? }`: TCP (`host` defaults to `127.0.0.1`), with TLS when `tls` is given. Node's
 *   own options and defaults apply: a client checks the server's certificate and its name;
 * - `{ stream }`: an open byte stream (a socketpair, the stdio of a child, an SSH channel). The
 *   engine owns it from the call on and destroys it in the end. It cannot be listened on.
 */
export type Address =
  | string
  | { readonly path: string }
  | {
      readonly host?: string | undefined;
      readonly port: number;
      readonly tls?: ConnectionOptions | TlsOptions | undefined;
    }
  | { readonly stream: Duplex };

/** Where `listen()` really listens: the port is the bound one, also when 0 was asked for. */
export type BoundAddress =
  { readonly path: string } | { readonly host: string; readonly port: number };

/** The bounds of a session's buffers. */
export interface Limits {
  /** The largest inbound message, in bytes without its framing. Default 16 MiB (16 777 216). */
  readonly maxMessageBytes?: number | undefined;
  /**
   * How many outgoing bytes may wait for the kernel before `send()` asks its caller to wait.
   * Default 256 KiB (262 144).
   */
  readonly highWaterMark?: number | undefined;
  /**
   * How many outgoing bytes may wait for the kernel before `send()` refuses a message, for callers
   * that do not wait when asked to. Default 256 MiB (268 435 456).
   */
  readonly maxQueuedBytes?: number | undefined;
}

/**
 * Deadlines, in milliseconds. `Infinity` switches one off; so does anything above 2 147 483 647
 * (about 24.8 days), the longest time that a timer can hold.
 */
export interface Timeouts {
  /** From `connect()` to an open stream, or from `listen()` to a bound socket. Default 10 000. */
  readonly connect?: number | undefined;
  /** From `accept()` to a peer. Default 30 000. */
  readonly accept?: number | undefined;
  /** From an open stream to `RUNNING`. Default 10 000. */
  readonly handshake?: number | undefined;
  /** From `disconnect()`, or the peer's end, until all that was sent is with the kernel. Default 5 000. */
  readonly flush?: number | undefined;
  /** From then until the peer has closed too. Past it the stream is destroyed. Default 2 000. */
  readonly close?: number | undefined;
}

/** The deadlines of a server, in milliseconds, and of each of its sessions. */
export interface ServerTimeouts extends Timeouts {
  /**
   * From a peer's arrival to a place for it. Past it the peer is closed, and counted in `refused`.
   * Default 30 000: longer than a handshake may last, so that those that end none lock nobody out.
   */
  readonly backlog?: number | undefined;
  /**
   * From `close()` until all peers have left. Past it those that stay are destroyed, and their sessions
   * fail with a `TimeoutError`. Default 10 000.
   */
  readonly drain?: number | undefined;
}

/**
 * How bytes become messages and messages bytes, without I/O: a codec never waits and knows no socket.
 */
export interface Codec<In, Out = In> {
  /**
   * One message with its framing.
   *
   * @throws {CodecError} When the message cannot be encoded. The session is not affected.
   */
  encode(message: Out): string | Uint8Array;
  /**
   * A decoder for one session.
   *
   * @param limits - Only `maxMessageBytes` concerns it.
   * @param isWatched - Whether messages are shown to others than the protocol itself, now: in records,
   *   to an inspector, to a parent that has them forwarded. While they are not, a decoder may leave out
   *   a message that its protocol has no use for.
   */
  createDecoder(limits: Limits, isWatched?: () => boolean): Decoder<In>;
}

/** Turns the bytes of one session into messages; `write()` bytes, then `read()` until `undefined`. */
export interface Decoder<In> {
  /** Takes the next bytes as they came; they may hold any part of a message, or several. */
  write(chunk: Uint8Array): void;
  /**
   * The next message, or `undefined` when more bytes are needed.
   *
   * @throws {CodecError} When the bytes are not a message.
   * @throws {LimitError} When the message is, or would become, larger than `maxMessageBytes`.
   */
  read(): In | undefined;
  /**
   * The stream has ended; to be called when `read()` has given all messages.
   *
   * @throws {CodecError} When the stream was cut in the middle of a message; its cause is a
   *   `ClosedError`, which tells that the peer left from a peer that speaks something else.
   */
  end(): void;
}

/** The two directions of a stream, while the handshake has it for itself. */
export interface Handshake<In, Out = In> {
  /**
   * The next inbound message.
   *
   * @throws {ClosedError} When the peer ended the stream.
   * @throws {CodecError} When the bytes are not a message.
   * @throws {LimitError} When the message is too large.
   * @throws `signal.reason`, when the attempt ended early.
   */
  receive(): Promise<In>;
  /**
   * Sends a message; resolves when it is with the kernel.
   *
   * @throws {ClosedError} When the stream has ended.
   * @throws {CodecError} When the message cannot be encoded.
   * @throws `signal.reason`, when the attempt ended early.
   */
  send(message: Out): Promise<void>;
  /** Aborted when the attempt ends early: `disconnect()`, a deadline, the caller's signal. */
  readonly signal: AbortSignal;
}

/**
 * What the author of a protocol writes.
 *
 * A callback that throws, or whose promise rejects, ends the session with that error as its cause:
 * a `WirechartError` as it is, anything else wrapped in a `HandlerError`.
 */
export interface ProtocolDefinition<In, Out = In> {
  readonly codec: Codec<In, Out>;
  /**
   * Establishes the session on an open stream, before the loops start: greetings, negotiation. The
   * session runs when its promise resolves; a rejection is the cause of the `ConnectError`.
   */
  handshake?(session: Handshake<In, Out>): Promise<void>;
  /**
   * Takes the inbound messages, one at a time and in order. Nothing more is read from the peer
   * while a returned promise is pending, so it must not wait for a later message. One that is still
   * pending when its session ends is waited for no more: the next session may begin beside it.
   */
  onMessage?(message: In): void | Promise<void>;
  /** Sees, and may replace, every inbound message, those of the handshake included. */
  inbound?(message: In): In;
  /** Sees, and may replace, every outbound message, those of the handshake included. */
  outbound?(message: Out): Out;
}

/** Where records go; the shape that `console` and pino have in common. */
export interface Logger {
  /** Traffic, and every step of the lifecycle. */
  debug(text: string): void;
  /** Ends that need not be anybody's fault. */
  info(text: string): void;
  /** Failures, and what was thrown away. */
  warn(text: string): void;
  /** Not used by the library itself. */
  error(text: string): void;
}

/** Timers, as XState uses them; XState's `SimulatedClock` is one, for tests. */
export interface Clock {
  /** Calls `callback` once, after `ms` milliseconds of this clock's time. Returns the timer's id. */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Cancels a timer. */
  clearTimeout(id: unknown): void;
}

/** For a wait that can be given up. The promise then rejects with `signal.reason` itself. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How to disconnect. */
export interface DisconnectOptions extends WaitOptions {
  /** Neither flush nor wait for the peer: destroy at once. Default false. */
  readonly force?: boolean | undefined;
}

/** How a session, or an attempt at one, ended. */
export interface SessionOutcome {
  /** Why it failed; absent when it ended as asked. The first cause wins. */
  readonly cause?: WirechartError;
  /** What went wrong after that, or without harm, in order. */
  readonly suppressed: readonly WirechartError[];
  /** How many messages were accepted by `send()` and did not reach the kernel. */
  readonly undelivered: number;
}
