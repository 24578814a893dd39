/** One signal for all callbacks of a session. */

import { expect, it } from 'vitest';
import { ClosedError, lines, streamPair } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';

expectIdleAfterEach();

async function session() {
  const [near, far] = streamPair();
  const signals: AbortSignal[] = [];
  const protocol = createProtocol({
    codec: lines(),
    handshake: ({ signal }) => {
      signals.push(signal);
      return Promise.resolve();
    },
    onMessage: (_, { signal }) => void signals.push(signal),
    farewell: ({ signal }) => {
      signals.push(signal);
      return Promise.resolve();
    },
  });
  await protocol.connect({ stream: near });
  far.write('hello\n');
  while (signals.length < 2) await turn();
  return { protocol, far, signals };
}

it('lasts from the handshake to the end, and then says that this was no failure', async () => {
  const { protocol, far, signals } = await session();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  far.on('end', () => far.end());
  await protocol.disconnect();
  expect(signals).toHaveLength(3);
  expect(new Set(signals).size).toBe(1);
  expect(signals[0]?.reason).toMatchObject({ name: 'AbortError' });
});

it('has the cause of a session that fails', async () => {
  const { protocol, far, signals } = await session();
  far.on('error', () => undefined).destroy(new Error('pulled the plug'));
  const { cause } = await protocol.closed;
  expect(cause).toBeInstanceOf(ClosedError);
  expect(signals[0]?.reason).toBe(cause);
});

it('is in a copy of each session, with all other members', async () => {
  const [near, far] = streamPair();
  const copies: object[] = [];
  const copy = (session: object): Promise<void> => {
    copies.push({ ...session });
    return Promise.resolve();
  };
  const protocol = createProtocol({
    codec: lines(),
    handshake: copy,
    onMessage: (_, session) => copy(session),
    farewell: copy,
  });
  await protocol.connect({ stream: near });
  far.write('hello\n');
  while (copies.length < 2) await turn();
  far.on('end', () => far.end());
  await protocol.disconnect();
  const members = ['send', 'receive', 'upgrade', 'switchCodec', 'negotiated', 'remote', 'signal'];
  expect(copies).toHaveLength(3);
  for (const each of copies) expect(Object.keys(each).sort()).toEqual(members.sort());
});

it('is another one in the next session', async () => {
  const { protocol, far, signals } = await session();
  far.on('end', () => far.end());
  await protocol.disconnect();
  const [near, next] = streamPair();
  await protocol.connect({ stream: near });
  expect(signals).toHaveLength(4);
  expect(signals[3]).not.toBe(signals[0]);
  expect(signals[3]?.aborted).toBe(false);
  next.on('end', () => next.end()).resume();
  await protocol.disconnect();
});
