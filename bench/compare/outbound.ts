/** Outbound messages per second, until the peer reports that it has received all of them. */

import { writeLines } from '../hand.ts';
import { alternate, rate, type Run, type Variant } from '../measure.ts';
import { type Event, events, frame, type Framing, SIZES, sizeName } from '../messages.ts';
import { AsyncProtocol, jsonLines } from '../package.ts';
import { type Child, withPeer } from '../peer.ts';
import { closeRpc, connectRpc, destroy, dial } from '../rpc.ts';
import { HAND, RPC, tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';

const PEER = new URL('../peers/sink.ts', import.meta.url);

/** How many messages are sent before `send()` is awaited. */
const WINDOW_MESSAGES = 1000;
/** How much is sent in one turn of the event loop, without waiting. */
const AT_ONCE_BYTES = 30_000_000;

/** Connects and returns a client. Only its `send()` is timed. */
type Sender = (path: string, messages: readonly Event[]) => Promise<Sending>;
interface Sending {
  send(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function* outbound({ plan, directory }: Setting): AsyncGenerator<Table> {
  for (const size of SIZES) {
    const series = await withPeer(PEER, directory, (path, peer) =>
      alternate(variantsOf(peer, path, size), plan),
    );
    yield tableOf(`outbound, ${sizeName(size)}`, 'messages/s', series);
  }
}

function variantsOf(peer: Child, path: string, size: number): Variant[] {
  const messages = events(size);
  const variant = (name: string, sender: Sender, framing: Framing = 'lines'): Variant => ({
    name,
    count: 10_000,
    run: async (count) => {
      const sending = await sender(path, messages);
      await peer.order({ expect: bytesOf(messages, framing, count) });
      const run = await send(sending, peer, count);
      await sending.close();
      return run;
    },
  });
  const atOnce = Math.floor(AT_ONCE_BYTES / size);
  const name = `wirechart, ${String(atOnce)} at once, flush()`;
  return [
    variant(HAND, byHand),
    variant('wirechart, every send() awaited', wirechart(sendAwaited)),
    variant('wirechart, every 1000th awaited', wirechart(sendInWindows)),
    { ...variant(name, wirechart(sendAtOnce)), count: atOnce, fixed: true },
    variant(RPC, withRpc, 'rpc'),
  ];
}

function send(sending: Sending, peer: Child, count: number): Promise<Run> {
  return rate(count, async () => {
    const all = peer.report();
    await sending.send(count);
    await all;
  });
}

function bytesOf(messages: readonly Event[], framing: Framing, count: number): number {
  const sizes = messages.map((message) => frame(message, framing).length);
  let bytes = 0;
  for (let at = 0; at < count; at += 1) bytes += sizes[at % sizes.length] ?? 0;
  return bytes;
}

async function byHand(path: string, messages: readonly Event[]): Promise<Sending> {
  const socket = await dial(path);
  return {
    send: (count) => writeLines(socket, messages, count),
    close: () => destroy(socket),
  };
}

type Protocol = InstanceType<typeof AsyncProtocol<unknown, Event>>;
type SendAll = (protocol: Protocol, messages: readonly Event[], count: number) => Promise<void>;

function wirechart(sendAll: SendAll): Sender {
  return async (path, messages) => {
    const protocol = new AsyncProtocol({ codec: jsonLines<unknown, Event>() });
    await protocol.connect(path);
    return {
      send: (count) => sendAll(protocol, messages, count),
      close: () => protocol.disconnect({ force: true }),
    };
  };
}

const at = (messages: readonly Event[], index: number): Event =>
  messages[index % messages.length] ?? {};

async function sendAwaited(
  protocol: Protocol,
  messages: readonly Event[],
  count: number,
): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) await protocol.send(at(messages, sent));
}

async function sendInWindows(
  protocol: Protocol,
  messages: readonly Event[],
  count: number,
): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) {
    const room = protocol.send(at(messages, sent));
    if (sent % WINDOW_MESSAGES === WINDOW_MESSAGES - 1) await room;
  }
}

async function sendAtOnce(
  protocol: Protocol,
  messages: readonly Event[],
  count: number,
): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) void protocol.send(at(messages, sent));
  await protocol.flush();
}

async function withRpc(path: string, messages: readonly Event[]): Promise<Sending> {
  const client = await connectRpc(path);
  const sendAll = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count;) {
      const window: Promise<void>[] = [];
      for (; sent < count && window.length < WINDOW_MESSAGES; sent += 1) {
        window.push(client.connection.sendNotification('event', at(messages, sent)));
      }
      await Promise.all(window);
    }
  };
  return { send: sendAll, close: () => closeRpc(client) };
}
