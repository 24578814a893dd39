/** Servers of lines, clients for them, and raw peers that do what a test says. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type Address,
  AsyncProtocol,
  type BoundAddress,
  lines,
  type PeerDefinition,
  ProtocolServer,
  type ProtocolServerOptions,
} from '../../src/index.ts';
import { cleanUp } from './cleanup.ts';
import { type Inbox, inbox } from './peers.ts';

/** A server and what became of its peers. */
export interface House {
  readonly server: ProtocolServer<string>;
  /** Who failed, and why, in order. */
  readonly errors: { readonly number: number; readonly error: Error }[];
  /** Waits until so many have failed. */
  readonly failed: (count: number) => Promise<void>;
}

/** What answers each line with the peer's number and the line; without a handshake. */
export const echo: PeerDefinition<string> = (number, peer) => ({
  codec: lines(),
  onMessage: (line) => peer().send(`${String(number)}: ${line}`),
});

/** The same with a handshake: the server says `welcome`, and waits for a line. */
export const echoAfterHandshake: PeerDefinition<string> = (number, peer) => ({
  ...echo(number, peer),
  handshake: async (session) => {
    await session.send('welcome');
    await session.receive();
  },
});

/** A server, which is closed after the test. */
export function createTestServer(
  definition: ConstructorParameters<typeof ProtocolServer<string>>[0] = echo,
  options: ProtocolServerOptions = {},
): House {
  const errors: House['errors'] = [];
  const waiting = new Set<() => void>();
  const server = new ProtocolServer<string>(definition, {
    onPeerError: (error, number) => {
      errors.push({ number, error });
      for (const check of waiting) check();
    },
    ...options,
  });
  cleanUp(() => server.close({ force: true }));
  const failed = (count: number) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (errors.length >= count) resolve();
      };
      waiting.add(check);
      check();
    });
  return { server, errors, failed };
}

/** A client of lines, in RUNNING. */
export interface Client extends Inbox {
  readonly protocol: AsyncProtocol<string>;
}

/** A client that is not connected yet; it is put away after the test. */
export function createClient(options: { readonly greets?: boolean } = {}): Client {
  const heard = inbox();
  const handshake = async (session: {
    receive(): Promise<string>;
    send(line: string): Promise<void>;
  }) => {
    await session.receive();
    await session.send('thanks');
  };
  const definition = { ...heard.definition, ...(options.greets === true && { handshake }) };
  // On a busy machine a client is patient; it is the test's own deadline that limits the wait.
  const timeouts = { connect: Infinity, handshake: Infinity };
  const protocol = new AsyncProtocol<string>(definition, { timeouts });
  cleanUp(() => protocol.disconnect({ force: true }).catch(() => undefined));
  return { ...heard, protocol };
}

/** A client in RUNNING. */
export async function dialLines(
  address: Address,
  options: { readonly greets?: boolean } = {},
): Promise<Client> {
  const client = createClient(options);
  await client.protocol.connect(address);
  return client;
}

/** Asserts that a client is served: what it says is echoed. Resolves with its number. */
export async function numberOf({ protocol, messages, count }: Client): Promise<number> {
  const before = messages.length;
  await protocol.send('who am I?');
  const last = (await count(before + 1)).at(-1) ?? '';
  return Number(last.split(':', 1)[0]);
}

/** A raw socket, connected; it is destroyed after the test, and its errors are no concern of ours. */
export async function dialSocket(address: BoundAddress): Promise<Socket> {
  const socket = connect({ ...address, allowHalfOpen: true });
  socket.on('error', () => undefined);
  cleanUp(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Resolves when a socket has closed, or the other side has ended; what still comes is dropped. */
export function disconnected(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => {
    if (socket.readableEnded || socket.closed) resolve();
    socket.once('end', resolve).once('close', () => {
      resolve();
    });
  });
}

/** The first peers of a server, in the order of the iteration. */
export async function take<T>(server: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  if (count === 0) return taken;
  for await (const peer of server) {
    taken.push(peer);
    if (taken.length === count) break;
  }
  return taken;
}
