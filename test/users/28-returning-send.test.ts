/** A handler that returns the promise of `send()`, as the shortest echo server does. */

import type { Duplex } from 'node:stream';
import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { expect, it } from 'vitest';

const COUNT = 1000;
const REQUESTS = Array.from({ length: COUNT }, (_, at) => String(at));

/** Counts how often a stream is paused. */
function countPauses(stream: Duplex): () => number {
  const pause = stream.pause.bind(stream);
  let count = 0;
  stream.pause = () => {
    count += 1;
    return pause();
  };
  return () => count;
}

/** Sends all requests at once to an echo server; returns how often it paused, and the answers. */
async function echo(highWaterMark: number) {
  const [left, right] = streamPair();
  const answers: string[] = [];
  const pauses = countPauses(right);
  const server = new AsyncProtocol<string>(
    { codec: lines(), onMessage: (line): Promise<void> => server.send(line) },
    { limits: { highWaterMark } },
  );
  await server.connect({ stream: right });
  await new Promise<void>((resolve) => {
    let text = '';
    left.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith(`${String(COUNT - 1)}\n`)) resolve();
      answers.splice(0, answers.length, ...text.trimEnd().split('\n'));
    });
    left.write(`${REQUESTS.join('\n')}\n`);
  });
  const paused = pauses();
  await server.disconnect({ force: true });
  return { paused, answers };
}

it('does not pause reading while there is room to send', async () => {
  const { paused, answers } = await echo(1_000_000);
  expect(answers.slice(0, -1)).toEqual(REQUESTS.slice(0, -1));
  expect(paused).toBeLessThan(20);
});

it('pauses reading while there is no room', async () => {
  const { paused } = await echo(1);
  expect(paused).toBeGreaterThan(COUNT / 2);
});

it('returns one promise for every message that finds room', async () => {
  const [left] = streamPair();
  const protocol = new AsyncProtocol({ codec: lines() });
  await protocol.connect({ stream: left });
  expect(protocol.send('a')).toBe(protocol.send('b'));
  await protocol.disconnect({ force: true });
});
