/** Batches that we send: several requests and notifications in one message. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import type { JsonRpc, JsonRpcOptions } from '../../src/rpc/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { rejection } from '../support/signal.ts';
import { connectPair, connectRaw } from './support.ts';

expectIdleAfterEach();

const ok = (id: number, result: unknown) => ({ jsonrpc: '2.0', id, result });

/** A batch of two requests and a notification that was sent, and what the raw peer got. */
async function sendBatch(options?: Partial<JsonRpcOptions>) {
  const raw = await connectRaw(options);
  const replies = raw.rpc.batch(({ request, notify }) => {
    void notify('log', { text: 'two requests follow' });
    return [request('add', [1, 2]), request('name')] as const;
  });
  await until(() => raw.written.length > 0);
  return { ...raw, replies };
}

describe('a batch', () => {
  it('is one message, with its requests and notifications in order', async () => {
    const { rpc, written } = await sendBatch();
    expect(written).toEqual([
      [
        { jsonrpc: '2.0', method: 'log', params: { text: 'two requests follow' } },
        { jsonrpc: '2.0', id: 1, method: 'add', params: [1, 2] },
        { jsonrpc: '2.0', id: 2, method: 'name' },
      ],
    ]);
    await rpc.disconnect({ force: true });
  });

  it.each([
    ['one batch', [[ok(1, 3), ok(2, 'calc')]]],
    ['one batch in another order', [[ok(2, 'calc'), ok(1, 3)]]],
    ['single messages', [ok(2, 'calc'), ok(1, 3)]],
    ['a batch and a single message', [[ok(1, 3)], ok(2, 'calc')]],
  ])('gets its replies as %s', async (_, messages) => {
    const { rpc, tell, replies } = await sendBatch();
    for (const message of messages) tell(message);
    expect(await Promise.all(replies)).toEqual([3, 'calc']);
    expect(rpc.pending).toBe(0);
    await rpc.disconnect();
  });

  it('settles each request by itself: one may fail, and another is still pending', async () => {
    const { rpc, tell, replies } = await sendBatch();
    tell([{ jsonrpc: '2.0', id: 1, error: { code: -32_602, message: 'not numbers' } }]);
    expect(await rejection(replies[0])).toMatchObject({ message: 'add: not numbers' });
    expect(rpc.pending).toBe(1);
    tell(ok(2, 'calc'));
    expect(await replies[1]).toBe('calc');
    await rpc.disconnect();
  });

  it('is answered by a peer of ours, and keeps the types of the methods', async () => {
    interface Server {
      add(params: readonly number[]): number;
      name(): string;
    }
    const { one, other, end } = await connectPair();
    other.handle('add', (params) => (params as number[]).reduce((sum, n) => sum + n));
    other.handle('name', () => 'calc');
    const typed = one as JsonRpc<Server>;
    const replies = typed.batch(({ request }) =>
      Promise.all([request('add', [1, 2]), request('name')]),
    );
    expectTypeOf(replies).resolves.toEqualTypeOf<[number, string]>();
    expect(await replies).toEqual([3, 'calc']);
    await end();
  });

  it('without any message sends nothing', async () => {
    const { rpc, written } = await connectRaw();
    expect(rpc.batch(() => 'nothing')).toBe('nothing');
    await rpc.notify('after');
    await until(() => written.length === 1);
    expect(written).toEqual([{ jsonrpc: '2.0', method: 'after' }]);
    await rpc.disconnect();
  });

  it('whose callback throws is not sent, and its requests reject with the error', async () => {
    const { rpc, written } = await connectRaw();
    const failure = new Error('changed my mind');
    const replies: Promise<unknown>[] = [];
    const build = () =>
      rpc.batch(({ request }) => {
        replies.push(request('add', [1]));
        throw failure;
      });
    expect(build).toThrow(failure);
    expect(await rejection(Promise.all(replies))).toBe(failure);
    expect([rpc.pending, written]).toEqual([0, []]);
    await rpc.disconnect();
  });

  it('cannot be added to when its callback has returned', async () => {
    const { rpc } = await connectRaw();
    const late = rpc.batch(({ request }) => request);
    expect(await rejection(late('add', [1]))).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: /when its callback returned/,
    });
    expect(rpc.pending).toBe(0);
    await rpc.disconnect();
  });

  it('that cannot be encoded fails its requests, and the session goes on', async () => {
    const { rpc, tell, written } = await connectRaw();
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const replies = rpc.batch(({ request }) => [request('add', cyclic), request('name')]);
    for (const reply of replies)
      expect(await rejection(reply)).toMatchObject({ code: 'ERR_CODEC' });
    const next = rpc.request('name');
    await until(() => written.length === 1);
    tell(ok(3, 'calc'));
    expect(await next).toBe('calc');
    await rpc.disconnect();
  });

  it('cannot be sent without a session', async () => {
    const { rpc } = await connectRaw();
    await rpc.disconnect();
    const reply = rpc.batch(({ request }) => request('add', [1]));
    expect(await rejection(reply)).toMatchObject({ code: 'ERR_STATE' });
  });

  it('has requests that can be given up one by one', async () => {
    const { rpc, tell, written } = await connectRaw({ cancel: 'lsp' });
    const controller = new AbortController();
    const [slow, fast] = rpc.batch(({ request }) => [
      request('slow', {}, { signal: controller.signal }),
      request('fast'),
    ]) as readonly [Promise<unknown>, Promise<unknown>];
    controller.abort(new Error('no longer wanted'));
    expect(await rejection(slow)).toMatchObject({ message: 'no longer wanted' });
    await until(() => written.length === 2);
    expect(written[1]).toMatchObject({ method: '$/cancelRequest', params: { id: 1 } });
    tell(ok(2, 'here'));
    expect(await fast).toBe('here');
    await rpc.disconnect();
  });

  it('that was given up before it is sent has no message', async () => {
    const { rpc, written } = await connectRaw();
    const signal = AbortSignal.abort(new Error('never wanted'));
    const reply = rpc.batch(({ request }) => request('slow', {}, { signal }));
    expect(await rejection(reply)).toMatchObject({ message: 'never wanted' });
    expect(written).toEqual([]);
    await rpc.disconnect();
  });
});
