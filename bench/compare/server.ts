/** The cost of a request in a server of many clients. */

import type { Socket } from 'node:net';
import { join } from 'node:path';
import { alternate, type Run, type Variant } from '../measure.ts';
import { Child } from '../peer.ts';
import { destroy, dial } from '../rpc.ts';
import { HAND, tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';

const SERVER = new URL('../peers/answering-server.ts', import.meta.url);

const CLIENTS = 50;
/** How many requests each client has in flight. */
const DEPTHS = [1, 16, 128] as const;

/** A server, by hand and with the package, and the requests of its clients. */
interface Load {
  /** The program of the server. Its arguments are a path and the name of a variant. */
  readonly script: URL;
  readonly title: string;
  /** The variants: `HAND` among them. */
  readonly variants: readonly string[];
  /** Returns a request as text. */
  readonly request: (id: number) => string;
  /** How many lines a reply has. */
  readonly replyLines: number;
}

export const server = (setting: Setting): AsyncGenerator<Table> =>
  loads(setting, {
    script: SERVER,
    title: 'a server',
    variants: [HAND, 'ProtocolServer'],
    request: (id) => `{"execute":"query-status","id":${String(id)}}\n`,
    replyLines: 1,
  });

/** Measures a server with each number of requests in flight. */
export async function* loads({ plan, directory }: Setting, load: Load): AsyncGenerator<Table> {
  const servers: Child[] = [];
  try {
    const paths = load.variants.map((name) => join(directory, `${load.title} ${name}`));
    for (const [at, name] of load.variants.entries()) {
      const child = new Child(load.script, [paths[at] ?? '', name]);
      servers.push(child);
      await child.report();
    }
    for (const depth of DEPTHS) {
      const variants = load.variants.map((name, at) =>
        variant(name, servers[at], paths[at], { ...load, depth }),
      );
      const series = await alternate(variants, plan);
      const title = `${load.title} of ${String(CLIENTS)} clients with ${String(depth)} in flight each`;
      yield tableOf(`${title}: CPU time of the server, lower is better`, 'µs/request', series, 0);
      yield tableOf(title, 'requests/s', series, 1);
    }
  } finally {
    await Promise.all(servers.map((child) => child.stop()));
  }
}

/** The requests of one client. */
interface Requests extends Pick<Load, 'request' | 'replyLines'> {
  /** How many are in flight. */
  readonly depth: number;
}

function variant(name: string, child: Child | undefined, path = '', requests: Requests): Variant {
  return {
    name,
    count: 5_000,
    run: async (count) => {
      const each = Math.ceil(count / CLIENTS);
      const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => dial(path)));
      // All are admitted before the measurement begins.
      await Promise.all(sockets.map((socket) => request(socket, 1, requests)));
      const run = await measure(child, each * CLIENTS, () =>
        Promise.all(sockets.map((socket) => request(socket, each, requests))),
      );
      await Promise.all(sockets.map(destroy));
      return run;
    },
  };
}

/** The figures are the server's CPU time in µs for each request, and requests per second. */
async function measure(
  child: Child | undefined,
  requests: number,
  work: () => Promise<unknown>,
): Promise<Run> {
  const before = await cpuTime(child);
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  const used = (await cpuTime(child)) - before;
  return { ms, figures: [used / requests, (requests / ms) * 1000] };
}

/** The CPU time of the server so far, in µs. */
async function cpuTime(child: Child | undefined): Promise<number> {
  await child?.order({ cpu: true });
  return (await child?.report()) as number;
}

const LF = 0x0a;

/** Sends requests with `depth` in flight, and resolves with the last reply. Replies are only counted. */
function request(socket: Socket, count: number, requests: Requests): Promise<void> {
  const { depth, replyLines } = requests;
  return new Promise((resolve) => {
    let sent = 0;
    let lines = 0;
    const send = (): void => {
      let text = '';
      const received = Math.floor(lines / replyLines);
      for (; sent < count && sent - received < depth; sent += 1) text += requests.request(sent);
      if (text !== '') socket.write(text);
    };
    const onData = (chunk: Buffer): void => {
      for (let at = -1; (at = chunk.indexOf(LF, at + 1)) !== -1;) lines += 1;
      if (lines < count * replyLines) {
        send();
        return;
      }
      socket.off('data', onData);
      resolve();
    };
    socket.on('data', onData);
    send();
  });
}
