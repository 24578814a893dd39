/** A server with TLS that tells what it knows of its peers, and raw clients that visit it. */

import { once } from 'node:events';
import { connect, type ConnectionOptions, type TlsOptions, type TLSSocket } from 'node:tls';
import {
  lines,
  type PeerInfo,
  ProtocolServer,
  type Remote,
  type ServerLimits,
} from '../../src/index.ts';
import { makeCertificates } from './certificates.ts';
import { cleanUp } from './cleanup.ts';

export const certificates = await makeCertificates();

/** The options of a server that serves only clients with a certificate of `ca`. */
export const MUTUAL: TlsOptions = {
  ...certificates.server,
  ca: certificates.ca,
  requestCert: true,
};

/** Starts a server, which greets its peers with a line, and echoes theirs. It is closed after the test. */
export async function listenTls(tls: TlsOptions, limits: ServerLimits = {}) {
  /** What the handshakes of the protocol were told. */
  const handedOver: Remote[] = [];
  const failed: PeerInfo[] = [];
  const server = new ProtocolServer<string>(
    (_number, peer) => ({
      codec: lines(),
      handshake: (session) => {
        handedOver.push(session.remote);
        return session.send('welcome');
      },
      onMessage: (line) => peer().send(line),
    }),
    { limits, onPeerError: (_, info) => failed.push(info) },
  );
  cleanUp(() => server.close({ force: true }));
  const { port } = await server.listen({ port: 0, tls });
  return { server, port, handedOver, failed };
}

/** What a raw client has seen of a server. */
export interface Visit {
  /** The first line; empty if it was turned away. */
  readonly text: string;
  /** The serial number of the server's certificate. */
  readonly serial: string | undefined;
  /** A session that can be resumed. */
  readonly session: Buffer | undefined;
  readonly isReused: boolean;
  readonly socket: TLSSocket;
  /** Resolves when the connection is closed. */
  readonly leave: () => Promise<void>;
}

/** Connects, and waits for the first line or the end. */
export async function visit(port: number, options: ConnectionOptions): Promise<Visit> {
  const { ca } = certificates;
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options });
  cleanUp(() => socket.destroy());
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      resolve();
    });
  });
  const given = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  const line = new Promise<string>((resolve) => {
    socket.once('data', (chunk) => {
      resolve(String(chunk));
    });
  });
  const text = await Promise.race([line, closed.then(() => '')]);
  const isReused = text !== '' && socket.isSessionReused();
  return {
    text,
    serial: socket.getPeerX509Certificate()?.serialNumber,
    session: text === '' || isReused ? undefined : await given,
    isReused,
    socket,
    leave: () => {
      socket.destroy();
      return closed;
    },
  };
}

/** Resolves with what the socket of a visit receives next. */
export const nextText = async ({ socket }: Visit): Promise<string> =>
  String(await once(socket, 'data'));
