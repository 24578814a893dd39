/** JsonRpc with vscode-jsonrpc, which we did not write, at the other end. */

import { describe, expect, it } from 'vitest';
import {
  type CancellationToken,
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ProgressType,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { contentLength, streamPair } from '../../src/index.ts';
import { JsonRpc, JsonRpcError } from '../../src/rpc/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { gate, rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** Ours and theirs, connected. */
async function connected(): Promise<{ ours: JsonRpc; theirs: MessageConnection }> {
  const [stream, peer] = streamPair();
  const ours = track(new JsonRpc({ codec: contentLength(), cancel: 'lsp' }));
  await ours.connect({ stream });
  const theirs = createMessageConnection(
    new StreamMessageReader(peer),
    new StreamMessageWriter(peer),
  );
  cleanUp(() => {
    theirs.dispose();
    peer.destroy();
  });
  return { ours, theirs };
}

describe('our request', () => {
  it('gets a result, null, and an error with data', async () => {
    const { ours, theirs } = await connected();
    theirs.onRequest('add', (a: number, b: number) => a + b);
    theirs.onRequest('nothing', () => null);
    theirs.onRequest('fail', () => new ResponseError(-32_001, 'No such file', { path: '/x' }));
    theirs.listen();
    expect(await ours.request('add', [1, 2])).toBe(3);
    expect(await ours.request('nothing')).toBeNull();
    expect(await rejection(ours.request('fail'))).toMatchObject({
      errorCode: -32_001,
      data: { path: '/x' },
    });
    expect(await rejection(ours.request('unknown'))).toMatchObject({ errorCode: -32_601 });
    await ours.disconnect({ force: true });
  });

  it('cancels their handler when it is given up', async () => {
    const { ours, theirs } = await connected();
    const [called, cancelled] = [gate(), gate()];
    theirs.onRequest('slow', (_params: unknown, token: CancellationToken) => {
      token.onCancellationRequested(cancelled.open);
      called.open();
      return cancelled.opened;
    });
    theirs.listen();
    const controller = new AbortController();
    const reply = rejection(ours.request('slow', {}, { signal: controller.signal }));
    await called.opened;
    controller.abort(new Error('no longer wanted'));
    expect(await reply).toMatchObject({ message: 'no longer wanted' });
    await cancelled.opened;
    await ours.disconnect({ force: true });
  });

  it('gets the progress that they report', async () => {
    const { ours, theirs } = await connected();
    theirs.onRequest('build', async ({ workDoneToken }: { workDoneToken: number }) => {
      await theirs.sendProgress(new ProgressType<string>(), workDoneToken, 'half');
      return 'done';
    });
    theirs.listen();
    const seen: unknown[] = [];
    const onProgress = (value: unknown) => void seen.push(value);
    expect(await ours.request('build', {}, { onProgress })).toBe('done');
    expect(seen).toEqual(['half']);
    await ours.disconnect({ force: true });
  });
});

describe('their request', () => {
  it('gets a result, null, and an error with data', async () => {
    const { ours, theirs } = await connected();
    ours.handle('add', (params) => (params as number[]).reduce((sum, n) => sum + n));
    ours.handle('nothing', () => undefined);
    ours.handle('fail', () => {
      throw new JsonRpcError({ code: -32_001, message: 'No such file', data: { path: '/x' } });
    });
    theirs.listen();
    expect(await theirs.sendRequest('add', 1, 2)).toBe(3);
    expect(await theirs.sendRequest('nothing')).toBeNull();
    expect(await rejection(theirs.sendRequest('fail'))).toMatchObject({
      code: -32_001,
      message: 'No such file',
      data: { path: '/x' },
    });
    await ours.disconnect({ force: true });
  });

  it('aborts the signal of our handler when it is cancelled', async () => {
    const { ours, theirs } = await connected();
    const called = gate();
    ours.handle('slow', (_, { signal }) => {
      called.open();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    });
    theirs.listen();
    const source = new CancellationTokenSource();
    const reply = rejection(theirs.sendRequest('slow', {}, source.token));
    await called.opened;
    source.cancel();
    expect(await reply).toMatchObject({ code: -32_800 });
    await ours.disconnect({ force: true });
  });
});
