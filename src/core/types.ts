/** The types that protocol authors, applications and the engine share: interfaces, no behaviour. */

import type { Duplex } from 'node:stream';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import type { Codec } from './codec.ts';
import type { WirechartError } from './errors.ts';
import type { SessionLogic } from './session-logic.ts';
import type { SealedAddress } from './sealed-address.ts';
import type { Remote } from './remote.ts';

export type { Codec, Decoder, Limits } from './codec.ts';
export type { LogFields, LogFunction, Logger, LogLevel, LogRecord } from './logger.ts';

/**
 * Where the peer is, or where to listen.
 *
 * - a string, or `{ path, mode? }`: the path of a UNIX socket, at most 107 bytes long. `mode` is for
 *   `listen()`: the permissions of the socket, which it has before its name exists. By default they are
 *   `0o600`: only processes of the same user can connect;
 * - `'unix:PATH'`, `'tcp:HOST:PORT'`, `'tls:HOST:PORT'`: as QEMU writes addresses, without its options. An
 *   IPv6 address stands in brackets. (For a file whose name begins like that, write `./unix:x` or `{ path }`.)
 * - `{ host?, port, tls?, keepAlive? }`: TCP, `host` being `127.0.0.1` by default. `tls` turns TLS on and
 *   takes Node's own options, with Node's defaults: a client verifies the server's certificate and name.
 *   `tls: undefined` is an error, and an option of TLS that is `undefined` counts as absent. To serve only
 *   clients with a certificate of your `ca`, `listen()` needs `requestCert: true`, too.
 *   `keepAlive` is after how many ms without a byte TCP begins to probe whether the peer's system is still
 *   there; `true`, the default, stands for 30 000, and `false` for never. It does not notice a process that
 *   hangs: for that, see `timeouts.idle`;
 * - `{ stream }`: an open byte stream (a socketpair, an SSH channel), or the readable and the writable
 *   stream that it consists of (the stdio of a child, a pair of WHATWG streams), for
 *   `connect()` only. The engine owns it from the call on and destroys it when the session ends;
 * - what `sealAddress()` returns: one of these, whose TLS options are not shown by anything that prints or
 *   persists it.
 *
 * An address that cannot be used, or has a member with an unknown name, makes the call reject with a
 * `ConnectError` whose `cause` is an `ArgumentError`.
 */
export type Address =
  | string
  | { readonly path: string; readonly mode?: number | undefined }
  | {
      readonly host?: string | undefined;
      readonly port: number;
      readonly tls?: ConnectionOptions | TlsOptions;
      readonly keepAlive?: boolean | number | undefined;
    }
  | { readonly stream: Duplex | NodeJS.ReadWriteStream | StreamPair }
  | SealedAddress;

/** The form of an address that has a port. */
export type TcpAddress = Extract<Address, { readonly port: number }>;

/** The form of an address that is an object with a path. */
export type PathAddress = Extract<Address, { readonly path: string }>;

/** The form of an address that has a stream. */
export type StreamAddress = Extract<Address, { readonly stream: unknown }>;

/** A readable stream and a writable one, each of Node or of the WHATWG, as one byte stream. */
export interface StreamPair {
  /** What the peer sends. */
  readonly readable: NodeJS.ReadableStream | WebReadable;
  /** What is sent to the peer. */
  readonly writable: NodeJS.WritableStream | WebWritable;
}

/** The part of a `ReadableStream` of the WHATWG that is used. Its chunks must be `Uint8Array`s. */
export interface WebReadable {
  /** Locks the stream. */
  getReader(): {
    /** The next chunk, or `done`. */
    read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
    /** Gives the stream up. */
    cancel(reason?: unknown): Promise<void>;
  };
}

/** The part of a `WritableStream` of the WHATWG that is used. It gets `Uint8Array`s. */
export interface WebWritable {
  /** Locks the stream. */
  getWriter(): {
    /** Resolves when the chunk was taken. */
    write(chunk: Uint8Array): Promise<void>;
    /** Ends the stream after all chunks. */
    close(): Promise<void>;
    /** Ends it at once, as failed. */
    abort(reason?: unknown): Promise<void>;
  };
}

/**
 * Where `listen()` can bind: an `Address`, except a stream; or `{ fd }`, the number of a file descriptor
 * that this process has inherited and that listens already, as systemd's socket activation passes one. The
 * engine owns the descriptor, and closes it with the listener. It leaves the file of a UNIX socket alone.
 */
export type ListenAddress = Address | InheritedListener;

/** A listening socket, TCP or UNIX, that this process has inherited. */
export interface InheritedListener {
  /** The number of the file descriptor, such as 3. */
  readonly fd: number;
  /** Turns TLS on, with the options of Node's `tls.createServer()`. */
  readonly tls?: TlsOptions;
}

/** Where a TCP socket is bound: the actual address and port, even if the port 0 was requested. */
export interface BoundTcp {
  /** The IP address. */
  readonly host: string;
  /** The port. */
  readonly port: number;
}

/** Where a UNIX socket is bound. */
export interface BoundPath {
  /** The path of its file. Of an inherited descriptor it is known on Linux only; elsewhere it is empty. */
  readonly path: string;
}

/** The address that `listen()` bound. It can be passed to `connect()`; with TLS, add `tls` to it. */
export type BoundAddress = BoundTcp | BoundPath;

/**
 * Deadlines, in milliseconds. `Infinity` turns one off, and so does any value above 2 147 483 647
 * (about 24.8 days), the longest delay of a timer; a value that is not a number above 0 is an
 * `ArgumentError`.
 *
 * When `connect`, `accept` or `handshake` passes, the call rejects with a `ConnectError` whose
 * `cause` is a `TimeoutError`.
 */
export interface Timeouts {
  /** From `connect()` to an open stream, or from `listen()` to a bound socket. Default 10 000. */
  readonly connect?: number | undefined;
  /** From `accept()` to the arrival of a peer. Default 30 000. */
  readonly accept?: number | undefined;
  /** From an open stream to `RUNNING`. Default 10 000. */
  readonly handshake?: number | undefined;
  /**
   * From `disconnect()` until the handler of the last message, and then `farewell`, have finished. Past
   * it the end goes on without them, and the `TimeoutError` is kept in `SessionOutcome.suppressed`.
   * Default 5 000.
   */
  readonly drain?: number | undefined;
  /**
   * From then, or the peer's end of stream, until everything sent has been handed to the kernel. Past it the stream is destroyed, and the session fails with a `TimeoutError`. Default
   * 5 000.
   */
  readonly flush?: number | undefined;
  /**
   * From then until the peer has ended its side too. Past it the stream is destroyed, and the
   * `TimeoutError` is kept in `SessionOutcome.suppressed`. Default 2 000.
   */
  readonly close?: number | undefined;
  /**
   * How long the peer of a running session may be silent, that is, send no byte; the time in which a
   * pending `onMessage` keeps the engine from reading does not count. Past it, and at most a quarter
   * later, the session fails with a `TimeoutError`. Default `Infinity`.
   */
  readonly idle?: number | undefined;
  /**
   * From `RUNNING` until the first message of the peer has been decoded; a message of the handshake
   * counts. Past it the session fails with a `TimeoutError`. For a server whose peers speak
   * first: one that says nothing, or never ends its first message, does not keep its slot. Default
   * `Infinity`.
   */
  readonly firstMessage?: number | undefined;
}

/** The deadlines of a server and of each of its sessions, in milliseconds. */
export interface ServerTimeouts extends Timeouts {
  /**
   * How long a peer may wait in the backlog for a free slot. Past it the peer is closed, and
   * counted in `refused`. Default 30 000: longer than the default of `handshake`, so that stalled
   * handshakes free their slots before the peers behind them are closed.
   */
  readonly backlog?: number | undefined;
  /**
   * From the server's `close()` until the session of every peer has ended. Past it the remaining sessions
   * are destroyed and fail with a `TimeoutError`. Default 15 000: longer than the defaults of `drain`,
   * `flush` and `close` together, which limit the end of each session.
   */
  readonly shutdown?: number | undefined;
}

/**
 * What the protocol's own code may do with its session. All members can be destructured.
 *
 * `handshake` and `farewell` receive and send messages one by one; once the promise of such a callback has
 * settled, its session rejects with a `StateError`. `onMessage`, `onEnd` and the logic `session` get a session
 * whose `send()` is that of the facade.
 *
 * @typeParam Negotiated - What the handshake has resolved with; `undefined` in the handshake itself.
 */
export interface Session<In, Out = In, Negotiated = undefined> {
  /**
   * In `handshake` and `farewell`: resolves with the next inbound message, as the `inbound` callback
   * returned it. Calls that overlap are served in order; messages that the handshake does not receive go to
   * `onMessage`.
   *
   * @param options - `signal` gives up the wait; the message stays to be received.
   * @throws {StateError} In another callback, or when the callback has settled.
   * @throws {ClosedError} When the peer ended the stream, or the stream failed.
   * @throws {CodecError} When the bytes are not a message.
   * @throws {LimitError} When the message is larger than `maxMessageBytes`.
   * @throws {HandlerError} When the `inbound` callback threw.
   * @throws `signal.reason`, when the attempt ended early.
   */
  readonly receive: (options?: WaitOptions) => Promise<In>;
  /**
   * Sends a message, as the `outbound` callback returns it. In `handshake` and `farewell` it resolves when
   * the message has been handed to the kernel; in other callbacks as `AsyncProtocol.send()` does, with the
   * same errors.
   *
   * @throws {StateError} When the callback, or the session, does not send any more.
   * @throws {ClosedError} When the stream has closed or failed.
   * @throws {CodecError} When the message cannot be encoded.
   * @throws {HandlerError} When the `outbound` callback threw.
   * @throws `signal.reason`, when the attempt ended early.
   */
  readonly send: (message: Out) => Promise<void>;
  /**
   * In `handshake`: starts TLS on the stream, as STARTTLS does. Resolves when the TLS handshake has succeeded;
   * `send()` and `receive()` then use TLS, with a new decoder, and `remote` has the peer's certificate. Each
   * `receive()` must have settled before. The deadline is that of the handshake, `timeouts.handshake`.
   *
   * What the peer has sent in plaintext beyond the last message that was received would otherwise count as
   * sent within TLS, though anyone on the way may have put it there (CVE-2011-0411): it is refused.
   *
   * @param tls - Node's own options, with Node's defaults, as in an address: a client verifies the
   *   certificate, and the name in it against `servername`. Default of that: the host that was dialed.
   * @throws {CodecError} When plaintext is left over. `raw` has its beginning, as far as it is known.
   * @throws {ClosedError} When TLS fails, with its error as the `cause`; when the stream closes or has failed.
   * @throws {ArgumentError} When the options cannot be used.
   * @throws {StateError} In another callback, when the handshake has settled, while a `receive()` or another
   *   `upgrade()` is pending.
   * @throws `signal.reason`, when the attempt ended early.
   */
  readonly upgrade: (
    tls: ConnectionOptions | TlsOptions,
    options?: UpgradeOptions,
  ) => Promise<void>;
  /**
   * In `handshake`: uses another codec from now on, in both directions. Bytes behind the last message that
   * was received go to the new codec. The next session begins with the codec of the definition again.
   *
   * @throws {ArgumentError} When it is not a codec.
   * @throws {CodecError} When the bytes behind the last message cannot be found: the decoder has no `rest()`,
   *   and the handshake has received more than 64 KiB.
   * @throws {StateError} In another callback, when the handshake has settled, while `upgrade()` is pending.
   */
  // As a method's, its parameter lets a protocol of JSON be passed as one of `unknown`.
  readonly switchCodec: { of(codec: Codec<In, Out>): void }['of'];
  /** What the handshake has resolved with. */
  readonly negotiated: Negotiated;
  /**
   * Who is at the other end: its address, the path of the socket, its TLS certificate. After `upgrade()`, read
   * it again.
   */
  readonly remote: Remote;
  /**
   * Aborted when the attempt or the session has ended; the same signal in all callbacks of a session. Its
   * reason, for an attempt: that of the caller's signal, the `TimeoutError` of the deadline, the one given to
   * `fail()` or, after `disconnect()`, an `AbortError`. For a session: its cause or else an `AbortError`.
   */
  readonly signal: AbortSignal;
}

/** How `Session.upgrade()` starts TLS. */
export interface UpgradeOptions {
  /**
   * Whether we are the server of TLS, and not the client. Default: true for a peer that was accepted, by
   * `accept()` or by a server, else false.
   */
  readonly isServer?: boolean | undefined;
}

/**
 * A callback that converses with the peer: a function of the session; or actor logic of XState 5, or a function
 * that returns some.
 *
 * The logic runs as an actor, a child of the actor `handshake` or `farewell` of the machine, with the input
 * `{ session }`. It has ended when it is done: its output is what a function would resolve with; an error of
 * the actor is what it would reject with. Logic that cannot be done, such as `fromCallback()`, ends by what it
 * sends back to its parent: `{ type: 'DONE', output }` or `{ type: 'FAIL', error }`. The actor is stopped when
 * the attempt ends early: at its deadline, for example.
 *
 * @typeParam S - The session.
 * @typeParam Output - What a function resolves with.
 * @typeParam LogicOutput - The output of the logic.
 */
export type SessionCallback<S, Output, LogicOutput = Output> =
  SessionFunction<S, Output, LogicOutput>['call'] | SessionLogic<S, LogicOutput>;

/** The function that a `SessionCallback` may be. */
export interface SessionFunction<S, Output, LogicOutput = Output> {
  /** A method, so that its session is compared as that of a method: a callback may ask for less. */
  call(session: S): Promise<Output> | SessionLogic<S, LogicOutput>;
}

/**
 * A protocol: a codec, and callbacks, all of them optional.
 *
 * A callback that throws, or whose promise rejects, ends the session with that error as its cause:
 * a `WirechartError` as it is, anything else wrapped in a `HandlerError`.
 *
 * @typeParam Negotiated - What the handshake resolves with: `protocol.negotiated`.
 */
export interface ProtocolDefinition<In, Out = In, Negotiated = void> {
  /** Turns bytes into messages and back. */
  readonly codec: Codec<In, Out>;
  /**
   * Establishes the session on an open stream: greetings, negotiation. When its promise resolves,
   * the state becomes RUNNING; when it rejects, `connect()` or `accept()` rejects with a
   * `ConnectError` that has the error as its `cause`. What it resolves with is `protocol.negotiated`, and
   * `negotiated` of later sessions. The deadline is `timeouts.handshake`.
   *
   * It may also be actor logic of XState 5, or return some: a machine, for example, which an inspector then
   * shows. See `SessionCallback`.
   */
  handshake?: SessionCallback<Session<In, Out>, Negotiated>;
  /**
   * Handles the inbound messages, one at a time and in order. While a returned promise is pending,
   * nothing more is read from the peer, so the handler must not wait for a later message: when it has
   * been pending for more than 5 s while bytes wait, a warning says so. To return the promise of a
   * `send()` costs nothing while there is room. A handler that is still pending when its session ends
   * is no longer awaited: the next session may begin while it runs. Without `onMessage`, messages go to
   * `messages()` if that was called, and else they are read and dropped, unless `pull` is set.
   */
  onMessage?(message: In, session: Session<In, Out, Negotiated>): void | Promise<void>;
  /**
   * Whether messages wait until they are taken, by `for await (const message of protocol)` or `messages()`:
   * nothing is read from the peer that no loop has asked for, from the start of the session on. While no loop
   * asks, the end of the peer's stream is not noticed either. In a statechart, `protocolMessages` reads while there
   * is no loop. Not together with `onMessage`. Default `false`: until a loop begins, messages are read and
   * dropped. With `onPeer` of a server the default is `true`.
   */
  readonly pull?: boolean | undefined;
  /**
   * Actor logic of XState 5 that runs while the session is RUNNING: a machine whose states are those of the
   * session, for example; see `SessionLogic`. It runs as a child of the actor `session` of the machine, with the
   * input `{ session }`, whose `send()` is that of the facade; messages go on to `onMessage`.
   *
   * When it is done, the session ends as by `disconnect()`: with the farewell, flushed, without a cause. When it
   * fails, the session ends as by `fail()`: its error is the cause, a `WirechartError` as it is, anything else
   * wrapped in a `HandlerError`. Logic that cannot be done, such as `fromCallback()`, ends by what it sends back
   * to its parent: `{ type: 'DONE' }` or `{ type: 'FAIL', error }`. When the session ends for another reason, it
   * is stopped as soon as the state is no longer RUNNING, before the farewell.
   *
   * In a client class, `session()` is a method that returns such logic.
   */
  session?: SessionLogic<Session<In, Out, Negotiated>, unknown>;
  /**
   * Is called when the peer has ended its side of the stream, after all of its messages have been
   * handled. While a returned promise is pending, the session stays RUNNING, and answers can be sent.
   * Then the session ends, unless `allowHalfOpen` is set.
   */
  onEnd?(session: Session<In, Out, Negotiated>): void | Promise<void>;
  /**
   * The protocol's goodbye, in every graceful end from our side: runs after the handler of the last
   * message, on a stream that is flushed. Messages that were not handled yet are received here. What it
   * throws is kept in `SessionOutcome.suppressed`. The deadline is `timeouts.drain`, together with the
   * handler's. It may also be actor logic, as the handshake may, with any output.
   */
  farewell?: SessionCallback<Session<In, Out, Negotiated>, void, unknown>;
  /** Is given every inbound message, also those of the handshake, and returns it or another. */
  inbound?(message: In): In;
  /** Is given every outbound message, also those of the handshake, and returns it or another. */
  outbound?(message: Out): Out;
  /**
   * Returns what people may see of a message: a copy without its secrets. It is called for each message,
   * inbound or outbound, before a logger, a recording or an inspector shows it, and has no effect on what
   * is sent or handled. It must not change the message. If it throws, the message is hidden.
   *
   * Default: `redactSecrets(message)`, which hides the members whose names say that they are secrets, such
   * as `password`, `token` and `key`. A callback of your own replaces this rule; call `redactSecrets()` in
   * it to keep it, with the names of your protocol.
   *
   * @example
   * redact: (message) => redactSecrets(message, { also: ['pin'], except: ['key'] }),
   */
  redact?(message: In | Out): unknown;
}

/** Timers, in the shape of XState's clocks: for tests, XState's `SimulatedClock` can be used. */
export interface Clock {
  /** Calls `callback` once, after `ms` milliseconds of this clock. Returns the timer's id. */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Cancels a timer. */
  clearTimeout(id: unknown): void;
}

/** The options of a call that waits. */
export interface WaitOptions {
  /** Gives up the wait when it is aborted; the promise then rejects with `signal.reason` itself. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of `disconnect()`. */
export interface DisconnectOptions extends WaitOptions {
  /** Destroy the stream at once, without flushing or waiting for the peer. Default false. */
  readonly force?: boolean | undefined;
}

/** Why a peer that runs a guest, as QEMU does, has shut down. */
export interface Shutdown {
  /** Whether the guest asked for it, and not the host. */
  readonly guest: boolean;
  /** The reason in the peer's words, such as `guest-shutdown` or `host-signal`. */
  readonly reason: string;
}

/** How a session, or an attempt to connect, ended. */
export interface SessionOutcome {
  /** The first failure; absent when the session ended as requested or announced. */
  readonly cause?: WirechartError;
  /** Present when the peer ended the stream because it had shut down: a clean end. */
  readonly shutdown?: Shutdown;
  /**
   * The first 20 of the later failures, and of incidents that did no harm, in order. One that holds more than
   * 64 KiB is a copy, in which texts are cut and large members left out.
   */
  readonly suppressed: readonly WirechartError[];
  /** How many messages `send()` accepted that were not handed to the kernel. */
  readonly undelivered: number;
}
