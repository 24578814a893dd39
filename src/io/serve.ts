/** Listens for any number of peers, for as long as wanted. */

import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ArgumentError } from '../errors.ts';
import type { BoundAddress } from '../types.ts';
import type { Target } from './address.ts';
import { quiet } from './dial.ts';
import { addressOf, createServerFor, isBelow } from './listen.ts';
import { listenAt, listenNear, publish, type SocketFile } from './unix-socket.ts';

/** A socket that listens. */
export interface Service {
  /** Where it is bound: the real port, or the path. */
  readonly address: BoundAddress;
  /**
   * Stops listening, removes the file of a UNIX socket, and ends the TLS handshakes under way. Peers
   * that were handed over are not touched.
   */
  close(): void;
}

/**
 * Listens at `target` and hands over every peer, as `Listener.accept()` does: half-open capable, not
 * read from, with one lasting listener on 'error'. With TLS, only those whose handshake succeeded.
 *
 * Rejects as `Listener.bind()` does.
 */
export async function serve(target: Target, onPeer: (peer: Duplex) => void): Promise<Service> {
  if (target.kind === 'stream') {
    throw new ArgumentError('A stream cannot be listened on: give a path or a port');
  }
  const server = createServerFor(target);
  const handshakes = new Set<Socket>();
  if (target.kind === 'tcp' && target.tls !== undefined)
    watchHandshakes(server, handshakes, onPeer);
  else
    server.on('connection', (peer: Socket) => {
      onPeer(quiet(peer));
    });
  const file = target.kind === 'unix' ? await published(server, target.path) : undefined;
  if (target.kind === 'tcp') await listenAt(server, { host: target.host, port: target.port });
  return {
    address: target.kind === 'unix' ? { path: target.path } : addressOf(server, target),
    close: () => {
      file?.remove();
      if (server.listening) server.close();
      for (const raw of handshakes) raw.destroy();
    },
  };
}

/** A handshake that never ends would keep the process alive: the sockets are known from the first. */
function watchHandshakes(
  server: Server,
  handshakes: Set<Socket>,
  onPeer: (peer: Duplex) => void,
): void {
  server.on('connection', (raw: Socket) => {
    handshakes.add(quiet(raw));
    raw.once('close', () => handshakes.delete(raw));
  });
  server.on('tlsClientError', (_, socket: Socket) => socket.destroy());
  server.on('secureConnection', (peer: Socket) => {
    for (const raw of handshakes) if (isBelow(raw, peer)) handshakes.delete(raw);
    onPeer(quiet(peer));
  });
}

async function published(server: Server, path: string): Promise<SocketFile> {
  const temporary = await listenNear(server, path);
  try {
    return await publish(temporary, path);
  } catch (error) {
    server.close();
    throw error;
  }
}
