/** Listens at an address until one peer has connected. */

import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { ArgumentError, ClosedError, describe } from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { BoundAddress } from '../core/types.ts';
import { ignoreLateErrors } from './dial.ts';
import { keepPeersAlive } from './keep-alive.ts';
import type { ListenTarget } from './listen-target.ts';
import { warnOfPlainListen } from './plaintext.ts';
import { tlsOptionsError } from './tls-error.ts';
import { loadTls } from './tls.ts';
import { explain, refusalOf } from './tls-refusal.ts';
import { listenAt, listenNear, pathOfDescriptor, type SocketFile } from './unix-socket.ts';

const MAX_TLS_ERRORS = 8;
/** How many clients may be in their handshake; the oldest one must go for a new one. */
const MAX_HANDSHAKES = 256;
/** Not `pauseOnConnect`: from a paused socket nothing is read, and its end would go unnoticed. */
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, pauseOnConnect: false };

/**
 * A listening socket for one peer. The arrival of the first peer ends the listening, whether or not
 * `accept()` was called, and removes the file of a UNIX socket; peers that connect at the same
 * moment are destroyed. With TLS, a peer arrives when its handshake has succeeded; the errors of
 * failed handshakes are kept in `tlsErrors`.
 */
export class SinglePeerListener {
  /** The bound address: the actual host and port, or the path. */
  readonly address: BoundAddress;
  readonly #server: Server;
  readonly #tlsErrors: Error[] = [];
  /** With TLS, while it listens: the TCP sockets whose handshake is in progress. */
  readonly #handshaking = new Set<Socket>();
  #file: SocketFile | undefined;
  /** The peer that has arrived and was not accepted yet. */
  #peer: Socket | undefined;
  /** The error of further `accept()` calls; the first one is kept. */
  #ended: Error | undefined;
  /** Wakes the pending `accept()`. */
  #wake: (() => void) | undefined;

  private constructor(server: Server, address: BoundAddress, tls?: object) {
    this.#server = server;
    this.address = address;
    server.on('error', (error) => {
      this.#end(error);
    });
    if (tls === undefined) {
      server.on('connection', (peer: Socket) => {
        this.#arrive(peer);
      });
    } else {
      this.#watchHandshakes(tls);
    }
  }

  /**
   * Binds to `target` and listens there. A stale file of a UNIX socket, which no process serves any
   * more, is replaced (see `SocketFile.publish()` for how it is recognized).
   *
   * Rejects with `signal.reason` when the signal is aborted, before or during the call: neither a
   * socket nor a file remains then, even if the bind succeeds a moment later. Rejects with an
   * `ArgumentError` when Node rejects the TLS options or the file descriptor (Node's error is the
   * `cause`), and otherwise with the error of the operating system: `EADDRINUSE` also when the path is
   * a file that is not a socket.
   *
   * @param warn - Where warnings go. Default: a warning of the process.
   */
  static async bind(
    target: ListenTarget,
    signal: StopSignal,
    warn?: (text: string) => void,
  ): Promise<SinglePeerListener> {
    signal.throwIfAborted();
    const listener = await unlessAborted(signal, SinglePeerListener.#open(target, signal));
    warnOfPlainListen(target, listener.address, warn);
    return listener;
  }

  /** The errors of the last 8 failed TLS handshakes, the oldest first. */
  get tlsErrors(): readonly Error[] {
    return this.#tlsErrors;
  }

  /** Why no peer has arrived, if clients have dialed whose TLS handshake failed. */
  get obstacle(): Error | undefined {
    const cause = this.#tlsErrors.at(-1);
    return (
      cause &&
      new Error(`a client has dialed, and its TLS handshake failed: ${describe(cause)}`, { cause })
    );
  }

  /**
   * Waits for the first peer, which may have arrived before the call; can succeed once. The stream
   * is like that of `dial()`: it allows half-open connections, has not been read from and has one
   * permanent 'error' listener; **the peer may already have ended its side**, and what it sent
   * before can still be read.
   *
   * Rejects with `signal.reason` when the signal is aborted, before or during the call; the
   * listener is closed then. Rejects with a `ClosedError` when the peer left before the call
   * without any bytes to read (its error, if any, is the `cause`), when the peer was accepted
   * already, when another call is pending, and when the listener is closed; with the error of the
   * operating system when accepting fails.
   */
  async accept(signal: StopSignal): Promise<Duplex> {
    if (this.#wake !== undefined) throw new ClosedError('Another accept() is pending');
    const isWaiting = this.#peer === undefined && this.#ended === undefined;
    if (isWaiting && !signal.aborted) await this.#change(signal);
    if (signal.aborted) this.close();
    signal.throwIfAborted();
    return this.#take();
  }

  /**
   * Stops listening, removes the socket's file if it is still ours, and destroys a peer that was
   * not accepted; an accepted peer belongs to the caller. A pending `accept()` rejects. Never
   * throws; further calls do nothing.
   */
  close(): void {
    this.#end(new ClosedError('The listener is closed', { expected: true }));
  }

  static async #open(target: ListenTarget, signal: StopSignal): Promise<SinglePeerListener> {
    const server = createServerFor(target);
    if (target.kind !== 'unix') {
      await listenOn(server, target);
      return new SinglePeerListener(server, addressOf(server, target), target.tls);
    }
    const file = await listenNear(server, target.path, target);
    const listener = new SinglePeerListener(server, { path: target.path });
    await listener.#publish(file, signal);
    return listener;
  }

  async #publish(file: SocketFile, signal: StopSignal): Promise<void> {
    this.#file = file;
    try {
      signal.throwIfAborted();
      await file.publish();
      // A peer may have connected since the file was linked, and may have ended the listening.
      if (!this.#server.listening) file.remove();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #watchHandshakes(tls: object): void {
    this.#server.on('secureConnection', (peer: TLSSocket) => {
      const refusal = refusalOf(tls, peer);
      if (refusal === undefined) {
        this.#arrive(peer);
      } else {
        ignoreLateErrors(peer).destroy();
        this.#noteTlsError(refusal);
      }
    });
    this.#server.on('connection', (socket: Socket) => {
      ignoreLateErrors(socket);
      if (!this.#server.listening) {
        socket.destroy();
        return;
      }
      this.#handshaking.add(socket);
      const [oldest] = this.#handshaking;
      if (this.#handshaking.size > MAX_HANDSHAKES) oldest?.destroy();
      socket.once('close', () => this.#handshaking.delete(socket));
    });
    this.#server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      socket.destroy();
      this.#noteTlsError(explain(error, socket));
    });
  }

  #noteTlsError(error: Error): void {
    // After the end of the listening, the errors come from handshakes that we aborted.
    if (!this.#server.listening) return;
    this.#tlsErrors.push(error);
    if (this.#tlsErrors.length > MAX_TLS_ERRORS) this.#tlsErrors.shift();
  }

  #arrive(peer: Socket): void {
    ignoreLateErrors(peer);
    if (this.#ended !== undefined || this.#peer !== undefined) {
      peer.destroy();
      return;
    }
    this.#peer = peer;
    this.#stop();
    this.#wake?.();
  }

  /** Resolves when a peer has arrived, the listener is closed or the signal is aborted. */
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
    if (peer === undefined) throw this.#ended ?? new ClosedError('There is no peer');
    this.#peer = undefined;
    // Node reads ahead; on a stream without readers it emits 'end' only if no bytes precede it.
    if (peer.destroyed || peer.readableEnded) {
      const cause = peer.errored === null ? {} : { cause: peer.errored };
      this.#ended = new ClosedError('The peer left before it was accepted', cause);
      peer.destroy();
      throw this.#ended;
    }
    this.#ended = new ClosedError('The peer was accepted already');
    return peer;
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    this.#stop();
    this.#peer?.destroy();
    this.#peer = undefined;
    this.#wake?.();
  }

  #stop(): void {
    // The file first: while the server is open, its inode number cannot be reused by another file.
    this.#removeFile();
    if (this.#server.listening) this.#server.close();
    for (const socket of this.#handshaking) {
      if (this.#peer === undefined || !isBelow(socket, this.#peer)) socket.destroy();
    }
    this.#handshaking.clear();
  }

  #removeFile(): void {
    this.#file?.remove();
    this.#file = undefined;
  }
}

/** Creates the server for a target, with TLS if the target has it; throws as `createTlsServer()` does. */
function createServerFor(target: ListenTarget): Server {
  const server =
    target.kind === 'unix' || target.tls === undefined
      ? createPlainServer()
      : createTlsServer(target.tls);
  keepPeersAlive(server, target);
  return server;
}

/** Creates a server without TLS. Its sockets allow half-open connections. */
export const createPlainServer = (): Server => createServer(SOCKET_OPTIONS);

/** The same with TLS. @throws {ArgumentError} When Node rejects the options; its error is the `cause`. */
export function createTlsServer(tls: object): Server {
  try {
    return loadTls().createServer({ ...tls, ...SOCKET_OPTIONS });
  } catch (error) {
    throw tlsOptionsError(error);
  }
}

/**
 * Makes a server listen on a port or on an inherited file descriptor.
 *
 * @param backlog - How many pending connections the kernel may hold.
 */
export async function listenOn(
  server: Server,
  target: Exclude<ListenTarget, { kind: 'unix' }>,
  backlog?: number,
): Promise<void> {
  const size = backlog === undefined ? {} : { backlog };
  if (target.kind === 'tcp') {
    return listenAt(server, { host: target.host, port: target.port, ...size });
  }
  try {
    await listenAt(server, { fd: target.fd, ...size });
  } catch (cause) {
    const text = `The file descriptor ${String(target.fd)} cannot be listened on: ${describe(cause)}. Pass that of a listening socket`;
    throw new ArgumentError(text, { cause });
  }
}

/** Where a server that has just begun to listen is bound. */
export function addressOf(server: Server, target: ListenTarget): BoundAddress {
  if (target.kind === 'unix') return { path: target.path };
  const bound = server.address();
  if (bound !== null && typeof bound === 'object') return { host: bound.address, port: bound.port };
  return target.kind === 'fd'
    ? { path: pathOfDescriptor(target.fd) }
    : { host: target.host, port: target.port };
}

/** Whether `socket` is the TCP socket under the TLS socket `peer`, which Node does not expose. */
export function isBelow(socket: Socket, peer: Socket): boolean {
  return (
    socket.remotePort === peer.remotePort &&
    socket.remoteAddress === peer.remoteAddress &&
    socket.localAddress === peer.localAddress
  );
}

/** Resolves as `opening` does, unless the signal is aborted first: a late listener is closed. */
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
  // The error of an attempt that was aborted.
}
