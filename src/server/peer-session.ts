/** One accepted connection of a server: what its chart's actors do, and what the server asks of it. */

import type { Duplex } from 'node:stream';
import { ConnectError, handlerError, StateError, type WirechartError } from '../core/errors.ts';
import type { ServerDeadlines } from '../core/limits.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { PeerPort } from '../machines/peer-port.ts';
import type {
  PeerSessionEmitted,
  PeerSessionEvent,
  PeerState,
} from '../machines/peer-session-setup.ts';
import type { PendingConnection } from '../machines/server-port.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';

/** A running actor of the chart. */
interface PeerSessionRef {
  send(event: PeerSessionEvent): void;
  on(type: '*', listener: (emitted: PeerSessionEmitted) => void): unknown;
  start(): unknown;
}

/** What every session of a server is made with. */
export interface PeerSessionOptions<In, Out> {
  /** Makes the protocol of a peer. The definition's callbacks get it from `peer` later. */
  readonly createProtocol: (
    number: number,
    peer: () => AsyncProtocol<In, Out>,
  ) => AsyncProtocol<In, Out>;
  readonly deadlines: ServerDeadlines;
  /** Makes an actor of the chart, which is not started. */
  readonly createActor: (port: PeerPort) => PeerSessionRef;
  /** Called for everything that the chart emits. */
  readonly onEmitted: (session: PeerSession<In, Out>, emitted: PeerSessionEmitted) => void;
}

/** A connection and its protocol, as the port of `machines/peer-session.ts`. It begins in ARRIVED. */
export class PeerSession<In, Out> implements PeerPort {
  readonly deadlines: ServerDeadlines;
  /** The state of the chart; `undefined` in ARRIVED and GONE. */
  state: PeerState | undefined;
  readonly #connection: PendingConnection;
  readonly #options: PeerSessionOptions<In, Out>;
  readonly #ref: PeerSessionRef;
  #number = 0;
  #stream: Duplex | undefined;
  #protocol: AsyncProtocol<In, Out> | undefined;
  /** Why there is no protocol. */
  #failure: WirechartError | undefined;

  constructor(connection: PendingConnection, options: PeerSessionOptions<In, Out>) {
    this.deadlines = options.deadlines;
    this.#connection = connection;
    this.#options = options;
    this.#ref = options.createActor(this);
    this.#ref.on('*', (emitted) => {
      options.onEmitted(this, emitted);
    });
    this.#ref.start();
  }

  /** Counts the admitted peers of the server, from 1; 0 before. */
  get number(): number {
    return this.#number;
  }

  /** The protocol, as soon as the stream is open. */
  get protocol(): AsyncProtocol<In, Out> | undefined {
    return this.#protocol;
  }

  get isTls(): boolean {
    return this.#connection.isTls;
  }

  get isRunning(): boolean {
    return this.#protocol?.runstate === 'RUNNING';
  }

  /** There is a free slot for it. */
  admit(number: number): void {
    this.#number = number;
    this.#ref.send({ type: 'ADMIT' });
  }

  /** There is no free slot; it waits in the backlog. */
  queue(): void {
    this.#ref.send({ type: 'QUEUE' });
  }

  /** A loop over the server's peers has taken it. */
  take(): void {
    this.#ref.send({ type: 'TAKE' });
  }

  /**
   * Ends the session, or what leads to it, in any state.
   *
   * @param reason - Why, where the end is a failure.
   */
  leave(force: boolean, reason?: WirechartError): void {
    this.#ref.send({ type: 'LEAVE', force, reason });
  }

  gone(): Promise<void> {
    return this.#connection.gone;
  }

  async secure(signal: StopSignal): Promise<void> {
    await this.#open(signal);
  }

  async establish(signal: StopSignal): Promise<void> {
    try {
      const stream = this.#stream ?? (await this.#open(signal));
      signal.throwIfAborted();
      this.#protocol = this.#options.createProtocol(this.#number, () => this.#ready());
      await this.#protocol.connect({ stream });
    } catch (error) {
      this.#failure =
        this.#stream === undefined
          ? new ConnectError('connection', error)
          : handlerError('definition', error);
      this.#stream?.destroy();
      throw this.#failure;
    }
  }

  async ended(): Promise<WirechartError | undefined> {
    return this.#protocol === undefined ? this.#failure : (await this.#protocol.closed).cause;
  }

  disconnect(force: boolean, reason: WirechartError | undefined): void {
    const protocol = this.#protocol;
    if (protocol === undefined || protocol.runstate === 'IDLE') return;
    // Already disconnecting: another disconnect() would consume the error meant for the next caller.
    if (protocol.runstate === 'DISCONNECTING' && !force) return;
    if (reason !== undefined) protocol.fail(reason);
    protocol.disconnect({ force }).catch(ignore);
  }

  close(): void {
    if (this.#protocol !== undefined) return;
    if (this.#stream === undefined) this.#connection.close();
    else this.#stream.destroy();
  }

  async #open(signal: StopSignal): Promise<Duplex> {
    const stream = await this.#connection.open(signal);
    // The wait may have been aborted in the turn in which the stream was there.
    if (signal.aborted) stream.destroy();
    signal.throwIfAborted();
    this.#stream = stream;
    return stream;
  }

  /** Inspectors print the machine's context; there, the connection itself is of no use. */
  toJSON(): object {
    return { number: this.#number, isRunning: this.isRunning };
  }

  #ready(): AsyncProtocol<In, Out> {
    if (this.#protocol !== undefined) return this.#protocol;
    throw new StateError(
      'peer() was called while the definition was being made. Call it in a callback of the definition.',
      'IDLE',
      'CONNECTING',
    );
  }
}

const ignore = () => undefined;
