/**
 * The peers of a server: who is let in, who has a place, who waits to be iterated.
 *
 * A peer that comes takes a place, if there is one, else it stands in line (the backlog), if there is
 * room, else it is refused. As soon as a place is free, the first in the line takes it. What becomes of
 * one peer is no concern of any other.
 */

import { Backlog } from './backlog.ts';
import { describe, handlerError, type WirechartError } from '../core/errors.ts';
import { PeerSession, type PeerSessionOptions } from './peer-session.ts';
import { Channel } from '../async/channel.ts';
import { isFailure } from '../core/log.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { PendingConnection, ServerPort, Listener } from '../machines/server-port.ts';
import type { ServerDeadlines } from '../core/limits.ts';
import type { ProtocolServerOptions, ServerBounds } from './options.ts';
import type { Address, BoundAddress, Logger } from '../core/types.ts';

/** What the peers of one server have in common. */
export interface PeersOptions<In, Out> extends Pick<PeerSessionOptions<In, Out>, 'createProtocol'> {
  /** Binds a socket; `onError` is told of peers that could not be accepted. */
  readonly serve: (address: Address, onError: (error: Error) => void) => Promise<Listener>;
  readonly deadlines: ServerDeadlines;
  readonly bounds: ServerBounds;
  readonly clock: ProtocolServerOptions['clock'];
  readonly onPeerError: ProtocolServerOptions['onPeerError'];
  readonly logger: Logger | undefined;
  /** The logger of one peer. */
  readonly loggerOf: (number: number) => Logger | undefined;
}

/** See the module's comment. */
export class Peers<In, Out> implements ServerPort {
  readonly deadlines: ServerDeadlines;
  readonly #options: PeersOptions<In, Out>;
  readonly #backlog: Backlog;
  /** Everybody who has a place, with a promise of their end, which never rejects. */
  readonly #guests = new Map<PeerSession<In, Out>, Promise<void>>();
  /** Those of them whose handshake is not over. */
  readonly #handshakes = new Set<PeerSession<In, Out>>();
  #handover: Channel<AsyncProtocol<In, Out>>;
  /** The last bind; settles when nothing of it is left but, perhaps, the service. */
  #binding: Promise<unknown> = Promise.resolve();
  #service: Listener | undefined;
  #number = 0;
  #refused = 0;

  constructor(options: PeersOptions<In, Out>) {
    this.deadlines = options.deadlines;
    this.#options = options;
    this.#backlog = new Backlog({
      limit: options.bounds.maxBacklog,
      ms: options.deadlines.backlog,
      clock: options.clock,
      onOverdue: (arrival) => {
        this.#refuse(
          arrival,
          `there was no place for it in ${String(options.deadlines.backlog)} ms`,
        );
      },
    });
    this.#handover = this.#newHandover();
  }

  /** How many were sent away because there was no place, or could not be accepted. */
  get refused(): number {
    return this.#refused;
  }

  /** Those who run. */
  get running(): AsyncProtocol<In, Out>[] {
    return [...this.#guests.keys()]
      .map(({ protocol }) => protocol)
      .filter((protocol) => protocol !== undefined)
      .filter(({ runstate }) => runstate === 'RUNNING');
  }

  /** Those who run, as they come; each goes to one iterator. Ends when the server is closed. */
  values(): AsyncIterableIterator<AsyncProtocol<In, Out>> {
    return this.#handover.values();
  }

  bind(address: Address, signal: AbortSignal): Promise<BoundAddress> {
    const bound = this.#bind(address, signal);
    this.#binding = bound.catch(ignore);
    return bound;
  }

  open(): void {
    this.#service?.accept(this.#arrive);
  }

  shut(): void {
    this.#service?.close();
    this.#service = undefined;
    this.#backlog.clear();
  }

  async drain(): Promise<void> {
    for (const guest of this.#guests.keys()) guest.leave(false);
    await Promise.all(this.#guests.values());
  }

  async destroyAll(why?: WirechartError): Promise<void> {
    this.shut();
    for (const guest of this.#guests.keys()) guest.leave(true, why);
    await Promise.all([this.#binding, ...this.#guests.values()]);
  }

  settle(): void {
    this.#handover.end();
    this.#handover = this.#newHandover();
  }

  release(): void {
    void this.destroyAll();
    this.settle();
  }

  /** Inspectors print the machine's context; there is nothing to show there but figures. */
  toJSON(): object {
    return {
      peers: this.#guests.size,
      handshakes: this.#handshakes.size,
      waiting: this.#handover.size,
      backlog: this.#backlog.size,
      refused: this.#refused,
    };
  }

  #newHandover(): Channel<AsyncProtocol<In, Out>> {
    return new Channel(() => {
      this.#fill();
    });
  }

  async #bind(address: Address, signal: AbortSignal): Promise<BoundAddress> {
    const service = await this.#options.serve(address, (error) => {
      this.#refused += 1;
      this.#options.logger?.warn(`A peer could not be accepted: ${describe(error)}`);
    });
    if (signal.aborted) service.close();
    signal.throwIfAborted();
    this.#service = service;
    return service.address;
  }

  readonly #arrive = (arrival: PendingConnection): void => {
    // Where there is a place nobody waits for one.
    if (this.#hasPlace()) this.#welcome(arrival);
    else if (!this.#backlog.add(arrival)) this.#refuse(arrival, 'there is no place for it');
  };

  #refuse(arrival: PendingConnection, why: string): void {
    this.#refused += 1;
    arrival.close();
    this.#options.logger?.warn(`A peer was refused: ${why}`);
  }

  #hasPlace(): boolean {
    const { maxPeers, maxHandshakes, maxWaiting } = this.#options.bounds;
    return (
      this.#guests.size < maxPeers &&
      this.#handshakes.size < maxHandshakes &&
      this.#handover.size < maxWaiting
    );
  }

  #fill(): void {
    while (this.#hasPlace()) {
      const arrival = this.#backlog.take();
      if (arrival === undefined) return;
      this.#welcome(arrival);
    }
  }

  #welcome(arrival: PendingConnection): void {
    this.#number += 1;
    const { createProtocol, deadlines, clock } = this.#options;
    const handshakeTimeout = deadlines.handshake;
    const guest = new PeerSession(this.#number, arrival, {
      createProtocol,
      handshakeTimeout,
      clock,
    });
    this.#handshakes.add(guest);
    this.#guests.set(guest, this.#host(guest));
  }

  async #host(guest: PeerSession<In, Out>): Promise<void> {
    const cause = await this.#session(guest);
    this.#guests.delete(guest);
    this.#fill();
    if (cause !== undefined && isFailure(cause)) void this.#report(cause, guest);
  }

  /** Resolves with why it ended. */
  async #session(guest: PeerSession<In, Out>): Promise<WirechartError | undefined> {
    let protocol;
    try {
      protocol = await guest.establish();
    } catch (error) {
      return handlerError('definition', error);
    } finally {
      this.#handshakes.delete(guest);
    }
    // A session may be over before we hear that it runs.
    if (protocol.runstate === 'RUNNING') this.#handover.offer(protocol);
    this.#fill();
    const { cause } = await protocol.closed;
    this.#handover.withdraw(protocol);
    return cause;
  }

  /** Never rejects. */
  async #report(error: WirechartError, { number, protocol }: PeerSession<In, Out>): Promise<void> {
    const { onPeerError, loggerOf } = this.#options;
    // A protocol records its failures itself.
    if (protocol === undefined) loggerOf(number)?.warn(describe(error));
    try {
      await onPeerError?.(error, number);
    } catch (thrown) {
      loggerOf(number)?.warn(`The callback onPeerError threw: ${describe(thrown)}`);
    }
  }
}

const ignore = () => undefined;
