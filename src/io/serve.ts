/** A socket that accepts any number of connections, until it is closed. */

import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ArgumentError, ClosedError } from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { PendingConnection, Listener } from '../machines/server-port.ts';
import type { Target } from './address.ts';
import { ignoreLateErrors } from './dial.ts';
import { addressOf, createServerFor, type ListenTarget } from './listen.ts';
import { TlsUpgrader } from './tls-upgrader.ts';
import { listenAt, listenNear, publish, type SocketFile } from './unix-socket.ts';

/** How many connections the kernel may queue for us; the kernel has a limit of its own. */
const KERNEL_BACKLOG_PEERS = 4_096;

/**
 * Listens at `target`. Each connection is handed over before its TLS handshake, if there is one. Its
 * stream is like that of `SinglePeerListener.accept()`: half-open capable, not read from, with one
 * lasting listener on 'error'.
 *
 * Rejects as `SinglePeerListener.bind()` does.
 *
 * @param onError - Called for each connection that could not be accepted; listening goes on. When the
 *   process has no file descriptors left, libuv closes connections without an error.
 */
export async function serve(target: Target, onError: (error: Error) => void): Promise<Listener> {
  if (target.kind === 'stream') {
    throw new ArgumentError('A stream cannot be listened on: give a path or a port');
  }
  const upgrader = target.kind === 'tcp' && target.tls ? new TlsUpgrader(target.tls) : undefined;
  const server = createServerFor(
    target.kind === 'tcp' ? { kind: 'tcp', host: target.host, port: target.port } : target,
  );
  const queue = new ConnectionQueue(server, upgrader);
  const temporary = await bind(server, target);
  // From now on an error concerns a single connection.
  server.on('error', onError);
  const file =
    target.kind === 'unix' ? await publishOrClose(server, temporary, target.path) : undefined;
  return {
    address: target.kind === 'unix' ? { path: target.path } : addressOf(server, target),
    accept: (onConnection) => {
      queue.open(onConnection);
    },
    close: () => {
      file?.remove();
      if (server.listening) server.close();
      queue.close();
    },
  };
}

/** Holds the connections that arrive before `open()`. */
class ConnectionQueue {
  #early: PendingConnection[] = [];
  #onConnection = (connection: PendingConnection): void => {
    this.#early.push(connection);
  };

  constructor(server: Server, upgrader: TlsUpgrader | undefined) {
    server.on('connection', (raw: Socket) => {
      this.#onConnection(new PendingSocket(ignoreLateErrors(raw), upgrader));
    });
  }

  open(onConnection: (connection: PendingConnection) => void): void {
    this.#onConnection = onConnection;
    for (const connection of this.#early.splice(0)) onConnection(connection);
  }

  close(): void {
    this.open((connection) => {
      connection.close();
    });
  }
}

/** An accepted socket, before its TLS handshake. */
class PendingSocket implements PendingConnection {
  readonly isTls: boolean;
  readonly gone: Promise<void>;
  readonly #raw: Socket;
  readonly #upgrader: TlsUpgrader | undefined;

  constructor(raw: Socket, upgrader: TlsUpgrader | undefined) {
    this.#raw = raw;
    this.#upgrader = upgrader;
    this.isTls = upgrader !== undefined;
    this.gone = new Promise((resolve) => {
      if (raw.closed) resolve();
      else raw.once('close', resolve);
    });
  }

  async open(signal: StopSignal): Promise<Duplex> {
    const raw = this.#raw;
    try {
      signal.throwIfAborted();
      // Node reads ahead; it emits 'end' on a paused stream only if there are no bytes before it.
      if (raw.destroyed || raw.readableEnded) {
        const cause = raw.errored === null ? {} : { cause: raw.errored };
        throw new ClosedError('The peer left before it was admitted', cause);
      }
      return this.#upgrader === undefined ? raw : await this.#upgrader.upgrade(raw, signal);
    } catch (error) {
      raw.destroy();
      throw error;
    }
  }

  close(): void {
    this.#raw.destroy();
  }
}

/** Resolves with the temporary name of a UNIX socket. */
async function bind(server: Server, target: ListenTarget): Promise<string> {
  if (target.kind === 'unix') return listenNear(server, target.path, KERNEL_BACKLOG_PEERS);
  await listenAt(server, { host: target.host, port: target.port, backlog: KERNEL_BACKLOG_PEERS });
  return '';
}

async function publishOrClose(
  server: Server,
  temporary: string,
  path: string,
): Promise<SocketFile> {
  try {
    return await publish(temporary, path);
  } catch (error) {
    server.close();
    throw error;
  }
}
