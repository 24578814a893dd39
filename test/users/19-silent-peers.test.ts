/** A peer that has stopped, and whose system still answers for it. */

import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { SimulatedClock } from 'xstate';
import { expect, it } from 'vitest';

it('fails the session after `timeouts.idle` of silence', async () => {
  const [stream, peer] = streamPair();
  const clock = new SimulatedClock();
  const protocol = new AsyncProtocol({ codec: lines() }, { clock, timeouts: { idle: 60_000 } });
  await protocol.connect({ stream });
  for (let passed = 0; passed < 4; passed += 1) clock.increment(15_000);
  peer.resume().end();
  const { cause } = await protocol.closed;
  expect(cause).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'idle', ms: 60_000, retryable: true });
  expect(cause?.message).toContain('idle');
});
