/** Inbound messages per second; the peer sends as fast as the client reads. */

import { runJob } from '../job.ts';
import { alternate, rate, type Variant } from '../measure.ts';
import { events, type Framing, SIZES, sizeName } from '../messages.ts';
import { type Child, withPeer } from '../peer.ts';
import { tableOf, type Table } from '../table.ts';
import { fewer, type Setting } from './comparison.ts';
import { inboundClients } from './inbound-clients.ts';

export const FLOOD = new URL('../peers/flood.ts', import.meta.url);

/** How much is read to measure memory: enough to detect a client without backpressure. */
const MEMORY_BYTES = 30_000_000;

export async function* inbound({ plan, directory }: Setting): AsyncGenerator<Table> {
  for (const size of SIZES) {
    const title = `inbound, ${sizeName(size)}`;
    const speed = await withPeer(FLOOD, directory, (path, peer) =>
      alternate(variants(path, peer, size), plan),
    );
    yield tableOf(title, 'messages/s', speed);
    const memory = await withPeer(FLOOD, directory, (path, peer) =>
      alternate(memoryVariants(path, peer, size), fewer(plan)),
    );
    yield tableOf(`${title}, peak RSS above the initial RSS, 30 MB read`, 'MB', memory);
  }
}

function variants(path: string, peer: Child, size: number): Variant[] {
  return Object.entries(inboundClients).map(([name, client]) => ({
    name,
    count: 20_000,
    run: async (wanted) => {
      const count = await order(peer, client.framing, size, wanted);
      return rate(count, () => client.read(path, count));
    },
  }));
}

function memoryVariants(path: string, peer: Child, size: number): Variant[] {
  return Object.entries(inboundClients).map(([variant, client]) => ({
    name: variant,
    count: MEMORY_BYTES / size,
    run: async (wanted) => {
      const count = await order(peer, client.framing, size, wanted);
      return runJob({ what: 'inbound', variant, path, count });
    },
  }));
}

/** Tells the peer what to send to the next client; resolves with the number of messages. */
export async function order(
  peer: Child,
  framing: Framing,
  size: number,
  wanted: number,
): Promise<number> {
  const perBlock = events(size, framing).length;
  const blocks = Math.ceil(wanted / perBlock);
  await peer.order({ flood: framing, size, blocks });
  return blocks * perBlock;
}
