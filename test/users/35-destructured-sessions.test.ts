/** A handshake that takes what it needs out of its session. */

import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { expect, it } from 'vitest';
import { thrownBy } from './support.ts';

it('sends and receives', async () => {
  const [stream, peer] = streamPair();
  const protocol = new AsyncProtocol<string>({
    codec: lines(),
    handshake: async ({ receive, send }) => {
      await send(`hello ${await receive()}`);
    },
  });
  peer.write('peer\n');
  const heard = new Promise((resolve) => peer.once('data', resolve));
  await protocol.connect({ stream });
  expect(String(await heard)).toBe('hello peer\n');
  peer.destroy();
  await protocol.closed;
});

it('gets the reason of the caller in its signal', async () => {
  const [stream] = streamPair();
  const controller = new AbortController();
  let seen: unknown;
  const protocol = new AsyncProtocol<string>({
    codec: lines(),
    handshake: async ({ receive, signal }) => {
      signal.addEventListener('abort', () => {
        seen = signal.reason;
      });
      setImmediate(() => {
        controller.abort('the caller has had enough');
      });
      await receive();
    },
  });
  const { signal } = controller;
  const thrown = await thrownBy(() => protocol.connect({ stream }, { signal }));
  expect([thrown, seen]).toEqual(['the caller has had enough', 'the caller has had enough']);
});
