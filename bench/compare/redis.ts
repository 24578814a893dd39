/** Clients of a real Redis: pipelined INCR. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { Redis as IoRedis } from 'ioredis';
import { Redis } from '../examples.ts';
import { alternate, withCpuTime } from '../measure.ts';
import { isListening, withProgram } from '../programs.ts';
import { destroy, dial } from '../rpc.ts';
import { HAND, tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';
import { type Connect, pipelined, variantsOf } from './exchange.ts';

const RIVAL = 'ioredis';
const KEY = 'counter';

const CLIENTS: Readonly<Record<string, Connect>> = {
  [HAND]: byHand,
  'examples/redis/client.ts': withExample,
  [RIVAL]: withIoRedis,
};

export async function* redis({ plan, directory }: Setting): AsyncGenerator<Table> {
  const path = join(directory, 'redis.sock');
  const args = ['--port', '0', '--unixsocket', path, '--save', ''];
  yield* withProgram(
    'redis-server',
    args,
    () => isListening(path),
    async function* () {
      for (const depth of [1, 64, 1024]) {
        const variants = variantsOf(CLIENTS, path, (client, count) =>
          withCpuTime(count, () => pipelined(client, count, depth)),
        );
        const series = await alternate(variants, plan);
        const title = `INCR, ${String(depth)} in flight`;
        yield tableOf(title, 'requests/s', series, 0, RIVAL);
        yield tableOf(`${title}: CPU time, lower is better`, 'µs/request', series, 1, RIVAL);
      }
    },
  );
}

async function withExample(path: string) {
  const client = new Redis();
  await client.connect(path);
  return {
    request: () => client.command('INCR', KEY),
    close: () => client.disconnect({ force: true }),
  };
}

async function withIoRedis(path: string) {
  const client = new IoRedis({ path, lazyConnect: true });
  await client.connect();
  return {
    request: () => client.incr(KEY),
    close: async () => {
      const ended = once(client, 'end');
      client.disconnect();
      await ended;
    },
  };
}

async function byHand(path: string) {
  const socket = await dial(path);
  const client = new HandClient(socket);
  return { request: () => client.increment(KEY), close: () => destroy(socket) };
}

/** Only numbers come back. One write per turn of the event loop. */
class HandClient {
  readonly #socket: Socket;
  readonly #pending: ((value: number) => void)[] = [];
  #next = 0;
  #rest = '';
  #text = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      const text = this.#rest + chunk;
      let at = 0;
      for (let end; (end = text.indexOf('\r\n', at)) !== -1; at = end + 2) {
        this.#settle(Number(text.slice(at + 1, end)));
      }
      this.#rest = text.slice(at);
    });
  }

  increment(key: string): Promise<number> {
    return new Promise((resolve) => {
      this.#pending.push(resolve);
      if (this.#text === '') process.nextTick(this.#flush);
      this.#text += `*2\r\n$4\r\nINCR\r\n$${String(Buffer.byteLength(key))}\r\n${key}\r\n`;
    });
  }

  #settle(value: number): void {
    this.#pending[this.#next]?.(value);
    this.#next += 1;
    if (this.#next < this.#pending.length) return;
    this.#pending.length = 0;
    this.#next = 0;
  }

  readonly #flush = (): void => {
    this.#socket.write(this.#text);
    this.#text = '';
  };
}
