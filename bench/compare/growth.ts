/** Whether a cost grows with the amount: each is measured at three sizes, for one unit. */

import { alternate, type Run, type Variant } from '../measure.ts';
import {
  AsyncProtocol,
  jsonLines,
  lines,
  ProtocolServer,
  QmpClient,
  streamPair,
} from '../package.ts';
import { withPeer } from '../peer.ts';
import { tableOf, type Table } from '../table.ts';
import { fewer, type Setting } from './comparison.ts';
import { RESPONDER } from './exchange.ts';
import { SINK } from './lifecycle.ts';

/** Does something `size` times, or beside `size` others. Resolves with the CPU time of one unit, in µs. */
type Work = (size: number) => Promise<number>;

/** The operations, and the path of a peer that they need. */
interface Growing {
  readonly title: string;
  readonly sizes: readonly [number, number, number];
  readonly peer?: URL;
  readonly prepare: (path: string) => Work;
}

const GROWING: readonly Growing[] = [
  {
    title: 'send() at once, to a peer that does not read: a message',
    sizes: [1_000, 10_000, 100_000],
    prepare: () => sendAtOnce,
  },
  {
    title: 'commands in flight: a command',
    sizes: [100, 1_000, 10_000],
    peer: RESPONDER,
    prepare: (path) => (size) => executeAtOnce(`${path}.qmp`, size),
  },
  {
    title: 'connect and disconnect beside open sessions: a cycle',
    sizes: [10, 100, 1_000],
    peer: SINK,
    prepare: (path) => (size) => cyclesBeside(path, size),
  },
  {
    title: 'peers of a server, from their arrival to its end: a peer',
    sizes: [10, 100, 1_000],
    prepare: () => serveAtOnce,
  },
];

export async function* growth({ plan, directory }: Setting): AsyncGenerator<Table> {
  for (const { title, sizes, peer, prepare } of GROWING) {
    const measure = (path: string) =>
      alternate(variants(sizes, prepare(path)), { ...fewer(plan), warmups: 2 });
    const series =
      peer === undefined ? await measure('') : await withPeer(peer, directory, measure);
    yield tableOf(`${title}, lower is better`, 'µs of CPU time', series, 0, String(sizes[0]));
  }
}

/** A small size is repeated, so that all sizes take about as long. */
function variants(sizes: readonly number[], work: Work): Variant[] {
  const largest = Math.max(...sizes);
  return sizes.map((size) => ({
    name: String(size),
    count: Math.min(3, largest / size),
    fixed: true,
    run: (count) => repeat(count, () => work(size)),
  }));
}

/** The figure is the CPU time of a unit in µs. */
async function repeat(count: number, work: () => Promise<number>): Promise<Run> {
  const started = performance.now();
  let sum = 0;
  for (let at = 0; at < count; at += 1) sum += await work();
  return { ms: performance.now() - started, figures: [sum / count] };
}

/** Resolves with the CPU time of one of `units`, in µs. */
async function timeEach(units: number, work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / units;
}

async function sendAtOnce(size: number): Promise<number> {
  const protocol = new AsyncProtocol({ codec: jsonLines() });
  const [stream, peer] = streamPair();
  await protocol.connect({ stream });
  const each = await timeEach(size, async () => {
    for (let at = 0; at < size; at += 1) void protocol.send({ execute: 'query-status', id: at });
    await protocol.disconnect({ force: true });
  });
  peer.destroy();
  return each;
}

async function executeAtOnce(path: string, size: number): Promise<number> {
  const client = new QmpClient();
  await client.connect(path);
  const each = await timeEach(size, () =>
    Promise.all(Array.from({ length: size }, () => client.execute('query-status'))),
  );
  await client.disconnect({ force: true });
  return each;
}

const CYCLES = 50;

async function cyclesBeside(path: string, size: number): Promise<number> {
  const others = Array.from({ length: size }, () => new AsyncProtocol({ codec: lines() }));
  await Promise.all(others.map((other) => other.connect(path)));
  const protocol = new AsyncProtocol({ codec: lines() });
  const cycle = async (): Promise<void> => {
    for (let at = 0; at < CYCLES; at += 1) {
      await protocol.connect(path);
      await protocol.disconnect();
    }
  };
  // The garbage of opening the others is not counted.
  globalThis.gc?.();
  await cycle();
  const each = await timeEach(CYCLES, cycle);
  await Promise.all(others.map((other) => other.disconnect({ force: true })));
  return each;
}

async function serveAtOnce(size: number): Promise<number> {
  const server = new ProtocolServer({ codec: lines() });
  const ends = Array.from({ length: size }, () => streamPair());
  for (const [, peer] of ends) peer.resume().on('end', () => peer.end());
  return timeEach(size, async () => {
    await Promise.all(ends.map(([stream]) => server.adopt(stream)));
    await server.close();
  });
}
