/** How long other code waits while many peers of one process flood it with messages. */

import { alternate, countdown, type Run, type Variant } from '../measure.ts';
import { AsyncProtocol, jsonLines } from '../package.ts';
import { type Child, withPeer } from '../peer.ts';
import { destroy, dial } from '../rpc.ts';
import { readLines } from '../hand.ts';
import { HAND, tableOf, type Table } from '../table.ts';
import { fewer, type Setting } from './comparison.ts';
import { FLOOD, order } from './inbound.ts';

const SIZE = 150;
const SESSIONS = [1, 8, 64] as const;
/** The messages of one run, of all sessions together. */
const MESSAGES = 400_000;

/** A session that is being read. */
interface Reading {
  readonly connected: Promise<void>;
  /** Resolves when all messages were read. */
  readonly done: Promise<void>;
}

/** Connects and reads as many messages. */
type Read = (path: string, count: number) => Reading;

const CLIENTS: Readonly<Record<string, Read>> = {
  [HAND]: readByHand,
  'wirechart jsonLines': readWithProtocol,
};

export async function* flooding({ plan, directory }: Setting): AsyncGenerator<Table> {
  for (const sessions of SESSIONS) {
    const series = await withPeer(FLOOD, directory, (path, peer) =>
      alternate(variants(path, peer, sessions), { ...fewer(plan), warmups: 1 }),
    );
    const title = `${String(sessions)} flooding session${sessions === 1 ? '' : 's'}`;
    yield tableOf(
      `${title}: the longest gap of the event loop, lower is better`,
      'ms of CPU time',
      series,
      0,
    );
    yield tableOf(`${title}: messages`, 'messages/s', series, 1);
    yield tableOf(`${title}: first to end, of last to end`, 'ratio', series, 2);
  }
}

function variants(path: string, peer: Child, sessions: number): Variant[] {
  return Object.entries(CLIENTS).map(([name, read]) => ({
    name,
    count: MESSAGES,
    fixed: true,
    run: async (count) => {
      const each = await order(peer, 'lines', SIZE, count / sessions);
      return gaps(sessions, each, () => read(path, each));
    },
  }));
}

/**
 * The figures are the longest gap in ms, messages per second, and how evenly the sessions were served. A gap is
 * measured by the CPU time of the process, which other processes that get the core meanwhile do not lengthen.
 */
async function gaps(sessions: number, each: number, read: () => Reading): Promise<Run> {
  const readings = Array.from({ length: sessions }, read);
  await Promise.all(readings.map(({ connected }) => connected));
  let last = cpuTime();
  let longest = 0;
  const timer = setInterval(() => {
    const now = cpuTime();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  const started = performance.now();
  const ends: number[] = [];
  await Promise.all(
    readings.map(async ({ done }) => {
      await done;
      ends.push(performance.now() - started);
    }),
  );
  clearInterval(timer);
  const ms = performance.now() - started;
  return {
    ms,
    figures: [longest, ((sessions * each) / ms) * 1000, Math.min(...ends) / Math.max(...ends)],
  };
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function readByHand(path: string, count: number): Reading {
  const { done, tick } = countdown(count);
  const dialed = dial(path);
  const connected = dialed.then((socket) => {
    readLines(socket, tick);
  });
  return { connected, done: done.then(async () => destroy(await dialed)) };
}

function readWithProtocol(path: string, count: number): Reading {
  const { done, tick } = countdown(count);
  const protocol = new AsyncProtocol({ codec: jsonLines(), onMessage: tick });
  const connected = protocol.connect(path);
  return { connected, done: done.then(() => protocol.disconnect({ force: true })) };
}
