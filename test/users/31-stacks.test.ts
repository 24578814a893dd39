/** The stack of a rejection names the line that made the call. */

import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { expect, it } from 'vitest';
import { thrownBy } from './support.ts';

const stackOf = async (call: () => Promise<unknown>): Promise<string> => {
  const error = await thrownBy(call);
  return error instanceof Error ? (error.stack ?? '') : '';
};

async function connected() {
  const [stream, peer] = streamPair();
  const protocol = new AsyncProtocol({ codec: lines() }, { timeouts: { close: 10, flush: 10 } });
  await protocol.connect({ stream });
  peer.on('error', () => undefined);
  return { protocol, peer };
}

it('of connect(), and shows no frame of XState', async () => {
  const stack = await stackOf(async function dialNowhere() {
    await new AsyncProtocol({ codec: lines() }).connect('/nowhere/at/all');
  });
  expect(stack).toMatch(/^ConnectError: .*\n(.*node:internal.*\n)*.*dialNowhere/);
  expect(stack).not.toContain('xstate');
});

it('of connect() in a wrong state', async () => {
  const { protocol, peer } = await connected();
  const stack = await stackOf(async function connectTwice() {
    await protocol.connect('/nowhere');
  });
  expect(stack).toContain('connectTwice');
  peer.destroy();
  await protocol.closed;
});

it('of flush() and disconnect() of a session that fails', async () => {
  const first = await connected();
  void first.protocol.send('x'.repeat(10_000_000));
  const flushed = stackOf(async function flushAll() {
    await first.protocol.flush();
  });
  first.peer.destroy(new Error('gone'));
  expect(await flushed).toMatch(/^ClosedError: .*\n(.*node:internal.*\n)*.*flushAll/);

  const second = await connected();
  void second.protocol.send('x'.repeat(10_000_000));
  const stack = await stackOf(async function sayGoodbye() {
    await second.protocol.disconnect();
  });
  expect(stack).toMatch(/^TimeoutError: .*\n(.*node:internal.*\n)*.*sayGoodbye/);
});

it('of nothing that the caller brought: a reason of a signal is left as it is', async () => {
  const reason = new Error('enough');
  const { stack } = reason;
  const { protocol, peer } = await connected();
  const signal = AbortSignal.abort(reason);
  expect(await thrownBy(() => protocol.flush({ signal }))).toBe(reason);
  expect(reason.stack).toBe(stack);
  peer.destroy();
  await protocol.closed;
});
