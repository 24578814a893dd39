/** A peer that ends its side before it has its answers. */

import { setImmediate as turn } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { AsyncProtocol, lines, type ProtocolOptions, streamPair } from 'wirechart';
import { expect, it } from 'vitest';
import { defer } from './support.ts';

/** Handles messages concurrently: `onMessage` returns no promise. */
async function serve(options: ProtocolOptions) {
  const [stream, peer] = streamPair();
  const { promise: looked, resolve: finishLookup } = defer();
  const answers: Promise<void>[] = [];
  const protocol = new AsyncProtocol<string>(
    {
      codec: lines(),
      onMessage: (line) => {
        answers.push(looked.then(() => protocol.send(`re ${line}`)));
      },
      onEnd: async () => {
        await Promise.all(answers);
      },
    },
    options,
  );
  await protocol.connect({ stream });
  const received = text(peer);
  peer.end('one\ntwo\n');
  await turn();
  await turn();
  return { protocol, received, finishLookup };
}

it('gets them, when `onEnd` waits for them', async () => {
  const { protocol, received, finishLookup } = await serve({});
  expect(protocol.runstate).toBe('RUNNING');
  finishLookup();
  expect(await received).toBe('re one\nre two\n');
  expect((await protocol.closed).undelivered).toBe(0);
});

it('gets whatever is sent later, with `allowHalfOpen`', async () => {
  const { protocol, received, finishLookup } = await serve({ allowHalfOpen: true });
  finishLookup();
  await turn();
  await turn();
  expect(protocol.runstate).toBe('RUNNING');
  await protocol.send('and more');
  await protocol.disconnect();
  expect(await received).toBe('re one\nre two\nand more\n');
  expect(protocol.outcome?.cause).toBeUndefined();
});
