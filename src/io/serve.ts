/** A socket that accepts any number of connections, until it is closed. */

import type { Server, Socket } from 'node:net';
import type { PendingConnection, Listener } from '../machines/server-port.ts';
import { keepPeersAlive } from './keep-alive.ts';
import type { ListenTarget } from './listen-target.ts';
import { addressOf, createPlainServer, listenOn } from './listen.ts';
import { PendingStream, PendingTlsSocket } from './pending-stream.ts';
import { warnOfPlainListen } from './plaintext.ts';
import { remoteOf } from './remote.ts';
import { TlsUpgrader } from './tls-upgrader.ts';
import { listenNear, type SocketFile } from './unix-socket.ts';

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
 * @param warn - Where warnings go. Default: a warning of the process.
 */
export async function serve(
  target: ListenTarget,
  onError: (error: Error) => void,
  warn?: (text: string) => void,
): Promise<Listener> {
  const upgrader = target.kind !== 'unix' && target.tls ? new TlsUpgrader(target.tls) : undefined;
  const server = createPlainServer();
  keepPeersAlive(server, target);
  const file = await bind(server, target);
  const address = addressOf(server, target);
  // Before anything else is awaited, as the first connection may be here in the next turn.
  const queue = new ConnectionQueue(server, 'path' in address ? address.path : undefined, upgrader);
  // From now on an error concerns a single connection.
  server.on('error', onError);
  await publishOrClose(server, file);
  warnOfPlainListen(target, address, warn);
  return {
    address,
    renewTls:
      upgrader &&
      ((tls) => {
        upgrader.renew(tls);
      }),
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

  /** @param path - That of a UNIX socket. */
  constructor(server: Server, path: string | undefined, upgrader: TlsUpgrader | undefined) {
    server.on('connection', (raw: Socket) => {
      this.#onConnection(
        upgrader === undefined
          ? new PendingStream(raw, remoteOf(raw, path))
          : new PendingTlsSocket(raw, remoteOf(raw, path), upgrader),
      );
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

/** Resolves with the file of a UNIX socket, which is not published yet. */
async function bind(server: Server, target: ListenTarget): Promise<SocketFile | undefined> {
  if (target.kind === 'unix') {
    return listenNear(server, target.path, { mode: target.mode, backlog: KERNEL_BACKLOG_PEERS });
  }
  await listenOn(server, target, KERNEL_BACKLOG_PEERS);
  return undefined;
}

async function publishOrClose(server: Server, file: SocketFile | undefined): Promise<void> {
  try {
    await file?.publish();
  } catch (error) {
    server.close();
    throw error;
  }
}
