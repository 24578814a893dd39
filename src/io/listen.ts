/** Listens for one peer. */

import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { ArgumentError, ClosedError, describe } from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { BoundAddress } from '../core/types.ts';
import type { Target } from './address.ts';
import { ignoreLateErrors } from './dial.ts';
import { listenAt, listenNear, publish, type SocketFile } from './unix-socket.ts';

const MAX_TLS_ERRORS = 8;
/** Paused sockets would not be read ahead, and so their end would go unnoticed. */
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, pauseOnConnect: false };

/** What can be listened on. */
export type ListenTarget = Exclude<Target, { kind: 'stream' }>;

/**
 * A listening socket with one place. The first peer takes it, and with it the listening ends, whether
 * or not `accept()` was called; the file of a UNIX socket is removed then. Peers that slip in behind
 * it are destroyed. With TLS a peer is one whose handshake succeeded: others are only remembered.
 */
export class SinglePeerListener {
  /** Where it listens, or listened: the host and the port that were really bound, or the path. */
  readonly address: BoundAddress;
  readonly #server: Server;
  readonly #tlsErrors: Error[] = [];
  /** With TLS, while it listens: the sockets whose handshake is not over. */
  readonly #raw = new Set<Socket>();
  #file: SocketFile | undefined;
  /** The peer that has come and was not taken. */
  #peer: Socket | undefined;
  /** Why there is nothing to accept any more; the first reason stays. */
  #over: Error | undefined;
  /** Tells the `accept()` that waits that something has changed. */
  #wake: (() => void) | undefined;

  private constructor(server: Server, address: BoundAddress, tls: boolean) {
    this.#server = server;
    this.address = address;
    server.on('error', (error) => {
      this.#end(error);
    });
    server.on(tls ? 'secureConnection' : 'connection', (peer: Socket) => {
      this.#arrive(peer);
    });
    if (tls) this.#watchHandshakes();
  }

  /**
   * Binds to `target` and listens there. A UNIX socket's file that nobody serves any more is
   * replaced (see `publish()` for how that is found out).
   *
   * Rejects with `signal.reason` when aborted, before or during the call: neither a socket nor a file
   * stays then, even if the bind succeeds a moment later. Rejects with an `ArgumentError` when
   * `target` is a stream (which is left as it is) or Node does not take the TLS options (its error is
   * the `cause`), and otherwise with the error of the operating system: `EADDRINUSE` also when there
   * is a file at the path that is not a socket.
   */
  static async bind(target: Target, signal: StopSignal): Promise<SinglePeerListener> {
    signal.throwIfAborted();
    if (target.kind === 'stream') {
      throw new ArgumentError('A stream cannot be listened on: give a path or a port');
    }
    return unlessAborted(signal, SinglePeerListener.#open(target, signal));
  }

  /** The last (at most 8) errors of clients that failed the TLS handshake, the oldest first. */
  get tlsErrors(): readonly Error[] {
    return this.#tlsErrors;
  }

  /**
   * Waits for the first peer, which may have come before the call; can succeed once. The stream is as
   * `dial()` gives it: half-open capable, not read from, with one lasting listener on 'error';
   * **its end may already have come**. Whatever the peer sent before it is there to be read.
   *
   * Rejects with `signal.reason` when aborted, before or during the call; the listener is closed then.
   * Rejects with a `ClosedError` when the peer came and left before the call and left no bytes to be
   * read (its `cause`: how it left, unless by a plain end), when it was accepted already, when another
   * call waits for it, and when the listener is closed; with the error of the operating system when
   * accepting failed.
   */
  async accept(signal: StopSignal): Promise<Duplex> {
    if (this.#wake !== undefined) throw new ClosedError('Another accept() waits for the peer');
    const idle = this.#peer === undefined && this.#over === undefined;
    if (idle && !signal.aborted) await this.#change(signal);
    if (signal.aborted) this.close();
    signal.throwIfAborted();
    return this.#take();
  }

  /**
   * Stops listening, removes the socket's file if it is still ours, and destroys a peer that was not
   * accepted; one that was is the caller's. An `accept()` that waits rejects. Never throws, and does
   * nothing the second time.
   */
  close(): void {
    this.#end(new ClosedError('The listener is closed', { expected: true }));
  }

  static async #open(target: ListenTarget, signal: StopSignal): Promise<SinglePeerListener> {
    const server = createServerFor(target);
    if (target.kind === 'tcp') {
      await listenAt(server, { host: target.host, port: target.port });
      return new SinglePeerListener(server, addressOf(server, target), target.tls !== undefined);
    }
    const temporary = await listenNear(server, target.path);
    const listener = new SinglePeerListener(server, { path: target.path }, false);
    await listener.#publish(temporary, target.path, signal);
    return listener;
  }

  async #publish(temporary: string, path: string, signal: StopSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      this.#file = await publish(temporary, path);
      // A peer can come between the link and this line.
      if (!this.#server.listening) this.#removeFile();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #watchHandshakes(): void {
    this.#server.on('connection', (raw: Socket) => {
      ignoreLateErrors(raw);
      if (!this.#server.listening) {
        raw.destroy();
        return;
      }
      this.#raw.add(raw);
      raw.once('close', () => this.#raw.delete(raw));
    });
    this.#server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      socket.destroy();
      // Past the end these are of the handshakes that we have cut off.
      if (!this.#server.listening) return;
      this.#tlsErrors.push(explain(error, socket));
      if (this.#tlsErrors.length > MAX_TLS_ERRORS) this.#tlsErrors.shift();
    });
  }

  #arrive(peer: Socket): void {
    ignoreLateErrors(peer);
    if (this.#over !== undefined || this.#peer !== undefined) {
      peer.destroy();
      return;
    }
    this.#peer = peer;
    this.#stop();
    this.#wake?.();
  }

  /** Resolves when a peer has come, the listener was closed, or the signal was aborted. */
  #change(signal: StopSignal): Promise<void> {
    return new Promise((resolve) => {
      const abort = () => {
        this.close();
      };
      this.#wake = () => {
        this.#wake = undefined;
        signal.removeEventListener('abort', abort);
        resolve();
      };
      signal.addEventListener('abort', abort);
    });
  }

  #take(): Socket {
    const peer = this.#peer;
    if (peer === undefined) throw this.#over ?? new ClosedError('There is no peer');
    this.#peer = undefined;
    // Node reads ahead by itself; it emits 'end' on a paused stream only if there are no bytes before.
    if (peer.destroyed || peer.readableEnded) {
      const cause = peer.errored === null ? {} : { cause: peer.errored };
      this.#over = new ClosedError('The peer left before it was accepted', cause);
      peer.destroy();
      throw this.#over;
    }
    this.#over = new ClosedError('The peer was accepted already');
    return peer;
  }

  #end(why: Error): void {
    this.#over ??= why;
    this.#stop();
    this.#peer?.destroy();
    this.#peer = undefined;
    this.#wake?.();
  }

  #stop(): void {
    // The file first: while the server is open, its inode number cannot be another file's.
    this.#removeFile();
    if (this.#server.listening) this.#server.close();
    for (const raw of this.#raw) {
      if (this.#peer === undefined || !isBelow(raw, this.#peer)) raw.destroy();
    }
    this.#raw.clear();
  }

  #removeFile(): void {
    this.#file?.remove();
    this.#file = undefined;
  }
}

export function createServerFor(target: ListenTarget): Server {
  if (target.kind === 'unix' || target.tls === undefined) return createServer(SOCKET_OPTIONS);
  try {
    return createTlsServer({ ...target.tls, ...SOCKET_OPTIONS });
  } catch (error) {
    throw new ArgumentError(`The TLS options cannot be used: ${describe(error)}`, { cause: error });
  }
}

export function addressOf(server: Server, asked: { host: string; port: number }): BoundAddress {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return { host: asked.host, port: asked.port };
  return { host: bound.address, port: bound.port };
}

/** Whether `raw` is the TCP socket that `peer` speaks TLS over; Node does not tell otherwise. */
export function isBelow(raw: Socket, peer: Socket): boolean {
  return (
    raw.remotePort === peer.remotePort &&
    raw.remoteAddress === peer.remoteAddress &&
    raw.localAddress === peer.localAddress
  );
}

/** Node reports a client's certificate that it refused as a plain hang-up. */
export function explain(error: Error, socket: TLSSocket): Error {
  const refusal: unknown = socket.authorizationError;
  if (typeof refusal !== 'string') return error;
  return new Error(`The client's certificate was refused: ${refusal}`, { cause: error });
}

/** The listener, unless the signal is aborted first; then it is closed as soon as it is there. */
async function unlessAborted(
  signal: StopSignal,
  opening: Promise<SinglePeerListener>,
): Promise<SinglePeerListener> {
  let wake: () => void = ignore;
  const aborted = new Promise<void>((resolve) => {
    wake = resolve;
    signal.addEventListener('abort', wake);
  });
  try {
    await Promise.race([opening, aborted]);
  } finally {
    signal.removeEventListener('abort', wake);
  }
  if (signal.aborted) {
    opening.then((late) => {
      late.close();
    }, ignore);
  }
  signal.throwIfAborted();
  return opening;
}

function ignore(): void {
  // An attempt that nobody waits for any more.
}
