/**
 * A server as an object with promises: many peers at one address, each with a machine of its own.
 *
 * A method sends the server's machine an event and returns a promise, which settles when the machine
 * reports. `Peers` holds the peers.
 */

import { abortable } from '../async/abort.ts';
import { PendingCall } from '../async/pending-call.ts';
import { type Deferred, defer } from '../async/deferred.ts';
import {
  ClosedError,
  ConnectError,
  describe,
  StateError,
  type WirechartError,
} from '../core/errors.ts';
import { isFailure } from '../core/log.ts';
import { Peers } from './peers.ts';
import { AsyncProtocol } from '../protocol/async-protocol.ts';
import {
  type ProtocolServerOptions,
  resolveServerDeadlines,
  resolveServerLimits,
} from './options.ts';
import { SERVER_STATE_CONDITIONS, type ServerState } from '../core/server-state.ts';
import type { ServerEmitted } from '../machines/server-setup.ts';
import { namedLogger, peerActors, serveAddress, type ServerRef, startServer } from './machine.ts';
import type {
  Address,
  BoundAddress,
  Logger,
  ProtocolDefinition,
  WaitOptions,
} from '../core/types.ts';

/**
 * Returns the definition of one peer. If it throws, the peer fails.
 *
 * @param peerNumber - Counts the admitted peers of the server, from 1.
 * @param peer - Returns the peer's `AsyncProtocol`, so that the definition's callbacks can use it. Throws a
 *   `StateError` while the definition is being made.
 */
export type PeerDefinition<In, Out = In> = (
  peerNumber: number,
  peer: () => AsyncProtocol<In, Out>,
) => ProtocolDefinition<In, Out>;

/** The options of `close()`. */
export interface CloseOptions extends WaitOptions {
  /** Destroy every session at once, without flushing or waiting for the peers. Default false. */
  readonly force?: boolean | undefined;
}

/**
 * Accepts many peers at one address: IDLE → BINDING → LISTENING → CLOSING → IDLE, any number of times.
 *
 * Each peer is an `AsyncProtocol`. It takes one of `limits.maxPeers` slots and runs its handshake. When
 * all slots are taken, new peers wait in a backlog: connected, but not read from. When the backlog is
 * full, or after `timeouts.backlog`, a peer is closed and counted in `refused`. A peer that fails is
 * reported to `onPeerError`; a slow, flooding, resetting or stalled peer never affects the others.
 *
 * Serve the peers in the callbacks of their definition, in a loop over the server, or in both. The loop
 * gets each peer when it is RUNNING. Several loops share the peers: each peer is delivered to one of them.
 * Leaving a loop closes nothing. All loops end when the server is closed.
 *
 * @example
 * const server = new ProtocolServer<string>((number, peer) => ({
 *   codec: lines(),
 *   onMessage: (line) => peer().send(`${number}: ${line}`),
 * }));
 * await server.listen({ port: 7 });
 * for await (const peer of server) await peer.send('welcome');
 *
 * @typeParam In - An inbound message.
 * @typeParam Out - An outbound message.
 */
export class ProtocolServer<In, Out = In>
  implements AsyncDisposable, AsyncIterable<AsyncProtocol<In, Out>>
{
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'ProtocolServer';

  /** The option `name`. The peers are named `name#1`, `name#2` and so on. */
  readonly name: string | undefined;

  readonly #peers: Peers<In, Out>;
  readonly #ref: ServerRef;
  readonly #logger: Logger | undefined;
  #binding: PendingCall<BoundAddress> | undefined;
  #closing: Deferred<undefined>[] = [];

  /**
   * @param definition - The protocol, or a function that makes one for each peer.
   * @param options - The options of `AsyncProtocol`, which apply to each peer, and the server's own.
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(
    definition: ProtocolDefinition<In, Out> | PeerDefinition<In, Out>,
    options: ProtocolServerOptions = {},
  ) {
    this.name = options.name;
    this.#logger = namedLogger(options.name, options.logger);
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

  /** The peers that are RUNNING, whether or not a loop has taken them. */
  get peers(): readonly AsyncProtocol<In, Out>[] {
    return this.#peers.running;
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
   *   process serves is replaced; any other existing file is an error, and so is a stream.
   * @param options - `signal` ends the attempt to bind; later it has no effect.
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} When the socket cannot be bound: `cause` says why. Its code is
   *   `ERR_CONNECT_ABORTED` when `close()` ended the attempt.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async listen(address: Address, { signal }: WaitOptions = {}): Promise<BoundAddress> {
    signal?.throwIfAborted();
    this.#requireIdle();
    this.#binding = new PendingCall<BoundAddress>(signal, (reason) => {
      this.#ref.send({ type: 'ABORT', reason });
    });
    const bound = this.#binding.promise;
    this.#ref.send({ type: 'LISTEN', address });
    return bound;
  }

  /**
   * Stops listening, closes the peers in the backlog, and disconnects all others gracefully, as their
   * `disconnect()` does. Peers that are still connected after `timeouts.drain` are destroyed, and fail with
   * a `TimeoutError`. Resolves in IDLE, when nothing is open. Legal in every state, any number of times.
   *
   * @param options - `force` destroys every session at once, also when an earlier call is still pending.
   *   `signal` gives up the wait and not the closing; one that was aborted before the call makes the call
   *   do nothing.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async close({ force = false, signal }: CloseOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#ref.getSnapshot().status !== 'active') return;
    const closed = defer<undefined>();
    this.#closing.push(closed);
    this.#ref.send({ type: 'CLOSE', force });
    await abortable(closed.promise, signal);
  }

  /** Returns an iterator over the peers, each as soon as it is RUNNING; see the class. */
  [Symbol.asyncIterator](): AsyncIterableIterator<AsyncProtocol<In, Out>> {
    return this.#peers.values();
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Returns `<ProtocolServer name='chat' state=LISTENING peers=3>`, without `name` if it has none. */
  toString(): string {
    const name = this.name === undefined ? '' : `name='${this.name}' `;
    const peers = String(this.peers.length);
    return `<${this.constructor.name} ${name}state=${this.state} peers=${peers}>`;
  }

  #requireIdle(): void {
    const { state } = this;
    if (this.#ref.getSnapshot().status !== 'active') throw stopped();
    if (state === 'IDLE') return;
    const text = `${this.constructor.name} is ${SERVER_STATE_CONDITIONS[state]}`;
    throw new StateError(text, state, 'IDLE');
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
      case 'problem':
        this.#logger?.warn(describe(emitted.error));
        break;
      case 'closed':
        this.#settle(emitted.cause);
        this.#logCause(emitted.cause);
        break;
    }
  }

  #logCause(cause: WirechartError | undefined): void {
    if (cause !== undefined) this.#logger?.[isFailure(cause) ? 'warn' : 'info'](describe(cause));
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

function createPeers<In, Out>(
  definition: ProtocolDefinition<In, Out> | PeerDefinition<In, Out>,
  options: ProtocolServerOptions,
  logger: Logger | undefined,
): Peers<In, Out> {
  const define: PeerDefinition<In, Out> =
    typeof definition === 'function' ? definition : () => definition;
  const nameOf = (number: number): string => `${options.name ?? ''}#${String(number)}`;
  const loggerOf = (number: number) => namedLogger(nameOf(number), options.logger);
  return new Peers<In, Out>({
    serve: serveAddress,
    createProtocol: (number, peer) =>
      new AsyncProtocol<In, Out>(define(number, peer), {
        ...options,
        name: nameOf(number),
        logger: loggerOf(number),
      }),
    deadlines: resolveServerDeadlines(options.timeouts),
    bounds: resolveServerLimits(options.limits),
    createActor: peerActors(options, logger),
    onPeerError: options.onPeerError,
    logger,
    loggerOf,
  });
}
