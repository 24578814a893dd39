/** A handler that answers while its session is being disconnected. */

import { text } from 'node:stream/consumers';
import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { expect, it } from 'vitest';
import { defer } from './support.ts';

it('does not make disconnect() reject, and its answer is delivered', async () => {
  const [stream, peer] = streamPair();
  const protocol = new AsyncProtocol<string>({
    codec: lines(),
    onMessage: (line): Promise<void> => protocol.send(`re ${line}`),
  });
  await protocol.connect({ stream });
  peer.write('one\ntwo\nthree\n');
  const answers = text(peer);
  const disconnected = protocol.disconnect();
  peer.end();
  await expect(disconnected).resolves.toBeUndefined();
  expect(protocol.outcome?.cause).toBeUndefined();
  // What was handled before the call is answered, and the rest is not begun.
  expect(['', 're one\n', 're one\nre two\n', 're one\nre two\nre three\n']).toContain(
    await answers,
  );
});

it('may be half way when disconnect() is called', async () => {
  const [stream, peer] = streamPair();
  const { promise: looked, resolve: finishLookup } = defer();
  const { promise: begun, resolve: begin } = defer();
  const protocol = new AsyncProtocol<string>({
    codec: lines(),
    onMessage: async (line): Promise<void> => {
      begin();
      await looked;
      await protocol.send(`re ${line}`);
    },
  });
  await protocol.connect({ stream });
  peer.write('one\n');
  await begun;
  const answers = text(peer);
  const disconnected = protocol.disconnect();
  finishLookup();
  peer.end();
  await disconnected;
  expect(await answers).toBe('re one\n');
  expect(protocol.outcome).toMatchObject({ undelivered: 0 });
  expect(protocol.outcome?.cause).toBeUndefined();
});
