/** Bounds that contradict each other, and one stream given to two protocols. */

import { PassThrough } from 'node:stream';
import { AsyncProtocol, ClosedError, lines, streamPair } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

function createProtocol(limits = {}): AsyncProtocol<string> {
  const protocol = new AsyncProtocol({ codec: lines() }, { limits });
  onTestFinished(() => protocol.disconnect({ force: true }).catch(() => undefined));
  return protocol;
}

it('refuses a highWaterMark that send() could never reach', async () => {
  expect(
    await thrownBy(() => createProtocol({ highWaterMark: 10, maxQueuedBytes: 5 })),
  ).toMatchObject({
    code: 'ERR_ARGUMENT',
    message: expect.stringContaining(
      'limits.highWaterMark (10) must not be above limits.maxQueuedBytes (5)',
    ) as string,
  });
  const huge = 1024 ** 3;
  expect(await thrownBy(() => createProtocol({ highWaterMark: huge }))).toMatchObject({
    message: expect.stringContaining('limits.maxQueuedBytes (268435456)') as string,
  });
});

it('takes a small queue alone, whose highWaterMark is then not above it', async () => {
  const [left, right] = streamPair();
  const protocol = createProtocol({ maxQueuedBytes: 20 });
  await protocol.connect({ stream: left });
  const full = protocol.send('x'.repeat(19));
  expect(await thrownBy(() => protocol.send('x'))).toMatchObject({ code: 'ERR_LIMIT', limit: 20 });
  right.resume();
  await full;
});

it.each([
  [{ highWaterMark: 5, maxQueuedBytes: 5 }],
  [{ highWaterMark: Infinity }],
  [{ highWaterMark: Infinity, maxQueuedBytes: 5 }],
  [{ maxQueuedBytes: Infinity }],
])('takes %o', (limits) => {
  expect(createProtocol(limits).runstate).toBe('IDLE');
});

it('refuses a stream that another session has, which goes on', async () => {
  const [left, right] = streamPair();
  const [one, other, peer] = [createProtocol(), createProtocol(), createProtocol()];
  await Promise.all([one.connect({ stream: left }), peer.connect({ stream: right })]);
  const error = await thrownBy(() => other.connect({ stream: left }));
  expect(error).toMatchObject({
    code: 'ERR_CONNECT',
    retryable: false,
    cause: {
      name: 'ArgumentError',
      message:
        'The stream cannot be used: it belongs to another session already; open one for each',
    },
  });
  await one.send('still here');
  await one.disconnect();
  expect(other.runstate).toBe('IDLE');
});

it('leaves that session alone also when the second attempt was aborted before', async () => {
  const [left] = streamPair();
  const [one, other] = [createProtocol(), createProtocol()];
  await one.connect({ stream: left });
  const reason = new Error('never mind');
  expect(
    await thrownBy(() => other.connect({ stream: left }, { signal: AbortSignal.abort(reason) })),
  ).toBe(reason);
  expect(left.destroyed).toBe(false);
  expect(one.runstate).toBe('RUNNING');
});

it('refuses both halves of a pair that another session has', async () => {
  const [readable, writable] = [new PassThrough(), new PassThrough()];
  const [one, other] = [createProtocol(), createProtocol()];
  await one.connect({ stream: { readable, writable } });
  const error = await thrownBy(() => other.connect({ stream: { readable, writable } }));
  expect(error).toMatchObject({ cause: { name: 'ArgumentError' } });
  expect(one.runstate).toBe('RUNNING');
});

it('names the true reason when the stream has served a session that has failed', async () => {
  const [left, right] = streamPair();
  right.on('error', () => undefined);
  const one = createProtocol();
  await one.connect({ stream: left });
  left.destroy(new ClosedError('The cable was cut'));
  await one.closed;
  const error = await thrownBy(() => createProtocol().connect({ stream: left }));
  expect(error).toMatchObject({
    retryable: false,
    cause: {
      message: 'The stream cannot be used: it has served a session already; open a new one',
      cause: { message: 'The cable was cut' },
    },
  });
});
