/** A phase with thousands of sessions open at once in this process; the server is in the peer process. */

import { join } from 'node:path';
import { AsyncProtocol, lines } from '../src/index.ts';
import { descriptorLimit } from './descriptors.ts';
import { counter, inTenParts, type Phase, together, type Work } from './phase.ts';
import { lineOf, type Plan } from './plan.ts';
import { takeSample } from './sample.ts';
import { Server } from './server.ts';

const WORKERS = 64;
/** Reserved for descriptors other than the sockets of the sessions. */
const SPARE_DESCRIPTORS = 200;

/** A client, and a promise of the one message that the server sends in a session. */
function createClient(): {
  readonly protocol: AsyncProtocol<string>;
  readonly received: Promise<string>;
} {
  let onMessage: (line: string) => void = () => undefined;
  const received = new Promise<string>((resolve) => {
    onMessage = resolve;
  });
  const timeouts = { connect: Infinity };
  const protocol = new AsyncProtocol<string>({ codec: lines(), onMessage }, { timeouts });
  return { protocol, received };
}

async function round(server: Server, from: number, count: number): Promise<number> {
  const clients = Array.from({ length: count }, createClient);
  const each = (work: (index: number) => Promise<void>) =>
    together(
      WORKERS,
      counter(0, count, () => true),
      work,
    );
  const at = (index: number) => clients[index] ?? createClient();
  await each((index) => at(index).protocol.connect(server.path));
  const { heap } = await takeSample();
  await each(async (index) => {
    const plan: Plan = { session: from + index, count: 1, fault: 'none', at: 1 };
    await at(index).protocol.send(JSON.stringify(plan));
    const line = await at(index).received;
    if (line !== lineOf(0)) throw new Error(`Received '${line}' instead of '${lineOf(0)}'`);
  });
  await each((index) => at(index).protocol.disconnect());
  return heap;
}

async function run(work: Work): Promise<void> {
  const room = descriptorLimit() - SPARE_DESCRIPTORS;
  const count = Math.min(work.count, room);
  if (count < work.count) {
    work.print(`Only ${String(count)} sessions at once: raise the limit of open files (ulimit -n)`);
  }
  const server = await Server.start(join(work.directory, 'sessions'));
  let heapPerSession = 0;
  try {
    const { heap: empty } = await takeSample();
    await inTenParts(work, async (from) => {
      const heap = await round(server, from, count);
      heapPerSession ||= (heap - empty) / count / 1024;
      await work.sample(count, { peer: await server.sample() });
    });
  } finally {
    await server.stop();
  }
  work.print(
    `${String(count)} sessions open at once, ten times; ${heapPerSession.toFixed(1)} KiB of heap each`,
  );
}

export const sessions: Phase = { name: 'sessions', unit: 'at once', count: 10_000, run };
