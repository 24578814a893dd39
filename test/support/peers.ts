/** Peers: raw servers with a script, addresses at which a dial hangs, and pairs of protocols. */

import { once } from 'node:events';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type Address,
  type AsyncProtocol,
  lines,
  type ProtocolDefinition,
  type ProtocolOptions,
  streamPair,
} from '../../src/index.ts';
import { cleanUp, createProtocol } from './cleanup.ts';

/** Handles a connection of a raw peer. */
export type Script = (socket: Socket) => void;

/** A raw server, its connections, and the bytes that it received. */
export interface RawPeer {
  readonly address: { path: string } | { host: string; port: number };
  readonly server: Server;
  readonly sockets: readonly Socket[];
  /** The first connection. */
  readonly connected: Promise<Socket>;
  /** The bytes from all connections, as text; empty with a script. */
  readonly received: () => string;
  /** Waits until so many bytes have arrived. */
  readonly receivedBytes: (count: number) => Promise<void>;
}

/**
 * Starts a raw server that runs `script` on each connection; without one it collects the bytes and
 * leaves its own side open. Connections may be half-open, and their errors are ignored.
 *
 * @param where - The path of a UNIX socket. Default: a free port of 127.0.0.1.
 */
export async function rawPeer(script?: Script, where?: { path: string }): Promise<RawPeer> {
  const chunks: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (script === undefined) socket.on('data', (chunk) => chunks.push(chunk));
    else script(socket);
  });
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const address = await listen(server, where ?? { host: '127.0.0.1', port: 0 });
  cleanUp(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const size = () => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return {
    address,
    server,
    sockets,
    connected,
    received: () => Buffer.concat(chunks).toString(),
    receivedBytes: async (count) => {
      const socket = await connected;
      while (size() < count) await once(socket, 'data');
    },
  };
}

/** Listens, and resolves with the bound address. */
export async function listen(server: Server, where: ListenOptions): Promise<RawPeer['address']> {
  server.listen(where);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null) throw new Error('The server is not bound');
  return typeof bound === 'string' ? { path: bound } : { host: bound.address, port: bound.port };
}

/** An address at which a dial hangs, and the server behind it. */
export interface HangingPeer {
  readonly address: Address;
  readonly peer: RawPeer;
}

/**
 * Starts a peer at which a dial hangs: a dial with TLS to a plain TCP server that never answers.
 * (Node accepts connections by itself, so the backlog of the kernel cannot be filled.)
 */
export async function hangingPeer(): Promise<HangingPeer> {
  const peer = await rawPeer();
  return { peer, address: { host: '127.0.0.1', port: portOf(peer), tls: {} } };
}

/** The TCP port of a raw peer. Throws for a UNIX socket. */
export function portOf({ address }: RawPeer): number {
  if ('path' in address) throw new Error('A UNIX socket has no port');
  return address.port;
}

/** Two connected protocols. */
export interface Pair<M> {
  readonly left: AsyncProtocol<M>;
  readonly right: AsyncProtocol<M>;
  /** The streams under them. */
  readonly streams: readonly [Duplex, Duplex];
}

/** Connects two protocols over a stream pair; both are in RUNNING then. */
export async function pair<M>(
  definition: ProtocolDefinition<M>,
  options: ProtocolOptions = {},
  other: ProtocolDefinition<M> = definition,
): Promise<Pair<M>> {
  const streams = streamPair();
  const left = createProtocol(definition, options);
  const right = createProtocol(other, options);
  await Promise.all([left.connect({ stream: streams[0] }), right.connect({ stream: streams[1] })]);
  return { left, right, streams };
}

/** A line protocol, and the messages that it has received. */
export interface Inbox {
  readonly definition: ProtocolDefinition<string>;
  readonly messages: string[];
  /** Waits until so many messages have been received, since the beginning. */
  readonly count: (count: number) => Promise<readonly string[]>;
}

/** Creates the definition of a line protocol that collects its messages. */
export function inbox(more: Partial<ProtocolDefinition<string>> = {}): Inbox {
  const messages: string[] = [];
  const checks = new Set<() => void>();
  const onMessage = (message: string) => {
    messages.push(message);
    for (const check of checks) check();
  };
  const count = (wanted: number) =>
    new Promise<readonly string[]>((resolve) => {
      const check = () => {
        if (messages.length < wanted) return;
        checks.delete(check);
        resolve([...messages]);
      };
      checks.add(check);
      check();
    });
  return { definition: { codec: lines(), onMessage, ...more }, messages, count };
}
