/** Servers of a line protocol, and clients for them. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type Address,
  AsyncProtocol,
  type BoundAddress,
  lines,
  type PeerInfo,
  type ProtocolDefinition,
  ProtocolServer,
  type ProtocolServerOptions,
} from '../../src/index.ts';
import { cleanUp } from './cleanup.ts';
import { type Inbox, inbox } from './peers.ts';

/** A server and the failures of its peers. */
export interface TestServer {
  readonly server: ProtocolServer<string>;
  /** The failed peers, in order. */
  readonly errors: (PeerInfo & { readonly error: Error })[];
  /** Waits until so many peers have failed. */
  readonly failed: (count: number) => Promise<void>;
}

type PeerCallbacks = (
  number: number,
  peer: () => AsyncProtocol<string>,
) => ProtocolDefinition<string>;

/** Replies to each line with the peer's number and the line; without a handshake. */
export const echo: PeerCallbacks = (number, peer) => ({
  codec: lines(),
  onMessage: (line) => peer().send(`${String(number)}: ${line}`),
});

/** As `echo`, with a handshake: the server sends `welcome` and waits for a line. */
export const echoAfterHandshake: PeerCallbacks = (number, peer) => ({
  ...echo(number, peer),
  handshake: async (session) => {
    await session.send('welcome');
    await session.receive();
  },
});

/** Creates a server, which is closed after the test. */
export function createTestServer(
  definition: ConstructorParameters<typeof ProtocolServer<string>>[0] = echo,
  options: ProtocolServerOptions = {},
): TestServer {
  const errors: TestServer['errors'] = [];
  const checks = new Set<() => void>();
  const server = new ProtocolServer<string>(definition, {
    onPeerError: (error, { number, name, remote }) => {
      errors.push({ number, name, remote, error });
      for (const check of checks) check();
    },
    ...options,
  });
  cleanUp(() => server.close({ force: true }));
  const failed = (count: number) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (errors.length >= count) resolve();
      };
      checks.add(check);
      check();
    });
  return { server, errors, failed };
}

/** A client of the line protocol, and what it has received. */
export interface Client extends Inbox {
  readonly protocol: AsyncProtocol<string>;
}

/**
 * Creates a client, which is disconnected after the test.
 *
 * @param options - `greets`: whether it has the handshake of `echoAfterHandshake`. Default false.
 */
export function createClient(options: { readonly greets?: boolean } = {}): Client {
  const received = inbox();
  const handshake = async (session: {
    receive(): Promise<string>;
    send(line: string): Promise<void>;
  }) => {
    await session.receive();
    await session.send('thanks');
  };
  const definition = { ...received.definition, ...(options.greets === true && { handshake }) };
  // The waits are limited only by the timeout of the test, because a busy machine is slow.
  const timeouts = { connect: Infinity, handshake: Infinity };
  const protocol = new AsyncProtocol<string>(definition, { timeouts });
  cleanUp(() => protocol.disconnect({ force: true }).catch(() => undefined));
  return { ...received, protocol };
}

/** Connects a client. */
export async function dialLines(
  address: Address,
  options: { readonly greets?: boolean } = {},
): Promise<Client> {
  const client = createClient(options);
  await client.protocol.connect(address);
  return client;
}

/**
 * Waits for the echo of a line, which proves that the client is served. Resolves with its number.
 */
export async function numberOf({ protocol, messages, count }: Client): Promise<number> {
  const before = messages.length;
  await protocol.send('who am I?');
  const last = (await count(before + 1)).at(-1) ?? '';
  return Number(last.split(':', 1)[0]);
}

/** Connects a raw socket, whose errors are ignored; it is destroyed after the test. */
export async function dialSocket(address: BoundAddress): Promise<Socket> {
  const socket = connect({ ...address, allowHalfOpen: true });
  socket.on('error', () => undefined);
  cleanUp(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Resolves when a socket has closed or its peer has ended. Drops the data that still arrives. */
export function disconnected(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => {
    if (socket.readableEnded || socket.closed) resolve();
    socket.once('end', resolve).once('close', () => {
      resolve();
    });
  });
}

/** Takes so many peers from a server, by iterating it. */
export async function take<T>(server: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  if (count === 0) return taken;
  for await (const peer of server) {
    taken.push(peer);
    if (taken.length === count) break;
  }
  return taken;
}
