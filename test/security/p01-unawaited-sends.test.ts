/**
 * A peer ends only its own session, also when the program does not await `send()` (P1): a rejection that nothing
 * handles would end the process. `expectIdleAfterEach()` asserts that there is none.
 */

import { expect, it } from 'vitest';
import { lines, type ProtocolDefinition, streamPair } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createTestServer, dialLines, numberOf } from '../support/servers.ts';
import { rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const FAILURES: [string, Partial<ProtocolDefinition<string>>, string, string][] = [
  ['its queue is full', {}, 'x'.repeat(2_000), 'ERR_LIMIT'],
  ['its message cannot be encoded', {}, 'two\nlines', 'ERR_CODEC'],
  [
    'a hook throws',
    {
      outbound: () => {
        throw new Error('not this one');
      },
    },
    'hello',
    'ERR_HANDLER',
  ],
];

it.each(FAILURES)(
  'a send() that nothing awaits does not end the process when %s',
  async (_, callbacks, text, code) => {
    const { server } = createTestServer(
      { codec: lines(), ...callbacks },
      { limits: { maxQueuedBytes: 1_000 } },
    );
    const [first, second] = [
      await server.adopt(streamPair()[0]),
      await server.adopt(streamPair()[0]),
    ];
    // As a program does that tells all peers.
    for (const peer of server.peers) void peer.send(text);
    await turn();
    const error = await rejection(first.send(text));
    expect(['ERR_STATE', code]).toContain((error as { code: string }).code);
    await second.disconnect({ force: true }).catch(() => undefined);
    void second.send(text);
    void second.flush();
    await turn();
  },
);

it('a send() that waits for room is no unhandled rejection when its peer leaves', async () => {
  const { server } = createTestServer(
    (number, peer) => ({
      codec: lines(),
      onMessage: (line) => {
        if (line !== 'hold') return peer().send(`${String(number)}: ${line}`);
        for (let count = 0; count < 9; count += 1) void peer().send('x'.repeat(9_000));
        return undefined;
      },
    }),
    { limits: { highWaterMark: 10_000 } },
  );
  const good = await dialLines(await server.listen({ port: 0 }));
  const [near, far] = streamPair();
  const peer = await server.adopt(near);
  far.write('hold\n');
  await turn();
  far.destroy();
  await peer.closed;
  await turn();
  expect(await numberOf(good)).toBe(1);
});
