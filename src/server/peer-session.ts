/** One accepted connection of a server: the methods that its chart runs and that the server calls. */

import type { Duplex } from 'node:stream';
import type { ByteBudget, ByteShare } from '../core/byte-budget.ts';
import {
  ConnectError,
  describe,
  handlerError,
  StateError,
  type WirechartError,
} from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ServerDeadlines } from '../core/limits.ts';
import { isThenable } from '../core/shape.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { PeerPort } from '../machines/peer-port.ts';
import type {
  PeerSessionEmitted,
  PeerSessionEvent,
  PeerState,
} from '../machines/peer-session-setup.ts';
import type { PendingConnection } from '../machines/server-port.ts';
import type { Remote } from '../core/remote.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { PeerInfo, ProtocolServerOptions } from './options.ts';

/** The part of an actor of the chart that a session uses. */
interface PeerSessionRef {
  send(event: PeerSessionEvent): void;
  on(type: '*', listener: (emitted: PeerSessionEmitted) => void): unknown;
  start(): unknown;
}

/** What all sessions of one server have in common. */
export interface PeerSessionOptions<In, Out> {
  /** Creates the protocol of a peer. The definition's callbacks can get it by calling `peer`. */
  readonly createProtocol: (
    info: PeerInfo,
    peer: () => AsyncProtocol<In, Out>,
    share?: ByteShare,
  ) => AsyncProtocol<In, Out>;
  /** Serves a peer; see `ProtocolServerOptions.onPeer`. */
  readonly onPeer?: ProtocolServerOptions['onPeer'];
  /** Returns the logger of one peer. */
  readonly loggerOf?: (number: number) => Log | undefined;
  /** Bounds what the peers hold together. Default: nothing does. */
  readonly budget?: ByteBudget | undefined;
  /** Returns the name of a peer's protocol. */
  readonly nameOf: (number: number) => string;
  readonly deadlines: ServerDeadlines;
  /** Creates an actor of the chart, without starting it. */
  readonly createActor: (port: PeerPort) => PeerSessionRef;
  /** Called for everything that the chart emits. */
  readonly onEmitted: (session: PeerSession<In, Out>, emitted: PeerSessionEmitted) => void;
}

/** A connection and its protocol: the port of the chart `machines/peer-session.ts`, in ARRIVED at first. */
export class PeerSession<In, Out> implements PeerPort {
  readonly deadlines: ServerDeadlines;
  readonly connection: PendingConnection;
  /** The last state that the chart reported; `undefined` in ARRIVED and GONE. Set by the server. */
  state: PeerState | undefined;
  readonly #options: PeerSessionOptions<In, Out>;
  readonly #ref: PeerSessionRef;
  #number = 0;
  #stream: Duplex | undefined;
  #protocol: AsyncProtocol<In, Out> | undefined;
  /** What the protocol holds of the budget. */
  #share: ByteShare | undefined;
  /** Tells `onPeer` that the session is about to end, or has ended. */
  readonly #finishing = new AbortController();
  /** Why the handshake failed. */
  #failure: WirechartError | undefined;

  constructor(connection: PendingConnection, options: PeerSessionOptions<In, Out>) {
    this.deadlines = options.deadlines;
    this.connection = connection;
    this.#options = options;
    this.#ref = options.createActor(this);
    this.#ref.on('*', (emitted) => {
      if (emitted.type === 'gone') this.#share?.close();
      options.onEmitted(this, emitted);
    });
    this.#ref.start();
  }

  /** Which peer it is, and who. Its number is 0 until it is admitted. */
  get info(): PeerInfo {
    const number = this.#number;
    return { number, name: this.#options.nameOf(number), remote: this.remote };
  }

  get remote(): Remote {
    return this.connection.remote;
  }

  /** The protocol; `undefined` until the stream is open. */
  get protocol(): AsyncProtocol<In, Out> | undefined {
    return this.#protocol;
  }

  get isTls(): boolean {
    return this.connection.isTls;
  }

  get isRunning(): boolean {
    return this.#protocol?.runstate === 'RUNNING';
  }

  get hasHandler(): boolean {
    return this.#options.onPeer !== undefined;
  }

  get isLooping(): boolean {
    return this.#protocol?.isPulled === true;
  }

  /** Starts the handshake: the server has a free slot. */
  admit(number: number): void {
    this.#number = number;
    this.#ref.send({ type: 'ADMIT' });
  }

  /** Puts the peer in the backlog: the server has no free slot. */
  queue(): void {
    this.#ref.send({ type: 'QUEUE' });
  }

  /** Notes that a loop over the server has taken the peer. */
  take(): void {
    this.#ref.send({ type: 'TAKE' });
  }

  /**
   * Ends the session, or gives the connection up, in any state.
   *
   * @param reason - The cause, if the end is a failure.
   */
  leave(force: boolean, reason?: WirechartError): void {
    this.#ref.send({ type: 'LEAVE', force, reason });
  }

  gone(): Promise<void> {
    return this.connection.gone;
  }

  async secure(signal: StopSignal): Promise<void> {
    await this.#open(signal);
  }

  async establish(signal: StopSignal): Promise<void> {
    try {
      const stream = this.#stream ?? (await this.#open(signal));
      signal.throwIfAborted();
      this.#share = this.#options.budget?.open((error) => {
        this.leave(true, error);
      });
      this.#protocol = this.#options.createProtocol(this.info, () => this.#ready(), this.#share);
      this.connection.handOver?.();
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

  async serve(stop: StopSignal): Promise<void> {
    const { signal } = this.#finishing;
    stop.addEventListener('abort', () => {
      this.#finishing.abort(stop.reason);
    });
    try {
      const served = this.#options.onPeer?.(this.#protocol?.owner, { signal });
      if (isThenable(served)) await served;
      else await aborted(signal);
    } catch (error) {
      // One that fails because its peer has gone, or is asked to, has not made it fail.
      if (signal.aborted || !this.isRunning) this.#logLate(error);
      throw error;
    }
  }

  finish(): void {
    this.#protocol?.endMessages();
    this.#finishing.abort();
  }

  fail(error: unknown): void {
    if (this.isRunning) this.#protocol?.fail(handlerError('onPeer', error));
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
    if (this.#stream === undefined) this.connection.close();
    else this.#stream.destroy();
  }

  async #open(signal: StopSignal): Promise<Duplex> {
    const stream = await this.connection.open(signal);
    // The stream may have opened in the turn in which the wait was aborted.
    if (signal.aborted) stream.destroy();
    signal.throwIfAborted();
    this.#stream = stream;
    return stream;
  }

  #logLate(error: unknown): void {
    const log = this.#options.loggerOf?.(this.#number);
    log?.debug(`The callback onPeer threw at the end of the session: ${describe(error)}`);
  }

  /** What inspectors print of a session, which is part of the machine's context. */
  toJSON(): object {
    return { number: this.#number, isRunning: this.isRunning, remote: String(this.remote) };
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

/** Resolves when a signal is aborted. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });

const ignore = () => undefined;
