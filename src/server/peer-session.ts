/** One peer of a server, from the place that it takes to the end of its session. */

import type { Duplex } from 'node:stream';
import {
  ConnectError,
  isConnectError,
  handlerError,
  StateError,
  TimeoutError,
  type WirechartError,
} from '../core/errors.ts';
import type { Clock } from '../core/types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { PendingConnection } from '../machines/server-port.ts';
import { startTimer } from '../async/timer.ts';

/** What guests are made with. */
export interface PeerSessionOptions<In, Out> {
  /** Makes the protocol of a peer; `peer` is how the definition of it gets hold of it later. */
  readonly createProtocol: (
    number: number,
    peer: () => AsyncProtocol<In, Out>,
  ) => AsyncProtocol<In, Out>;
  /** How long the handshake of TLS may last, in ms; that of the protocol is the protocol's own affair. */
  readonly handshakeTimeout: number;
  readonly clock: Clock | undefined;
}

/** See the module's comment. */
export class PeerSession<In, Out> {
  readonly number: number;
  readonly #arrival: PendingConnection;
  readonly #options: PeerSessionOptions<In, Out>;
  readonly #opening = new AbortController();
  #protocol: AsyncProtocol<In, Out> | undefined;

  constructor(number: number, arrival: PendingConnection, options: PeerSessionOptions<In, Out>) {
    this.number = number;
    this.#arrival = arrival;
    this.#options = options;
  }

  /** Its machine, from the moment on in which there is a stream. */
  get protocol(): AsyncProtocol<In, Out> | undefined {
    return this.#protocol;
  }

  /**
   * Runs the handshakes, that of TLS and that of the protocol. Resolves in RUNNING.
   *
   * @throws {WirechartError} When there is no session; nothing is open then.
   */
  async establish(): Promise<AsyncProtocol<In, Out>> {
    const stream = await this.#open();
    try {
      const peer = (): AsyncProtocol<In, Out> => this.#met();
      this.#protocol = this.#options.createProtocol(this.number, peer);
      await this.#protocol.connect({ stream });
      return this.#protocol;
    } catch (error) {
      stream.destroy();
      throw handlerError('definition', error);
    }
  }

  /**
   * Asks it to leave, which an attempt does at once, or, with `force`, makes it leave.
   *
   * @param why - The reason, where it is a failure.
   */
  leave(force: boolean, why?: WirechartError): void {
    this.#opening.abort(new ConnectError('connection', undefined, 'ERR_CONNECT_ABORTED'));
    const protocol = this.#protocol;
    // Who leaves already need not be asked: the answer would be kept from whoever asks next.
    if (protocol === undefined || protocol.runstate === 'IDLE') return;
    if (protocol.runstate === 'DISCONNECTING' && !force) return;
    if (why !== undefined) protocol.fail(why);
    protocol.disconnect({ force }).catch(ignore);
  }

  async #open(): Promise<Duplex> {
    const { handshakeTimeout: ms, clock } = this.#options;
    const late = (): void => {
      this.#opening.abort(new ConnectError('connection', new TimeoutError('handshake', ms)));
    };
    const cancel = startTimer(ms, late, clock);
    try {
      const stream = await this.#arrival.open(this.#opening.signal);
      // It may have been asked to leave in the turn in which the stream was there.
      if (this.#opening.signal.aborted) stream.destroy();
      this.#opening.signal.throwIfAborted();
      return stream;
    } catch (error) {
      throw isConnectError(error) ? error : new ConnectError('connection', error);
    } finally {
      cancel();
    }
  }

  #met(): AsyncProtocol<In, Out> {
    if (this.#protocol !== undefined) return this.#protocol;
    const hint = 'peer() is for the callbacks of a definition, and not for the making of it.';
    throw new StateError(`The peer is not there yet: ${hint}`, 'IDLE', 'CONNECTING');
  }
}

const ignore = () => undefined;
