/** QMP events per second, with and without listeners, up to the reply that follows them. */

import { readLines } from '../hand.ts';
import { alternate, rate, type Variant } from '../measure.ts';
import { EVENT, SIZES, sizeName } from '../messages.ts';
import { QmpClient } from '../package.ts';
import { type Child, withPeer } from '../peer.ts';
import { destroy, dial } from '../rpc.ts';
import { HAND, tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';
import { order } from './inbound.ts';

export const MONITOR = new URL('../peers/monitor.ts', import.meta.url);

const COMMAND = 'query-status';

/** Connects and returns a client. Only its `takeAll()` is timed. */
type Connect = (path: string) => Promise<Client>;
interface Client {
  /** Reads all events; resolves with the reply that follows them. */
  takeAll(): Promise<unknown>;
  close(): Promise<void>;
}

const CLIENTS: Readonly<Record<string, Connect>> = {
  [HAND]: byHand,
  'QmpClient, no listener': (path) => withQmp(path, () => undefined),
  'QmpClient, on() of another event': (path) =>
    withQmp(path, (client) => client.on('SHUTDOWN', () => undefined)),
  'QmpClient, on() of the event': (path) =>
    withQmp(path, (client) => client.on(EVENT, () => undefined)),
};

export async function* events({ plan, directory }: Setting): AsyncGenerator<Table> {
  for (const size of SIZES) {
    const series = await withPeer(MONITOR, directory, (path, peer) =>
      alternate(variants(path, peer, size), plan),
    );
    yield tableOf(`events, ${sizeName(size)}`, 'events/s', series);
  }
}

function variants(path: string, peer: Child, size: number): Variant[] {
  return Object.entries(CLIENTS).map(([name, connect]) => ({
    name,
    count: 20_000,
    run: async (wanted) => {
      const count = await order(peer, 'qemu', size, wanted);
      const client = await connect(path);
      const run = await rate(count, async () => {
        await client.takeAll();
      });
      await client.close();
      return run;
    },
  }));
}

/** Does not negotiate: it only has to distinguish the reply from the events. */
async function byHand(path: string): Promise<Client> {
  const socket = await dial(path);
  let finish: (reply: unknown) => void = () => undefined;
  readLines(socket, (message) => {
    if ('return' in (message as object)) finish(message);
  });
  const takeAll = (): Promise<unknown> =>
    new Promise((resolve) => {
      finish = resolve;
      socket.write(`${JSON.stringify({ execute: COMMAND, id: 1 })}\n`);
    });
  return { takeAll, close: () => destroy(socket) };
}

async function withQmp(path: string, listen: (client: Qmp) => unknown): Promise<Client> {
  const client = new QmpClient();
  listen(client);
  await client.connect(path);
  return {
    takeAll: () => client.execute(COMMAND),
    close: () => client.disconnect({ force: true }),
  };
}

type Qmp = InstanceType<typeof QmpClient>;
