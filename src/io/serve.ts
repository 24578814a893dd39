/** Listens for any number of peers, for as long as wanted. */

import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ArgumentError } from '../errors.ts';
import type { BoundAddress } from '../types.ts';
import type { Target } from './address.ts';
import { quiet } from './dial.ts';
import { addressOf, createServerFor } from './listen.ts';
import { listenAt, listenNear, publish, type SocketFile } from './unix-socket.ts';

/** A socket that listens. */
export interface Service {
  /** Where it is bound: the real port, or the path. */
  readonly address: BoundAddress;
  /** Stops listening and removes the file of a UNIX socket. Peers that have come are not touched. */
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
  const isTls = target.kind === 'tcp' && target.tls !== undefined;
  server.on(isTls ? 'secureConnection' : 'connection', (peer: Socket) => {
    onPeer(quiet(peer));
  });
  server.on('tlsClientError', (_, socket: Socket) => socket.destroy());
  if (target.kind === 'tcp') {
    await listenAt(server, { host: target.host, port: target.port });
    return serviceOf(server, addressOf(server, target));
  }
  const file = await published(server, target.path);
  return serviceOf(server, { path: target.path }, file);
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

const serviceOf = (server: Server, address: BoundAddress, file?: SocketFile): Service => ({
  address,
  close: () => {
    file?.remove();
    if (server.listening) server.close();
  },
});
