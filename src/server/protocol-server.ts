/**
 * A server as an object with promises: many peers at one address, each with a machine of its own.
 *
 * A method sends the server's machine an event and returns a promise, which settles when the machine
 * reports. `Peers` holds the peers.
 */

import type { TlsOptions } from 'node:tls';
import { abortable } from '../async/abort.ts';
import { PendingCall } from '../async/pending-call.ts';
import { handOut } from '../async/rejection.ts';
import { type Deferred, defer } from '../async/deferred.ts';
import {
  ClosedError,
  ConnectError,
  describe,
  StateError,
  type WirechartError,
} from '../core/errors.ts';
import { isFailure, type Log } from '../core/log.ts';
import { printable } from '../core/printable.ts';
import { sealAddress } from '../core/sealed-address.ts';
import { checkDefinition } from '../core/definition.ts';
import { endOptions, signalOf } from '../core/options.ts';
import type { Peers } from './peers.ts';
import { mapIterator } from '../async/map-iterator.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { ClientConstructor, DefinedClient } from '../protocol/define-client.ts';
import { resolveLogger } from '../protocol/logging.ts';
import { createPeers, type PeerDefinition } from './create-peers.ts';
import { checkServerOptions, type ProtocolServerOptions, type ServerStats } from './options.ts';
import { SERVER_STATE_CONDITIONS, type ServerState } from '../core/server-state.ts';
import type { ServerEmitted } from '../machines/server-setup.ts';
import { adoptStream, type ServerRef, startServer } from './machine.ts';
import type {
  BoundAddress,
  BoundPath,
  BoundTcp,
  ListenAddress,
  PathAddress,
  ProtocolDefinition,
  StreamAddress,
  TcpAddress,
  WaitOptions,
} from '../core/types.ts';

export type { PeerDefinition } from './create-peers.ts';

/** The options of `close()`. */
export interface CloseOptions extends WaitOptions {
  /** Destroy every session at once, without flushing or waiting for the peers. Default false. */
  readonly force?: boolean | undefined;
}

/**
 * Accepts many peers at one address: IDLE → BINDING → LISTENING → CLOSING → IDLE, any number of times.
 * Streams that come from elsewhere are served as well: `adopt()`.
 *
 * Each peer is an `AsyncProtocol`. It takes one of `limits.maxPeers` slots and runs its handshake. When
 * all slots are taken, new peers wait in a backlog: connected, but not read from. When the backlog is
 * full, or after `timeouts.backlog`, a peer is closed and counted in `refused`. A peer that fails is
 * reported to `onPeerError`; a slow, flooding, resetting or stalled peer never affects the others.
 *
 * Serve the peers in the callbacks of their definition; in the option `onPeer`, one async function for each
 * peer; or in a loop over the server. The loop gets each peer when it is RUNNING. Several loops share the peers: each peer is delivered to one of them.
 * Leaving a loop closes nothing. All loops end when the server is closed. A loop that begins before the
 * first `listen()` waits for it; one that begins when the server is closed ends at once.
 *
 * @example
 * const server = new ProtocolServer<string>((number, peer) => ({
 *   codec: lines(),
 *   onMessage: (line) => peer().send(`${number}: ${line}`),
 * }));
 * await server.listen({ port: 7 });
 * for await (const peer of server) void peer.send('welcome');
 *
 * @typeParam In - An inbound message.
 * @typeParam Out - An outbound message.
 * @typeParam Peer - What stands for a peer: an `AsyncProtocol`, or a client of the class that was passed.
 */
export class ProtocolServer<In, Out = In, Peer = AsyncProtocol<In, Out>>
  implements AsyncDisposable, AsyncIterable<Peer>
{
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'ProtocolServer';

  /** The option `name`. The peers are named `name#1`, `name#2` and so on. */
  readonly name: string | undefined;

  readonly #peers: Peers<In, Out>;
  readonly #ref: ServerRef;
  readonly #logger: Log | undefined;
  #binding: PendingCall<BoundAddress> | undefined;
  #closing: Deferred<undefined>[] = [];

  /**
   * @param definition - The protocol, or a function that makes one for each peer; or a class of clients that
   *   extends `defineClient()`, of which each peer is an instance then.
   * @param options - The options of `AsyncProtocol`, which apply to each peer, and the server's own.
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(
    definition:
      | ProtocolDefinition<In, Out, unknown>
      | PeerDefinition<In, Out>
      | (DefinedClient<In, Out> & ClientConstructor<Peer>),
    options: ProtocolServerOptions<Peer> = {},
  ) {
    checkServerOptions(options);
    if (typeof definition !== 'function') checkDefinition('new ProtocolServer()', definition);
    this.name = options.name;
    this.#logger = resolveLogger(options, () => ({ state: this.state }));
    this.#peers = createPeers(definition, options, this.#logger);
    this.#ref = startServer(this.#peers, options, this.#logger);
    this.#ref.on('*', (emitted) => {
      this.#onEmitted(emitted);
    });
    // The machine was stopped from outside, in any state. It emits nothing any more.
    const onStopped = (error?: unknown): void => {
      this.#settle(new ConnectError('connection', stopped(error)));
    };
    this.#ref.subscribe({ complete: onStopped, error: onStopped });
  }

  /** The current state of the machine. */
  get state(): ServerState {
    const { status, value } = this.#ref.getSnapshot();
    if (status !== 'active') return 'IDLE';
    if (typeof value !== 'string') return 'CLOSING';
    // A listen() in a callback of the busy machine waits in its mailbox, and counts already.
    return value === 'IDLE' && this.#binding !== undefined ? 'BINDING' : value;
  }

  /**
   * Where the server listens, with the real port; `undefined` when it does not. It can be passed to
   * `connect()`; with TLS, add `tls` to it.
   */
  get address(): BoundAddress | undefined {
    return this.state === 'LISTENING' ? this.#ref.getSnapshot().context.bound : undefined;
  }

  /**
   * Counts of the peers, and the sum of their traffic, taken now. Reading them takes time in proportion to the
   * number of peers: about 1 ms for 1 000.
   */
  get stats(): ServerStats {
    return this.#peers.stats;
  }

  /** The peers that are RUNNING, whether or not a loop has taken them. */
  get peers(): readonly Peer[] {
    return this.#peers.running.map(this.#peerOf);
  }

  /**
   * How many peers were closed because the backlog was full or `timeouts.backlog` passed, or could not be
   * accepted, since the server was created. Connections that the operating system drops for want of file
   * descriptors are not counted.
   */
  get refused(): number {
    return this.#peers.refused;
  }

  /**
   * Binds a socket, within `timeouts.connect`, and accepts peers from then on. Resolves with the address.
   * When it rejects with anything but a `StateError`, the state is IDLE and nothing is open. Legal in IDLE.
   *
   * @param address - Where to listen. A port of 0 lets the system choose one. A socket file that no
   *   process serves is replaced; any other existing file is an error, and so is a stream. `{ fd }` is a
   *   listening socket that this process has inherited; it is closed with the server.
   * @param options - `signal` ends the attempt to bind; later it has no effect.
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} When the socket cannot be bound: `cause` says why. Its code is
   *   `ERR_CONNECT_ABORTED` when `close()` ended the attempt.
   * @throws `signal.reason`, when the signal was aborted.
   */
  listen(address: TcpAddress, options?: WaitOptions): Promise<BoundTcp>;
  /** The same for a UNIX socket, given as `{ path }`. */
  listen(address: PathAddress, options?: WaitOptions): Promise<BoundPath>;
  /** The same for any address. */
  listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress>;
  listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress> {
    return handOut(this.#listen(address, options));
  }

  /**
   * Serves a stream that did not come from the server's own listener, as if it had: within the same limits
   * and deadlines, with a number of its own, also for the loops over the server, and until `close()`.
   * Examples are a WebSocket, a socket that another process has accepted, or the standard input and output.
   *
   * Legal in IDLE, which needs no listener (the state is then ADOPTING, until `close()`), in LISTENING and
   * in ADOPTING. The server owns the stream from the call on, and destroys it also when the call rejects,
   * except with an `ArgumentError`. The promise need not be awaited: a peer that fails is reported to
   * `onPeerError`, too.
   *
   * @param stream - An open stream of bytes, as in `connect({ stream })`.
   * @param options - `signal` gives the peer up, until it is RUNNING.
   * @returns The peer, when it is RUNNING.
   * @throws {StateError} When the server is binding or closing.
   * @throws {ArgumentError} When the stream cannot be used.
   * @throws {ConnectError} When the peer has failed before it was RUNNING or was refused, because the
   *   backlog is full or `timeouts.backlog` has passed. Its code is `ERR_CONNECT_ABORTED` when the server was
   *   closed meanwhile.
   * @throws `signal.reason`, when the signal was aborted.
   */
  adopt(stream: StreamAddress['stream'], options?: WaitOptions): Promise<Peer> {
    return handOut(this.#adopt(stream, options));
  }

  /**
   * Gives TLS another certificate, or other options, without closing anything: handshakes that begin from now
   * on use it, also those of peers in the backlog, and running sessions go on. Legal in LISTENING, after a
   * `listen()` with `tls`.
   *
   * @param options - TLS options as in `listen()`. Those that you leave out stay as they are, so that
   *   `{ key, cert }` renews the certificate and goes on checking clients as before. A `key` or `cert`
   *   replaces a `pfx`, and a `pfx` replaces both. Sessions of TLS that began before cannot be resumed.
   * @throws {StateError} When the server is not listening, or listens without TLS.
   * @throws {ArgumentError} When the options cannot be used, or the result has `ca` without `requestCert`.
   *   Those from before stay in force.
   */
  setSecureContext(options: TlsOptions): void {
    this.#require('LISTENING');
    if (!this.#peers.isTls) {
      const text = `${this.constructor.name} listens without TLS: listen() needs tls`;
      throw new StateError(text, this.state, 'LISTENING');
    }
    this.#peers.renewTls(options);
  }

  /**
   * Stops listening, closes the peers in the backlog, and disconnects all others gracefully, as their
   * `disconnect()` does: each handler that is under way may finish and send, and everything that was sent is
   * flushed. Peers that are still connected after `timeouts.shutdown` are destroyed, and fail with a
   * `TimeoutError`. Resolves in IDLE, when nothing is open. Legal in every state, any number of times.
   *
   * In `onMessage`, do not await it after another `await`: it waits for the handler, until `timeouts.drain`
   * has passed.
   *
   * @param options - `force` destroys every session at once, also when an earlier call is still pending.
   *   `signal` gives up the wait and not the closing, also when it was aborted before the call.
   * @throws `signal.reason`, when the signal was aborted.
   */
  close(options?: CloseOptions): Promise<void> {
    return handOut(this.#close(options));
  }

  /** Returns an iterator over the peers, each as soon as it is RUNNING; see the class. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Peer> {
    return mapIterator(this.#peers.values(), this.#peerOf);
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Returns `<ProtocolServer name='chat' state=LISTENING peers=3>`, without `name` if it has none. */
  toString(): string {
    const name = this.name === undefined ? '' : `name='${printable(this.name)}' `;
    const peers = String(this.peers.length);
    return `<${this.constructor.name} ${name}state=${this.state} peers=${peers}>`;
  }

  /** What `util.inspect()` and `console.log()` show. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** What stands for a peer: its protocol, or the client that is built on that. */
  readonly #peerOf = ({ owner }: AsyncProtocol<In, Out>): Peer =>
    // The type is that of what the constructor was given.
    owner as Peer;

  async #listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress> {
    const signal = signalOf('listen()', options);
    this.#require('IDLE');
    signal?.throwIfAborted();
    this.#binding = new PendingCall<BoundAddress>(signal, (reason) => {
      this.#ref.send({ type: 'ABORT', reason });
    });
    const bound = this.#binding.promise;
    this.#peers.renew();
    this.#ref.send({ type: 'LISTEN', address: sealAddress(address) });
    return bound;
  }

  async #adopt(stream: StreamAddress['stream'], options?: WaitOptions): Promise<Peer> {
    const signal = signalOf('adopt()', options);
    const connection = adoptStream(stream);
    try {
      this.#require('IDLE', 'LISTENING', 'ADOPTING');
      signal?.throwIfAborted();
    } catch (error) {
      connection.close();
      throw error;
    }
    const adopted = this.#peers.adopted(connection);
    this.#peers.renew();
    this.#ref.send({ type: 'ADOPT', connection });
    return this.#peerOf(
      await abortable(adopted, signal, () => {
        this.#peers.giveUp(connection);
      }),
    );
  }

  async #close(options?: CloseOptions): Promise<void> {
    const { force, signal } = endOptions('close()', options);
    if (this.#ref.getSnapshot().status !== 'active') {
      signal?.throwIfAborted();
      return;
    }
    const closed = defer<undefined>();
    this.#closing.push(closed);
    this.#ref.send({ type: 'CLOSE', force });
    await abortable(closed.promise, signal);
  }

  #require(...allowed: [ServerState, ...ServerState[]]): void {
    const { state } = this;
    if (this.#ref.getSnapshot().status !== 'active') throw stopped();
    if (allowed.includes(state)) return;
    const text = `${this.constructor.name} is ${SERVER_STATE_CONDITIONS[state]}`;
    throw new StateError(text, state, allowed[0]);
  }

  #onEmitted(emitted: ServerEmitted): void {
    switch (emitted.type) {
      case 'state':
        this.#logger?.debug(emitted.state);
        break;
      case 'listening':
        this.#binding?.resolve(emitted.address);
        this.#binding = undefined;
        this.#logger?.debug(`listening on ${JSON.stringify(emitted.address)}`);
        break;
      case 'adopted':
        this.#peers.adopt(emitted.connection);
        break;
      case 'dismissed':
        this.#peers.dismiss(emitted.connection);
        break;
      case 'problem':
        this.#logger?.warn(describe(emitted.error), { error: emitted.error });
        break;
      case 'closed':
        this.#settle(emitted.cause);
        this.#logCause(emitted.cause);
        break;
    }
  }

  #logCause(cause: WirechartError | undefined): void {
    if (cause === undefined) return;
    this.#logger?.[isFailure(cause) ? 'warn' : 'info'](describe(cause), { error: cause });
  }

  /** @param cause - Why the socket was not bound; without one, a pending `listen()` is not concerned. */
  #settle(cause: WirechartError | undefined): void {
    if (cause !== undefined) {
      this.#binding?.reject(cause);
      this.#binding = undefined;
    }
    for (const closed of this.#closing.splice(0)) closed.resolve(undefined);
  }
}

const stopped = (error?: unknown): ClosedError =>
  new ClosedError('The machine was stopped; it cannot be used again.', { cause: error });
