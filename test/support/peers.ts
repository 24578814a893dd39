/** The other side: raw sockets that do what a test says, and pairs of protocols. */

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

/** What a raw peer does with a connection. */
export type Script = (socket: Socket) => void;

/** A raw server, what it got, and its connections. */
export interface RawPeer {
  readonly address: { path: string } | { host: string; port: number };
  readonly server: Server;
  readonly sockets: readonly Socket[];
  /** The first connection. */
  readonly connected: Promise<Socket>;
  /** All that came, from every connection, as text. */
  readonly received: () => string;
  /** Waits until so many bytes have come. */
  readonly receivedBytes: (count: number) => Promise<void>;
}

/**
 * A raw server that runs `script` on each connection; without one it collects what comes and leaves
 * its own side open. Connections are half-open capable, and errors of theirs are no concern of ours.
 *
 * @param where - The path of a UNIX socket; without one, a free port of 127.0.0.1.
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

/** Listens, and says where. */
export async function listen(server: Server, where: ListenOptions): Promise<RawPeer['address']> {
  server.listen(where);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null) throw new Error('The server is not bound');
  return typeof bound === 'string' ? { path: bound } : { host: bound.address, port: bound.port };
}

/** An address to which a dial hangs, and the server behind it. */
export interface Jammed {
  readonly address: Address;
  readonly peer: RawPeer;
}

/**
 * An address to which a dial hangs. Node accepts connections by itself, so a full backlog cannot be
 * had; instead this is a dial with TLS to a plain TCP server that never says a word.
 */
export async function hangingPeer(): Promise<Jammed> {
  const peer = await rawPeer();
  return { peer, address: { host: '127.0.0.1', port: portOf(peer), tls: {} } };
}

/** The port of a raw peer that listens on one. */
export function portOf({ address }: RawPeer): number {
  if ('path' in address) throw new Error('A UNIX socket has no port');
  return address.port;
}

/** Two protocols that talk to each other. */
export interface Pair<M> {
  readonly left: AsyncProtocol<M>;
  readonly right: AsyncProtocol<M>;
  /** The streams under them. */
  readonly streams: readonly [Duplex, Duplex];
}

/** Two protocols in RUNNING over a stream pair. */
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

/** A definition of lines that keeps what comes. */
export interface Inbox {
  readonly definition: ProtocolDefinition<string>;
  readonly messages: string[];
  /** Waits until so many messages have come, since the beginning. */
  readonly count: (count: number) => Promise<readonly string[]>;
}

/** A definition of lines that keeps what comes. */
export function inbox(more: Partial<ProtocolDefinition<string>> = {}): Inbox {
  const messages: string[] = [];
  const waiting = new Set<() => void>();
  const onMessage = (message: string) => {
    messages.push(message);
    for (const check of waiting) check();
  };
  const count = (wanted: number) =>
    new Promise<readonly string[]>((resolve) => {
      const check = () => {
        if (messages.length < wanted) return;
        waiting.delete(check);
        resolve([...messages]);
      };
      waiting.add(check);
      check();
    });
  return { definition: { codec: lines(), onMessage, ...more }, messages, count };
}
