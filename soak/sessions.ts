/** Thousands of sessions open at once, in one process; the server is in another. */

import { join } from 'node:path';
import { AsyncProtocol, lines } from '../src/index.ts';
import { descriptorLimit } from './descriptors.ts';
import { counter, inTenParts, type Phase, together, type Work } from './phase.ts';
import { lineOf, type Plan } from './plan.ts';
import { takeSample } from './sample.ts';
import { Server } from './server.ts';

const AT_ONCE = 64;
/** Descriptors that are not sockets of the soak. */
const SPARE = 200;

/** A session that waits for the one message of its server. */
function client(): { readonly protocol: AsyncProtocol<string>; readonly heard: Promise<string> } {
  let hear: (line: string) => void = () => undefined;
  const heard = new Promise<string>((resolve) => {
    hear = resolve;
  });
  const timeouts = { connect: Infinity };
  const protocol = new AsyncProtocol<string>({ codec: lines(), onMessage: hear }, { timeouts });
  return { protocol, heard };
}

async function round(server: Server, from: number, count: number): Promise<number> {
  const clients = Array.from({ length: count }, client);
  const each = (work: (index: number) => Promise<void>) =>
    together(
      AT_ONCE,
      counter(0, count, () => true),
      work,
    );
  const at = (index: number) => clients[index] ?? client();
  await each((index) => at(index).protocol.connect(server.path));
  const { heap } = await takeSample();
  await each(async (index) => {
    const plan: Plan = { session: from + index, count: 1, fault: 'none', at: 1 };
    await at(index).protocol.send(JSON.stringify(plan));
    if ((await at(index).heard) !== lineOf(0)) throw new Error('The message is another one');
  });
  await each((index) => at(index).protocol.disconnect());
  return heap;
}

async function run(work: Work): Promise<void> {
  const room = descriptorLimit() - SPARE;
  const most = Math.min(work.count, room);
  if (most < work.count) {
    work.say(`Only ${String(most)} sessions at once: the limit of open files allows no more`);
  }
  const server = await Server.start(join(work.directory, 'sessions'));
  let open = 0;
  try {
    const { heap: empty } = await takeSample();
    await inTenParts(work, async (from) => {
      const heap = await round(server, from, most);
      open ||= (heap - empty) / most / 1024;
      await work.sample(most, { peer: await server.sample() });
    });
  } finally {
    await server.stop();
  }
  work.say(`${String(most)} sessions open at once, ten times; ${open.toFixed(1)} KiB of heap each`);
}

export const sessions: Phase = { name: 'sessions', unit: 'at once', count: 10_000, run };
