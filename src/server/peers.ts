/**
 * The peers of a server: makes a session of each connection that is admitted (`admission.ts`), and offers
 * running peers to iterators.
 *
 * The first in the backlog gets the next free slot. What happens to one peer never affects another. The life
 * of one peer is a chart, `machines/peer-session.ts`.
 */

import { Channel } from '../async/channel.ts';
import { type Deferred, defer } from '../async/deferred.ts';
import { ByteBudget } from '../core/byte-budget.ts';
import { ClosedError, ConnectError, describe, type WirechartError } from '../core/errors.ts';
import type { ServerDeadlines } from '../core/limits.ts';
import { isFailure, type Log } from '../core/log.ts';
import type { BoundAddress, ListenAddress } from '../core/types.ts';
import type { PeerSessionEmitted, PeerState } from '../machines/peer-session-setup.ts';
import type { Listener, PendingConnection, ServerPort } from '../machines/server-port.ts';
import { addTraffic, NO_TRAFFIC, type TrafficStats } from '../core/stats.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { Admission } from './admission.ts';
import { Adoptions } from './adoptions.ts';
import type { ProtocolServerOptions, ServerBounds, ServerStats } from './options.ts';
import { PeerSession, type PeerSessionOptions } from './peer-session.ts';

/** The settings of a server that concern its peers. */
export interface PeersOptions<In, Out> extends Pick<
  PeerSessionOptions<In, Out>,
  'createProtocol' | 'createActor' | 'deadlines' | 'nameOf' | 'onPeer'
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
  readonly #admission: Admission<PeerSession<In, Out>>;
  readonly #adoptions = new Adoptions<In, Out>();
  readonly #budget: ByteBudget;
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
    this.#admission = new Admission(options.bounds);
    this.#budget = new ByteBudget(options.bounds.maxBufferedBytes);
    this.#sessionOptions = { ...options, budget: this.#budget, onEmitted: this.#onEmitted };
    this.#offers = this.#newOffers();
  }

  /** Takes time in proportion to the number of peers. */
  get stats(): ServerStats {
    const traffic = this.#admission.all().map(({ protocol }) => protocol?.stats ?? NO_TRAFFIC);
    return {
      ...traffic.reduce(addTraffic, this.#trafficOfGone),
      admitted: this.#admitted,
      handshakes: this.#admission.in('CONNECTING').size,
      running: this.running.length,
      queued: this.#admission.in('QUEUED').size,
      refused: this.#refused,
      failed: this.#failed,
      bufferedBytes: this.#budget.total,
    };
  }

  get refused(): number {
    return this.#refused;
  }

  /** The protocols that are RUNNING. */
  get running(): AsyncProtocol<In, Out>[] {
    return this.#admission
      .all()
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
    return this.#adoptions.add(connection);
  }

  /** Gives up a connection for which `adopted()` was called and has not settled. */
  giveUp(connection: PendingConnection): void {
    this.#adoptions.giveUp(connection);
    connection.close();
  }

  /** Takes a connection that did not come from the listener, like one that did. */
  adopt(connection: PendingConnection): void {
    this.#onConnection(connection);
  }

  /** Closes such a connection: the server cannot serve it now. */
  dismiss(connection: PendingConnection): void {
    connection.close();
    this.#adoptions.fail(connection, undefined);
  }

  bind(address: ListenAddress, signal: AbortSignal): Promise<BoundAddress> {
    const bound = this.#bind(address, signal);
    this.#binding = bound.catch(ignore);
    return bound;
  }

  /** Whether the listener has TLS. */
  get isTls(): boolean {
    return this.#listener?.renewTls !== undefined;
  }

  /** Gives TLS other options; see `Listener.renewTls`. */
  renewTls(tls: object): void {
    this.#listener?.renewTls?.(tls);
  }

  open(): void {
    this.#listener?.accept(this.#onConnection);
  }

  shut(): void {
    this.#listener?.close();
    this.#listener = undefined;
    for (const session of [...this.#admission.in('QUEUED')]) session.leave(true);
  }

  async drain(): Promise<void> {
    for (const session of this.#admission.all()) session.leave(false);
    await this.#empty();
  }

  async destroyAll(reason?: WirechartError): Promise<void> {
    this.shut();
    for (const session of this.#admission.all()) session.leave(true, reason);
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
    for (const connection of this.#adoptions.unserved) this.dismiss(connection);
  }

  /** What inspectors print of the peers, which are part of the machine's context. */
  toJSON(): object {
    return {
      peers: this.#admission.slotsTaken,
      handshakes: this.#admission.in('CONNECTING').size,
      waiting: this.#admission.in('RUNNING.offered').size,
      backlog: this.#admission.in('QUEUED').size,
      refused: this.#refused,
    };
  }

  #newOffers(): Channel<AsyncProtocol<In, Out>> {
    return new Channel({
      onDelivered: (protocol) => {
        for (const session of this.#admission.in('RUNNING.offered')) {
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
    const refusal = this.#admission.refusal(connection.remote);
    if (refusal !== undefined) {
      connection.close();
      this.#noteRefused(connection, refusal);
    } else if (this.#admission.hasSlot) {
      this.#admit(this.#newSession(connection));
    } else {
      this.#newSession(connection).queue();
    }
  };

  #newSession(connection: PendingConnection): PeerSession<In, Out> {
    const session = new PeerSession(connection, this.#sessionOptions);
    this.#adoptions.begin(session);
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
    this.#adoptions.fail(connection, new ConnectError('connection', new ClosedError(why)));
  }

  /** Gives free slots to the peers in the backlog, in the order of arrival. */
  #admitQueued(): void {
    for (const session of this.#admission.in('QUEUED')) {
      if (!this.#admission.hasSlot) return;
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
        this.#adoptions.fail(session.connection, emitted.cause);
        if (emitted.cause !== undefined && isFailure(emitted.cause)) {
          this.#failed += 1;
          void this.#report(emitted.cause, session);
        }
        break;
    }
  };

  #onState(session: PeerSession<In, Out>, state: PeerState | undefined): void {
    const { state: before, protocol } = session;
    this.#admission.move(session, state);
    if (protocol !== undefined) {
      if (before === 'RUNNING.offered') this.#offers.withdraw(protocol);
      if (state === 'RUNNING.offered') this.#offers.push(protocol);
      if (session.isRunning) this.#adoptions.succeed(session.connection, protocol);
    }
    if (state !== 'QUEUED') this.#admitQueued();
    if (this.#admission.count > 0) return;
    this.#emptied?.resolve(undefined);
    this.#emptied = undefined;
  }

  async #empty(): Promise<void> {
    if (this.#admission.count > 0) await (this.#emptied ??= defer()).promise;
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

const ignore = () => undefined;
