/**
 * The facade of a server: many peers at one address, one protocol machine each.
 *
 * It adds nothing to the lifecycle: a method sends the machine an event and hands out a promise, and
 * what the machine emits settles it. Peers are the affair of `Peers`.
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
import { loggerFor, peerActors, serveAt, type ServerRef, startServer } from './machine.ts';
import type {
  Address,
  BoundAddress,
  Logger,
  ProtocolDefinition,
  WaitOptions,
} from '../core/types.ts';

/**
 * Makes the definition of one peer.
 *
 * @param peerNumber - Counts those who were given a place, from 1.
 * @param peer - Gives the peer's `AsyncProtocol`, for the definition's callbacks to send with; it is not
 *   there yet while the definition is made.
 */
export type PeerDefinition<In, Out = In> = (
  peerNumber: number,
  peer: () => AsyncProtocol<In, Out>,
) => ProtocolDefinition<In, Out>;

/** How to close. */
export interface CloseOptions extends WaitOptions {
  /** Destroy every session at once instead of waiting for its end. Default false. */
  readonly force?: boolean | undefined;
}

/**
 * Many peers at one address: IDLE → BINDING → LISTENING → CLOSING → IDLE, as often as wanted.
 *
 * A peer takes one of `limits.maxPeers` places, runs its handshake, and is then to be had by iterating
 * the server. If there is no place it waits for one, connected and unheard; too many who wait, or too
 * long a wait, and it is closed (see `refused`). A peer that fails is told to `onPeerError`, and
 * concerns nobody else.
 *
 * Several loops may iterate a server; each peer goes to one of them, in the order in which their
 * handshakes end. Leaving a loop closes nothing, and the loops end when the server is closed. A server
 * need not be iterated: a peer that its definition's callbacks serve needs nobody else.
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
  /** Who this is, in records and in `toString()`; the peers are `name#1`, `name#2`, … */
  readonly name: string | undefined;

  readonly #peers: Peers<In, Out>;
  readonly #ref: ServerRef;
  readonly #logger: Logger | undefined;
  /** Written by what the machine emits, which is ahead of its snapshot. */
  #state: ServerState = 'IDLE';
  #binding: PendingCall<BoundAddress> | undefined;
  #closing: Deferred<undefined>[] = [];

  /**
   * @param definition - The protocol to speak; a function makes one for each peer. One that throws
   *   fails that peer.
   * @param options - Those of `AsyncProtocol`, for every peer, and the server's own.
   * @throws {ArgumentError} When an option cannot be used.
   */
  constructor(
    definition: ProtocolDefinition<In, Out> | PeerDefinition<In, Out>,
    options: ProtocolServerOptions = {},
  ) {
    this.name = options.name;
    this.#logger = loggerFor(options.name, options.logger);
    this.#peers = peersOf(definition, options, this.#logger);
    this.#ref = startServer(this.#peers, options, this.#logger);
    this.#ref.on('*', (emitted) => {
      this.#onEmitted(emitted);
    });
    const onStopped = (error?: unknown): void => {
      this.#onStopped(error);
    };
    this.#ref.subscribe({ complete: onStopped, error: onStopped });
  }

  /** The public state, now. */
  get state(): ServerState {
    return this.#state;
  }

  /** The peers that run, now, whether or not anybody has iterated them. */
  get peers(): readonly AsyncProtocol<In, Out>[] {
    return this.#peers.running;
  }

  /**
   * How many peers were closed because there was no place for them, or could not be accepted, since the
   * server was made. (Those that the system sheds for want of file descriptors are known to nobody.)
   */
  get refused(): number {
    return this.#peers.refused;
  }

  /**
   * Binds, and lets peers in. Resolves with the address; when it rejects, the state is IDLE again and
   * nothing is left open. Legal in IDLE.
   *
   * @param address - Where to listen. A port of 0 lets the system choose one. A socket file that nobody
   *   serves is replaced; any other existing file is refused.
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} When it cannot be bound; its code is `ERR_CONNECT_ABORTED` when `close()`
   *   overtook the call.
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
   * Stops listening, sends those away who wait for a place, asks every peer to leave as
   * `disconnect()` does, and resolves in IDLE, when nothing is open any more: within `timeouts.drain`,
   * past which the peers that stay are destroyed. Legal in every state, any number of times.
   *
   * @param options - `force` destroys every session at once, also one that was asked to leave by an
   *   earlier call; `signal` gives up the waiting, not the closing.
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

  /** The peers that others have not taken, as their handshakes end; ends when the server is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<AsyncProtocol<In, Out>> {
    return this.#peers.values();
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** `<ProtocolServer name='house' state=LISTENING peers=3>`; the name only where there is one. */
  toString(): string {
    const name = this.name === undefined ? '' : `name='${this.name}' `;
    const peers = String(this.peers.length);
    return `<ProtocolServer ${name}state=${this.#state} peers=${peers}>`;
  }

  #requireIdle(): void {
    if (this.#ref.getSnapshot().status !== 'active') {
      throw stopped();
    }
    // A call may still be on its way to a machine that is busy.
    const state = this.#state === 'IDLE' && this.#binding ? 'BINDING' : this.#state;
    if (state === 'IDLE') return;
    const text = `ProtocolServer is ${SERVER_STATE_CONDITIONS[state]}`;
    throw new StateError(text, state, 'IDLE');
  }

  #onEmitted(emitted: ServerEmitted): void {
    switch (emitted.type) {
      case 'state':
        this.#state = emitted.state;
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
        this.#onClosed(emitted.cause);
        break;
    }
  }

  #onClosed(cause: WirechartError | undefined): void {
    if (cause !== undefined) this.#logger?.[isFailure(cause) ? 'warn' : 'info'](describe(cause));
    this.#settle(cause);
  }

  /** @param cause - Why it does not listen; without one, a listen() on its way is not concerned. */
  #settle(cause: WirechartError | undefined): void {
    if (cause !== undefined) {
      this.#binding?.reject(cause);
      this.#binding = undefined;
    }
    for (const closed of this.#closing.splice(0)) closed.resolve(undefined);
  }

  /** The machine was stopped from outside, in whatever state, and emits nothing any more. */
  #onStopped(error: unknown): void {
    this.#state = 'IDLE';
    this.#settle(new ConnectError('connection', stopped(error)));
  }
}

const stopped = (error?: unknown): ClosedError =>
  new ClosedError('The machine was stopped; it cannot be used again.', { cause: error });

function peersOf<In, Out>(
  definition: ProtocolDefinition<In, Out> | PeerDefinition<In, Out>,
  options: ProtocolServerOptions,
  logger: Logger | undefined,
): Peers<In, Out> {
  const define: PeerDefinition<In, Out> =
    typeof definition === 'function' ? definition : () => definition;
  const nameOf = (number: number): string => `${options.name ?? ''}#${String(number)}`;
  const loggerOf = (number: number) => loggerFor(nameOf(number), options.logger);
  return new Peers<In, Out>({
    serve: serveAt,
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
