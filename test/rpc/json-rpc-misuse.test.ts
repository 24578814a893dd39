/** What the callers and the handlers of a connection do wrong: it is reported, and the session goes on. */

import { describe, expect, it, vi } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { rejection } from '../support/signal.ts';
import { connectPair, connectRaw } from './support.ts';

expectIdleAfterEach();

describe('a result that cannot be sent', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);

  it.each([
    ['at once', () => cyclic],
    ['later', () => Promise.resolve(cyclic)],
  ])('%s becomes an error, and the session goes on', async (_, handler) => {
    const { one, other, end } = await connectPair();
    other.handle('graph', handler);
    other.handle('name', () => 'calc');
    expect(await rejection(one.request('graph'))).toMatchObject({
      errorCode: -32_603,
      message: /^graph: The result cannot be sent: /,
    });
    expect(await one.request('name')).toBe('calc');
    await end();
  });

  it('makes errors of all replies of its batch', async () => {
    const { one, other, end } = await connectPair();
    other.handle('graph', () => cyclic);
    other.handle('name', () => 'calc');
    const replies = one.batch(({ request: add }) => [add('graph'), add('name')]);
    for (const reply of replies) expect(await rejection(reply)).toMatchObject({ code: 'ERR_RPC' });
    await end();
  });
});

describe('what a caller passes', () => {
  it.each([1, 'text', null, true])('as parameters may not be %j', async (params) => {
    const { rpc, written } = await connectRaw();
    expect(await rejection(rpc.request('add', params))).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: /params of add must be an object or an array/,
    });
    expect(await rejection(rpc.notify('add', params))).toMatchObject({ code: 'ERR_ARGUMENT' });
    expect([rpc.pending, written]).toEqual([0, []]);
    await rpc.disconnect();
  });

  it.each([
    ['a misspelt option', { timout: 5 }, /request\(\) has no option 'timout'/],
    ['a signal that is none', { signal: {} }, /signal of request\(\)/],
    ['a deadline of 0', { timeout: 0 }, /above 0/],
  ])('as options may not be %s', async (_, options: object, message) => {
    const { rpc } = await connectRaw();
    expect(await rejection(rpc.request('add', {}, options))).toMatchObject({
      code: 'ERR_ARGUMENT',
      message,
    });
    expect(rpc.pending).toBe(0);
    await rpc.disconnect();
  });

  it('as onProgress needs parameters that can carry a token', async () => {
    const { rpc, written } = await connectRaw({ cancel: 'lsp' });
    const error = await rejection(rpc.request('add', [1], { onProgress: () => undefined }));
    expect(error).toMatchObject({ code: 'ERR_ARGUMENT', message: /not an array/ });
    expect(written).toEqual([]);
    await rpc.disconnect();
  });
});

describe('an onProgress that throws', () => {
  it('is reported, and harms neither the request nor the session', async () => {
    const errors: unknown[] = [];
    const onHandlerError = (error: unknown, method: string) => errors.push([method, error]);
    const { one, other, end } = await connectPair({ cancel: 'lsp', onHandlerError });
    other.handle('build', (_, { progress }) => {
      progress({ kind: 'begin' });
      return 'done';
    });
    const failure = new Error('no bar');
    const onProgress = (): void => {
      throw failure;
    };
    expect(await one.request('build', {}, { onProgress })).toBe('done');
    expect(errors).toEqual([['build', failure]]);
    await end();
  });
});

describe('a handler of a notification that throws', () => {
  it('is a warning of the process when neither a logger nor onHandlerError is given', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { rpc, tell } = await connectRaw();
    rpc.handle('note', () => Promise.reject(new Error('no file')));
    tell({ jsonrpc: '2.0', method: 'note' });
    await until(() => warn.mock.calls.length === 1);
    expect(warn.mock.calls[0]).toEqual([
      'The handler of the notification note threw: no file',
      'WirechartWarning',
    ]);
    await rpc.disconnect();
  });
});
