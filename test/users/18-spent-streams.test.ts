/** A `{ stream }` serves one session: a loop of the user's own that connects again must learn that it is spent. */

import { AsyncProtocol, lines, spawnPeer, streamPair } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

function createProtocol(): AsyncProtocol<string> {
  const protocol = new AsyncProtocol({ codec: lines() });
  onTestFinished(() => protocol.disconnect({ force: true }).catch(() => undefined));
  return protocol;
}

const SPENT = /it has served a session already; open a new one/;

it('is final when the stream has failed', async () => {
  const [stream, peer] = streamPair();
  peer.on('error', () => undefined);
  const protocol = createProtocol();
  await protocol.connect({ stream });
  stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  expect((await protocol.closed).cause).toMatchObject({ retryable: true });
  expect(await thrownBy(() => protocol.connect({ stream }))).toMatchObject({
    retryable: false,
    cause: { name: 'ArgumentError', message: SPENT, cause: { code: 'ECONNRESET' } },
  });
});

it('is final when the peer has ended the stream', async () => {
  const [stream, peer] = streamPair();
  const protocol = createProtocol();
  await protocol.connect({ stream });
  peer.resume().end();
  await protocol.closed;
  expect(await thrownBy(() => protocol.connect({ stream }))).toMatchObject({
    retryable: false,
    cause: { name: 'ArgumentError', message: SPENT },
  });
});

it('is final when the child was killed, and says why it has ended', async () => {
  const { address, kill } = spawnPeer(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: 'stdio',
  });
  const protocol = createProtocol();
  await protocol.connect(address);
  kill('SIGKILL');
  // The death of this child may pass: a new one can be started.
  expect((await protocol.closed).cause).toMatchObject({ retryable: true });
  expect(await thrownBy(() => protocol.connect(address))).toMatchObject({
    retryable: false,
    cause: { name: 'ArgumentError', cause: { name: 'ProcessError', signal: 'SIGKILL' } },
  });
});

it('is final when the stream was destroyed before', async () => {
  const [stream] = streamPair();
  stream.destroy();
  expect(await thrownBy(() => createProtocol().connect({ stream }))).toMatchObject({
    retryable: false,
    cause: { name: 'ArgumentError', message: /it is destroyed; open a new one/ },
  });
});

it('is final when an attempt on it was given up', async () => {
  const [stream] = streamPair();
  const signal = AbortSignal.abort(new Error('never mind'));
  const protocol = createProtocol();
  expect(await thrownBy(() => protocol.connect({ stream }, { signal }))).toBe(signal.reason);
  expect(await thrownBy(() => protocol.connect({ stream }))).toMatchObject({ retryable: false });
});
