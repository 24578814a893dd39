/** The cost of a session: of connecting and disconnecting, and of an open session in memory. */

import type { Socket } from 'node:net';
import { alternate, type Run, type Variant } from '../measure.ts';
import { AsyncProtocol, jsonLines, jsonStream } from '../package.ts';
import { withPeer } from '../peer.ts';
import { destroy, dial } from '../rpc.ts';
import { HAND, tableOf, type Table } from '../table.ts';
import { fewer, type Setting } from './comparison.ts';

export const SINK = new URL('../peers/sink.ts', import.meta.url);

const SESSIONS = 2000;
/** How many sessions connect at once. */
const BATCH_SESSIONS = 100;

export async function* lifecycle({ plan, directory }: Setting): AsyncGenerator<Table> {
  const cycles = await withPeer(SINK, directory, (path) =>
    alternate(
      [
        { name: HAND, count: 100, run: (count) => timed(count, () => cycleByHand(path)) },
        { name: 'AsyncProtocol, reused', count: 100, run: reused(path) },
        {
          name: 'AsyncProtocol, new',
          count: 100,
          run: (count) => timed(count, cycleWithNew(path)),
        },
      ],
      plan,
    ),
  );
  const title = 'connect and disconnect';
  yield tableOf(`${title}: CPU time of a cycle, lower is better`, 'µs', cycles, 0);
  yield tableOf(title, 'cycles/s', cycles, 1);
  const idle = await withPeer(SINK, directory, (path) =>
    alternate(idleVariants(path), fewer(plan)),
  );
  yield tableOf('idle session: heap after gc, lower is better', 'KB', idle);
}

/** The figures are the CPU time of a cycle in µs, and cycles per second. */
export async function timed(count: number, cycle: () => Promise<void>): Promise<Run> {
  const started = performance.now();
  const before = process.cpuUsage();
  for (let at = 0; at < count; at += 1) await cycle();
  const { user, system } = process.cpuUsage(before);
  const ms = performance.now() - started;
  return { ms, figures: [(user + system) / count, (count / ms) * 1000] };
}

async function cycleByHand(path: string): Promise<void> {
  const socket = await dial(path);
  socket.resume();
  await new Promise<void>((resolve) => {
    socket.once('close', () => {
      resolve();
    });
    socket.end();
  });
}

function reused(path: string): (count: number) => Promise<Run> {
  const protocol = new AsyncProtocol({ codec: jsonLines() });
  return (count) =>
    timed(count, async () => {
      await protocol.connect(path);
      await protocol.disconnect();
    });
}

const cycleWithNew = (path: string) => async (): Promise<void> => {
  const protocol = new AsyncProtocol({ codec: jsonLines() });
  await protocol.connect(path);
  await protocol.disconnect();
};

function idleVariants(path: string): Variant[] {
  const open = async (codec: () => ReturnType<typeof jsonLines>) => {
    const protocol = new AsyncProtocol({ codec: codec() });
    await protocol.connect(path);
    return { close: () => protocol.disconnect({ force: true }) };
  };
  return [
    idle(HAND, async () => closable(await dial(path))),
    idle('AsyncProtocol, jsonLines', () => open(jsonLines)),
    idle('AsyncProtocol, jsonStream', () => open(jsonStream)),
  ];
}

interface Closable {
  close(): Promise<void>;
}

const closable = (socket: Socket): Closable => {
  socket.resume();
  return { close: () => destroy(socket) };
};

function idle(name: string, open: () => Promise<Closable>): Variant {
  const run = async (count: number): Promise<Run> => {
    const started = performance.now();
    const before = await heapUsed();
    const sessions: Closable[] = [];
    while (sessions.length < count) {
      sessions.push(...(await Promise.all(Array.from({ length: BATCH_SESSIONS }, open))));
    }
    const used = (await heapUsed()) - before;
    await Promise.all(sessions.map((session) => session.close()));
    return { ms: performance.now() - started, figures: [used / count / 1024] };
  };
  return { name, count: SESSIONS, fixed: true, run };
}

/** Measures the heap after several collections, so that earlier work is freed. */
async function heapUsed(): Promise<number> {
  for (let at = 0; at < 3; at += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}
