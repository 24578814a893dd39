/** The error that a user is looking for is the one that is thrown, and is thrown once. */

import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { expect, it } from 'vitest';
import { runProgram, thrownBy } from './support.ts';

/** A session whose peer has broken the stream. */
async function failing() {
  const [stream, peer] = streamPair();
  const protocol = new AsyncProtocol({ codec: lines() });
  await protocol.connect({ stream });
  peer.on('error', () => undefined);
  return { protocol, breakStream: () => peer.destroy(new Error('gone')) };
}

it('is that of the block, and not that of `await using`', async () => {
  const mine = new Error('mine');
  const thrown = await thrownBy(async () => {
    const { protocol, breakStream } = await failing();
    await using session = protocol;
    breakStream();
    await session.closed;
    throw mine;
  });
  expect(thrown).toBe(mine);
});

it('has rejected flush(), and does not reject disconnect() again', async () => {
  const { protocol, breakStream } = await failing();
  void protocol.send('x'.repeat(10_000_000));
  const flushed = thrownBy(() => protocol.flush());
  breakStream();
  expect(await flushed).toBe((await protocol.closed).cause);
  await expect(protocol.disconnect()).resolves.toBeUndefined();
});

it('has rejected an awaited send(), and `finally` shows the same', async () => {
  const { protocol, breakStream } = await failing();
  const thrown = await thrownBy(async () => {
    try {
      const sent = protocol.send('x'.repeat(10_000_000));
      breakStream();
      await sent;
    } finally {
      await protocol.disconnect();
    }
  });
  expect(thrown).toBe(protocol.outcome?.cause);
  expect(thrown).toMatchObject({ code: 'ERR_CLOSED' });
});

it('rejects disconnect() when no call has rejected with it', async () => {
  const { protocol, breakStream } = await failing();
  breakStream();
  const { cause } = await protocol.closed;
  expect(await thrownBy(() => protocol.disconnect())).toBe(cause);
  await expect(protocol.disconnect()).resolves.toBeUndefined();
});

it('ends no process when the promise of disconnect() is not awaited', async () => {
  const end = await runProgram(`
    import { AsyncProtocol, lines, streamPair } from 'wirechart';
    const [stream, peer] = streamPair();
    const protocol = new AsyncProtocol({ codec: lines() });
    await protocol.connect({ stream });
    peer.on('error', () => undefined).destroy(new Error('gone'));
    await protocol.closed;
    protocol.disconnect();
    setImmediate(() => console.log('alive'));
  `);
  expect(end).toEqual({ code: 0, signal: null, stdout: 'alive\n', stderr: '' });
});
