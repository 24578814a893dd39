/** Clients of a real NATS server: each publishes messages, and receives them. */

import { connect } from '@nats-io/transport-node';
import { Nats } from '../examples.ts';
import { alternate, countdown, rate, type Variant, withCpuTime } from '../measure.ts';
import { sizeName } from '../messages.ts';
import { freePort, withProgram } from '../programs.ts';
import { tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';

const RIVAL = 'nats.js';
const SUBJECT = 'bench.subject';
const SIZES = [16, 128, 1024];
/** How many messages are published in one turn. */
const WINDOW_MESSAGES = 1000;

/** A client that has subscribed: `onMessage` is called with the size of each message. */
interface Client {
  publish(data: Uint8Array): Promise<void> | undefined;
  close(): Promise<void>;
}
type Connect = (port: number, onMessage: (bytes: number) => void) => Promise<Client>;

const CLIENTS: Readonly<Record<string, Connect>> = {
  'examples/nats/client.ts': withExample,
  [RIVAL]: withNatsJs,
};

export async function* nats({ plan }: Setting): AsyncGenerator<Table> {
  const port = await freePort();
  const args = ['-a', '127.0.0.1', '-p', String(port)];
  const isUp = async (): Promise<void> => {
    const client = new Nats();
    await client.connect({ port });
    await client.disconnect();
  };
  yield* withProgram('nats-server', args, isUp, async function* () {
    for (const size of SIZES) {
      const variants = Object.entries(CLIENTS).map(([name, open]) =>
        variant(name, open, port, Buffer.alloc(size, 'x')),
      );
      const series = await alternate(variants, plan);
      const title = `publish and receive, ${sizeName(size)}`;
      yield tableOf(title, 'messages/s', series, 0, RIVAL);
      yield tableOf(`${title}: CPU time, lower is better`, 'µs/message', series, 1, RIVAL);
    }
  });
}

function variant(name: string, open: Connect, port: number, data: Uint8Array): Variant {
  return {
    name,
    count: 10_000,
    run: async (count) => {
      const { done, tick } = countdown(count);
      const client = await open(port, tick);
      const work = async (): Promise<void> => {
        for (let at = 1; at <= count; at += 1) {
          const room = client.publish(data);
          if (at % WINDOW_MESSAGES === 0) await room;
        }
        await done;
      };
      const run = await withCpuTime(count, () => rate(count, work));
      await client.close();
      return run;
    },
  };
}

async function withExample(port: number, onMessage: (bytes: number) => void): Promise<Client> {
  const client = new Nats();
  client.subscribe(SUBJECT, ({ data }) => {
    onMessage(data.length);
  });
  await client.connect({ port });
  await client.flush();
  return {
    publish: (data) => client.publish(SUBJECT, data),
    close: () => client.disconnect({ force: true }),
  };
}

async function withNatsJs(port: number, onMessage: (bytes: number) => void): Promise<Client> {
  const client = await connect({ servers: `nats://127.0.0.1:${String(port)}` });
  client.subscribe(SUBJECT, {
    callback: (_, { data }) => {
      onMessage(data.length);
    },
  });
  await client.flush();
  return {
    publish: (data) => {
      client.publish(SUBJECT, data);
      return undefined;
    },
    close: () => client.close(),
  };
}
