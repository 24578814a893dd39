/** A phase that connects and disconnects a few clients many times. Their servers are in this process too. */

import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { AsyncProtocol, lines, ProtocolServer, type Address } from '../src/index.ts';
import { QmpClient } from '../src/qmp/index.ts';
import { ScriptedQmpServer } from '../src/testing/index.ts';
import { counter, inTenParts, type Phase, together, type Work } from './phase.ts';

/** Connects, exchanges a message and disconnects. */
type Cycle = () => Promise<void>;

const LINE_CLIENTS = 3;

function lineCycle(address: Address): Cycle {
  let onLine: ((line: string) => void) | undefined;
  const client = new AsyncProtocol<string>({ codec: lines(), onMessage: (line) => onLine?.(line) });
  return async () => {
    await client.connect(address);
    const echo = new Promise<string>((resolve) => {
      onLine = resolve;
    });
    await client.send('hello');
    if ((await echo) !== 'hello') throw new Error('The echo differs from the line that was sent');
    await client.disconnect();
  };
}

/** @param client - Has an event handler that stays registered across all sessions. */
function qmpCycle(client: QmpClient, address: Address): Cycle {
  return async () => {
    await client.connect(address);
    await client.execute('query-status');
    await client.disconnect();
  };
}

async function run(work: Work): Promise<void> {
  const server = new ProtocolServer<string>((_, peer) => ({
    codec: lines(),
    onMessage: (line) => peer().send(line),
  }));
  await using qmpServer = new ScriptedQmpServer({ address: join(work.directory, 'qmp') });
  const address = await server.listen(join(work.directory, 'cycles'));
  const qmp = new QmpClient().on('STOP', () => undefined);
  const cycles = Array.from({ length: LINE_CLIENTS }, () => lineCycle(address));
  cycles.push(qmpCycle(qmp, await qmpServer.listen()));
  try {
    await inTenParts(work, async (from, to) => {
      const next = counter(from, to, work.hasTime);
      await together(cycles.length, next, (_, worker) => cycles[worker]?.() ?? Promise.resolve());
      // The server keeps all commands for inspection by tests; here that would be a leak.
      qmpServer.received.splice(0);
      while (server.peers.length > 0) await turn();
      await work.sample(to);
    });
  } finally {
    await server.close({ force: true });
  }
}

export const cycles: Phase = { name: 'cycles', unit: 'connects', count: 100_000, run };
