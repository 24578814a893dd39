/** Requests and replies, with messages like those of QMP. */

import { HandClient } from '../hand.ts';
import { alternate, median, type Run, type Variant } from '../measure.ts';
import { AsyncProtocol, jsonLines, QmpClient } from '../package.ts';
import { withPeer } from '../peer.ts';
import { closeRpc, connectRpc, destroy, dial } from '../rpc.ts';
import { HAND, RPC, tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';

export const RESPONDER = new URL('../peers/responder.ts', import.meta.url);

const COMMAND = 'query-status';

export interface Client {
  request(): Promise<unknown>;
  close(): Promise<void>;
}
export type Connect = (path: string) => Promise<Client>;

const CLIENTS: Readonly<Record<string, Connect>> = {
  [HAND]: byHand,
  'QmpClient.execute()': withQmp,
  'AsyncProtocol and a Map': withProtocol,
  [RPC]: withRpc,
};

export async function* exchange({ plan, directory }: Setting): AsyncGenerator<Table> {
  const measure = (run: (client: Client, count: number) => Promise<Run>) =>
    withPeer(RESPONDER, directory, (path) => alternate(variantsOf(CLIENTS, path, run), plan));
  for (const depth of [64, 1024]) {
    const series = await measure((client, count) => pipelined(client, count, depth));
    yield tableOf(`request/response, ${String(depth)} in flight`, 'requests/s', series);
  }
  const series = await measure(pingPong);
  yield tableOf('request/response, one at a time: p50, lower is better', 'µs', series);
}

export function variantsOf(
  clients: Readonly<Record<string, Connect>>,
  path: string,
  run: (client: Client, count: number) => Promise<Run>,
): Variant[] {
  return Object.entries(clients).map(([name, connect]) => ({
    name,
    count: 2000,
    run: async (count) => {
      const client = await connect(path);
      const result = await run(client, count);
      await client.close();
      return result;
    },
  }));
}

export async function pipelined(client: Client, count: number, depth: number): Promise<Run> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await client.request();
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: depth }, worker));
  const ms = performance.now() - started;
  return { ms, figures: [(count / ms) * 1000] };
}

async function pingPong(client: Client, count: number): Promise<Run> {
  const times: number[] = [];
  const started = performance.now();
  let before = started;
  for (let at = 0; at < count; at += 1) {
    await client.request();
    const now = performance.now();
    times.push((now - before) * 1000);
    before = now;
  }
  return { ms: before - started, figures: [median(times)] };
}

async function byHand(path: string): Promise<Client> {
  const socket = await dial(path);
  const client = new HandClient(socket);
  return { request: () => client.request(COMMAND), close: () => destroy(socket) };
}

async function withQmp(path: string): Promise<Client> {
  const qmp = new QmpClient();
  await qmp.connect(`${path}.qmp`);
  return {
    request: () => qmp.execute(COMMAND),
    close: () => qmp.disconnect({ force: true }),
  };
}

interface Message {
  readonly id: number;
  readonly execute?: string;
}

async function withProtocol(path: string): Promise<Client> {
  const pending = new Map<number, (reply: Message) => void>();
  let lastId = 0;
  const protocol = new AsyncProtocol({
    codec: jsonLines<Message>(),
    onMessage: (message) => {
      pending.get(message.id)?.(message);
      pending.delete(message.id);
    },
  });
  await protocol.connect(path);
  const request = (): Promise<Message> =>
    new Promise((resolve) => {
      lastId += 1;
      pending.set(lastId, resolve);
      void protocol.send({ execute: COMMAND, id: lastId });
    });
  return { request, close: () => protocol.disconnect({ force: true }) };
}

export async function withRpc(path: string, method = COMMAND): Promise<Client> {
  const client = await connectRpc(`${path}.rpc`);
  return {
    request: () => client.connection.sendRequest(method),
    close: () => closeRpc(client),
  };
}
