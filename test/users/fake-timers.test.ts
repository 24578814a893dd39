/** The tests of users replace the timers of the process, as `vi.useFakeTimers()` and Jest's do. */

import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.useRealTimers();
});

/** More messages than are written, or handled, in one turn of the event loop. */
const MESSAGES = 40_000;

async function exchange(): Promise<void> {
  const [stream, peer] = streamPair();
  let received = 0;
  const [near, far] = [
    new AsyncProtocol({ codec: lines() }),
    new AsyncProtocol({ codec: lines(), onMessage: () => void (received += 1) }),
  ];
  await Promise.all([near.connect({ stream }), far.connect({ stream: peer })]);
  for (let at = 0; at < MESSAGES; at += 1) void near.send(`message number ${String(at)}`);
  await near.flush();
  await Promise.all([near.disconnect(), far.closed]);
  expect(received).toBe(MESSAGES);
}

it('exchanges messages while the timers are faked, and after that', async () => {
  vi.useFakeTimers();
  await exchange();
  vi.useRealTimers();
  await exchange();
});
