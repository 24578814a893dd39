/** A thousand hostile peers cost a server no more memory than its limits say, and others are served (S4, P3). */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { type Child, outputMatching, runNode } from '../inspector/process.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { dialLines } from '../support/servers.ts';

expectIdleAfterEach();

const KIB = 1024;
const MIB = KIB * KIB;
const HOSTILE_PEERS = 1_000;
/** Of each of the two servers. */
const LIMIT_BYTES = 16 * MIB;
/** What a hostile peer sends of a message that it does not end. */
const PART = Buffer.alloc(512 * KIB, 'x');
/** So many of the peers of one kind cannot stay: what they hold together is more than the limit. */
const TOO_MANY = HOSTILE_PEERS / 5 - LIMIT_BYTES / PART.length;
/**
 * How much the process may grow at its peak: three times the limits, because a buffer that grows is half empty,
 * and the C library keeps memory for later; and what Node reads ahead on each connection. Garbage does not count.
 */
const MAX_GROWTH_BYTES = 3 * 2 * LIMIT_BYTES + HOSTILE_PEERS * 64 * KIB;

/** Prints the ports of its two servers, and an answer to each line of its input. */
const PROGRAM = `
  import { createInterface } from 'node:readline';
  import { lengthPrefixed, lines, ProtocolServer } from './src/index.js';
  const limits = { maxBufferedBytes: ${String(LIMIT_BYTES)} };
  const failures = { texts: 0, blocks: 0 };
  const countAs = (name) => (error) => {
    if (error.code === 'ERR_LIMIT') failures[name] += 1;
  };
  const reply = 'x'.repeat(100_000);
  const texts = new ProtocolServer((number, peer) => ({
    codec: lines(),
    onMessage: (line) => {
      if (line.startsWith('hello')) return peer().send(line);
      // No send() is awaited: the highWaterMark bounds nothing here.
      for (let count = Number(line); count > 0; count -= 1) void peer().send(reply);
    },
  }), { limits, onPeerError: countAs('texts') });
  const blocks = new ProtocolServer(
    { codec: lengthPrefixed() }, { limits, onPeerError: countAs('blocks') },
  );
  const addresses = [await texts.listen({ port: 0 }), await blocks.listen({ port: 0 })];
  console.log('ports', ...addresses.map(({ port }) => port));
  for await (const line of createInterface(process.stdin)) {
    gc();
    const { rss } = process.memoryUsage();
    const servers = [texts, blocks].map(({ stats }) => stats);
    console.log(JSON.stringify({
      failures,
      admitted: servers.reduce((sum, { admitted }) => sum + admitted, 0),
      buffered: servers.map(({ bufferedBytes }) => bufferedBytes),
      rss,
      peak: process.resourceUsage().maxRSS * 1024,
    }));
  }
`;

interface Report {
  readonly failures: { readonly texts: number; readonly blocks: number };
  readonly admitted: number;
  readonly buffered: readonly number[];
  /** In bytes. */
  readonly rss: number;
  readonly peak: number;
}

/** Asks the program how it is. */
function reports({ process: { stdin, stdout } }: Child): () => Promise<Report> {
  if (stdin === null || stdout === null) throw new Error('The child has no pipes');
  const lines = createInterface(stdout);
  return async () => {
    stdin.write('\n');
    const [line] = (await once(lines, 'line')) as [string];
    return JSON.parse(line) as Report;
  };
}

/** What the hostile peers do once they are connected, in turn. */
const ATTACKS: readonly (readonly ['texts' | 'blocks', (socket: Socket) => void])[] = [
  // A line that does not end.
  ['texts', (socket) => socket.write(PART)],
  // A length of 16 MiB, and a part of the message.
  ['blocks', (socket) => socket.write(Buffer.concat([Buffer.of(0, 0xff, 0xff, 0xff), PART]))],
  // A request for 6 MB, and nothing is read.
  ['texts', (socket) => socket.pause().write('60\n')],
  // Silence.
  ['texts', () => undefined],
  // A reset in the middle of a line.
  ['texts', (socket) => socket.write(PART, () => socket.resetAndDestroy())],
];

/** Connects the hostile peers. */
async function attack(ports: { readonly texts: number; readonly blocks: number }): Promise<void> {
  const connected: Promise<unknown>[] = [];
  for (let at = 0; at < HOSTILE_PEERS; at += 1) {
    const [server, begin] = ATTACKS[at % ATTACKS.length] ?? ['texts', () => undefined];
    const socket = connect(ports[server]).on('error', () => undefined);
    cleanUp(() => socket.destroy());
    connected.push(
      once(socket, 'connect').then(() => {
        begin(socket);
      }),
    );
  }
  await Promise.all(connected);
}

it(
  'a thousand hostile peers do not cost more, and a well-behaved one is served',
  { timeout: 120_000 },
  async () => {
    const child = runNode(['--expose-gc', '--input-type=module', '--eval', PROGRAM]);
    const [, texts, blocks] = await outputMatching(child, /ports (\d+) (\d+)\n/);
    const ports = { texts: Number(texts), blocks: Number(blocks) };
    const report = reports(child);
    const good = await dialLines({ port: ports.texts });
    const before = await report();

    const attacking = attack(ports);
    let answers = 0;
    let now = before;
    while (
      now.failures.texts < TOO_MANY ||
      now.failures.blocks < TOO_MANY ||
      now.admitted < HOSTILE_PEERS + 1
    ) {
      answers += 1;
      await good.protocol.send(`hello ${String(answers)}`);
      expect((await good.count(answers)).at(-1)).toBe(`hello ${String(answers)}`);
      now = await report();
      expect(Math.max(...now.buffered)).toBeLessThanOrEqual(LIMIT_BYTES);
      expect(now.peak - before.rss).toBeLessThan(MAX_GROWTH_BYTES);
    }
    await attacking;
    expect(now.peak - before.rss).toBeLessThan(MAX_GROWTH_BYTES);
    expect(child.output.stderr).toBe('');
    await good.protocol.disconnect();
  },
);
