/**
 * The peers of a server: decides which connections are admitted, and offers running peers to iterators.
 *
 * A connection gets a slot if one is free. Otherwise it waits in the backlog, or is refused when that is
 * full. The first in the backlog gets the next free slot. What happens to one peer never affects another.
 * The life of one peer is a chart, `machines/peer-session.ts`; this module counts the peers by its states.
 */

import { Channel } from '../async/channel.ts';
import { type Deferred, defer, deferHandled } from '../async/deferred.ts';
import { ClosedError, ConnectError, describe, type WirechartError } from '../core/errors.ts';
import type { ServerDeadlines } from '../core/limits.ts';
import { isFailure, type Log } from '../core/log.ts';
import type { BoundAddress, ListenAddress } from '../core/types.ts';
import type { PeerSessionEmitted, PeerState } from '../machines/peer-session-setup.ts';
import type { Listener, PendingConnection, ServerPort } from '../machines/server-port.ts';
import { addTraffic, NO_TRAFFIC, type TrafficStats } from '../core/stats.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { ProtocolServerOptions, ServerBounds, ServerStats } from './options.ts';
import { PeerSession, type PeerSessionOptions } from './peer-session.ts';

/** The settings of a server that concern its peers. */
export interface PeersOptions<In, Out> extends Pick<
  PeerSessionOptions<In, Out>,
  'createProtocol' | 'createActor' | 'deadlines' | 'nameOf'
> {
  /** Binds a socket; `onError` is called for each connection that could not be accepted. */
  readonly serve: (address: ListenAddress, onError: (error: Error) => void) => Promise<Listener>;
  readonly bounds: ServerBounds;
  readonly onPeerError: ProtocolServerOptions['onPeerError'];
  readonly logger: Log | undefined;
  /** Returns the logger of one peer. */
  readonly loggerOf: (number: number) => Log | undefined;
}

/** The sessions of all peers, by state: the port of the server's chart. */
export class Peers<In, Out> implements ServerPort {
  readonly deadlines: ServerDeadlines;
  readonly #options: PeersOptions<In, Out>;
  readonly #sessionOptions: PeerSessionOptions<In, Out>;
  /** Each set in the order in which its sessions entered the state. */
  readonly #sessions: Readonly<Record<PeerState, Set<PeerSession<In, Out>>>> = {
    QUEUED: new Set(),
    CONNECTING: new Set(),
    'RUNNING.offered': new Set(),
    'RUNNING.served': new Set(),
    DISCONNECTING: new Set(),
  };
  /** The calls of `adopt()` whose peer is not RUNNING yet. */
  readonly #adoptions = new Map<PendingConnection, Adoption<In, Out>>();
  #offers: Channel<AsyncProtocol<In, Out>>;
  /** The last call of `bind()`. When it has settled, only `#listener` can be open. */
  #binding: Promise<unknown> = Promise.resolve();
  #listener: Listener | undefined;
  /** Resolves when no session is left; `undefined` while no call waits for that. */
  #emptied: Deferred<undefined> | undefined;
  #admitted = 0;
  #refused = 0;
  #failed = 0;
  #trafficOfGone: TrafficStats = NO_TRAFFIC;

  constructor(options: PeersOptions<In, Out>) {
    this.deadlines = options.deadlines;
    this.#options = options;
    this.#sessionOptions = { ...options, onEmitted: this.#onEmitted };
    this.#offers = this.#newOffers();
  }

  /** Takes time in proportion to the number of peers. */
  get stats(): ServerStats {
    const traffic = this.#all().map(({ protocol }) => protocol?.stats ?? NO_TRAFFIC);
    return {
      ...traffic.reduce(addTraffic, this.#trafficOfGone),
      admitted: this.#admitted,
      handshakes: this.#sessions.CONNECTING.size,
      running: this.running.length,
      queued: this.#sessions.QUEUED.size,
      refused: this.#refused,
      failed: this.#failed,
    };
  }

  get refused(): number {
    return this.#refused;
  }

  /** The protocols that are RUNNING. */
  get running(): AsyncProtocol<In, Out>[] {
    return this.#all()
      .map(({ protocol }) => protocol)
      .filter((protocol) => protocol !== undefined)
      .filter(({ runstate }) => runstate === 'RUNNING');
  }

  /**
   * Returns an iterator over the running peers; each goes to one iterator. It ends with the server: at once,
   * when that is closed.
   */
  values(): AsyncIterableIterator<AsyncProtocol<In, Out>> {
    return this.#offers.values();
  }

  /** From now on, iterators wait for peers again: the server is about to open. */
  renew(): void {
    if (this.#offers.hasEnded) this.#offers = this.#newOffers();
  }

  /** Resolves with the protocol of a connection when it is RUNNING, after `adopt(connection)`. */
  adopted(connection: PendingConnection): Promise<AsyncProtocol<In, Out>> {
    const adoption = { served: deferHandled<AsyncProtocol<In, Out>>() };
    this.#adoptions.set(connection, adoption);
    return adoption.served.promise;
  }

  /** Gives up a connection for which `adopted()` was called and has not settled. */
  giveUp(connection: PendingConnection): void {
    this.#adoptions.get(connection)?.session?.leave(true);
    connection.close();
  }

  /** Takes a connection that did not come from the listener, like one that did. */
  adopt(connection: PendingConnection): void {
    this.#onConnection(connection);
  }

  /** Closes such a connection: the server cannot serve it now. */
  dismiss(connection: PendingConnection): void {
    connection.close();
    this.#settleAdoption(
      connection,
      new ConnectError('connection', undefined, 'ERR_CONNECT_ABORTED'),
    );
  }

  bind(address: ListenAddress, signal: AbortSignal): Promise<BoundAddress> {
    const bound = this.#bind(address, signal);
    this.#binding = bound.catch(ignore);
    return bound;
  }

  open(): void {
    this.#listener?.accept(this.#onConnection);
  }

  shut(): void {
    this.#listener?.close();
    this.#listener = undefined;
    for (const session of [...this.#sessions.QUEUED]) session.leave(true);
  }

  async drain(): Promise<void> {
    for (const session of this.#all()) session.leave(false);
    await this.#empty();
  }

  async destroyAll(reason?: WirechartError): Promise<void> {
    this.shut();
    for (const session of this.#all()) session.leave(true, reason);
    await Promise.all([this.#binding, this.#empty()]);
  }

  settle(): void {
    this.#offers.clear();
    this.#offers.end();
  }

  release(): void {
    void this.destroyAll();
    this.settle();
    // The machine was stopped before it could answer these.
    for (const [connection, { session }] of this.#adoptions) {
      if (session === undefined) this.dismiss(connection);
    }
  }

  /** What inspectors print of the peers, which are part of the machine's context. */
  toJSON(): object {
    return {
      peers: this.#slotsTaken,
      handshakes: this.#sessions.CONNECTING.size,
      waiting: this.#sessions['RUNNING.offered'].size,
      backlog: this.#sessions.QUEUED.size,
      refused: this.#refused,
    };
  }

  get #slotsTaken(): number {
    return this.#count - this.#sessions.QUEUED.size;
  }

  get #count(): number {
    return Object.values(this.#sessions).reduce((count, { size }) => count + size, 0);
  }

  get #hasSlot(): boolean {
    const { maxPeers, maxHandshakes, maxWaiting } = this.#options.bounds;
    return (
      this.#slotsTaken < maxPeers &&
      this.#sessions.CONNECTING.size < maxHandshakes &&
      this.#sessions['RUNNING.offered'].size < maxWaiting
    );
  }

  #all(): PeerSession<In, Out>[] {
    return Object.values(this.#sessions).flatMap((sessions) => [...sessions]);
  }

  #newOffers(): Channel<AsyncProtocol<In, Out>> {
    return new Channel({
      onDelivered: (protocol) => {
        for (const session of this.#sessions['RUNNING.offered']) {
          if (session.protocol === protocol) session.take();
        }
      },
    });
  }

  async #bind(address: ListenAddress, signal: AbortSignal): Promise<BoundAddress> {
    const listener = await this.#options.serve(address, (error) => {
      this.#refused += 1;
      this.#options.logger?.warn(`A connection could not be accepted: ${describe(error)}`);
    });
    if (signal.aborted) listener.close();
    signal.throwIfAborted();
    this.#listener = listener;
    return listener.address;
  }

  readonly #onConnection = (connection: PendingConnection): void => {
    if (this.#hasSlot) {
      this.#admit(this.#newSession(connection));
    } else if (this.#sessions.QUEUED.size < this.#options.bounds.maxBacklog) {
      this.#newSession(connection).queue();
    } else {
      connection.close();
      this.#noteRefused(
        connection,
        'all slots are taken, and the backlog is full (limits.maxBacklog)',
      );
    }
  };

  #newSession(connection: PendingConnection): PeerSession<In, Out> {
    const session = new PeerSession(connection, this.#sessionOptions);
    const adoption = this.#adoptions.get(connection);
    if (adoption !== undefined) adoption.session = session;
    return session;
  }

  #admit(session: PeerSession<In, Out>): void {
    this.#admitted += 1;
    session.admit(this.#admitted);
  }

  #noteRefused(connection: PendingConnection, why: string): void {
    this.#refused += 1;
    this.#options.logger?.warn(
      `A connection from ${String(connection.remote)} was refused: ${why}`,
    );
    this.#settleAdoption(connection, new ConnectError('connection', new ClosedError(why)));
  }

  /** Gives free slots to the peers in the backlog, in the order of arrival. */
  #admitQueued(): void {
    for (const session of this.#sessions.QUEUED) {
      if (!this.#hasSlot) return;
      this.#admit(session);
    }
  }

  readonly #onEmitted = (session: PeerSession<In, Out>, emitted: PeerSessionEmitted): void => {
    switch (emitted.type) {
      case 'state':
        this.#onState(session, emitted.state);
        break;
      case 'refused':
        this.#noteRefused(
          session.connection,
          `no slot was free within ${String(emitted.ms)} ms (timeouts.backlog)`,
        );
        break;
      case 'gone':
        this.#trafficOfGone = addTraffic(
          this.#trafficOfGone,
          session.protocol?.stats ?? NO_TRAFFIC,
        );
        this.#onState(session, undefined);
        this.#settleAdoption(session.connection, emitted.cause);
        if (emitted.cause !== undefined && isFailure(emitted.cause)) {
          this.#failed += 1;
          void this.#report(emitted.cause, session);
        }
        break;
    }
  };

  #onState(session: PeerSession<In, Out>, state: PeerState | undefined): void {
    const { state: before, protocol } = session;
    session.state = state;
    if (before !== undefined) this.#sessions[before].delete(session);
    if (state !== undefined) this.#sessions[state].add(session);
    if (protocol !== undefined) {
      if (before === 'RUNNING.offered') this.#offers.withdraw(protocol);
      if (state === 'RUNNING.offered') {
        this.#offers.push(protocol);
        this.#adoptions.get(session.connection)?.served.resolve(protocol);
        this.#adoptions.delete(session.connection);
      }
    }
    if (state !== 'QUEUED') this.#admitQueued();
    if (this.#count > 0) return;
    this.#emptied?.resolve(undefined);
    this.#emptied = undefined;
  }

  async #empty(): Promise<void> {
    if (this.#count > 0) await (this.#emptied ??= defer()).promise;
  }

  /** Rejects a call of `adopt()` that is pending. Without a cause, the server was closed. */
  #settleAdoption(connection: PendingConnection, cause: WirechartError | undefined): void {
    this.#adoptions
      .get(connection)
      ?.served.reject(cause ?? new ConnectError('connection', undefined, 'ERR_CONNECT_ABORTED'));
    this.#adoptions.delete(connection);
  }

  /** Calls `onPeerError`. Never rejects. */
  async #report(error: WirechartError, { info, protocol }: PeerSession<In, Out>): Promise<void> {
    const { onPeerError, loggerOf } = this.#options;
    // A protocol logs its failures itself.
    if (protocol === undefined) loggerOf(info.number)?.warn(describe(error), { error });
    try {
      await onPeerError?.(error, info);
    } catch (thrown) {
      loggerOf(info.number)?.warn(`The callback onPeerError threw: ${describe(thrown)}`);
    }
  }
}

/** A call of `adopt()` that is pending. */
interface Adoption<In, Out> {
  readonly served: Deferred<AsyncProtocol<In, Out>>;
  session?: PeerSession<In, Out>;
}

const ignore = () => undefined;
