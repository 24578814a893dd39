/** JSON-RPC 2.0: both roles, errors, cancellation, progress, and the options. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { jsonLines } from '../../src/index.ts';
import { JsonRpc, JsonRpcError, type JsonRpcOptions } from '../../src/rpc/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, rejection, turn } from '../support/signal.ts';
import { until } from '../support/listeners.ts';
import { connectPair, connectRaw } from './support.ts';

expectIdleAfterEach();

describe('a request', () => {
  it('resolves with the result of its handler, in both directions at once', async () => {
    const { one, other, end } = await connectPair();
    one.handle('double', (params) => 2 * (params as { n: number }).n);
    other.handle('square', async (params) => {
      const { n } = params as { n: number };
      return Number(await other.request('double', { n })) * n;
    });
    expect(await one.request('square', { n: 3 })).toBe(18);
    await end();
  });

  it('has the types of the methods of the peer', async () => {
    interface Server {
      add(params: { a: number; b: number }): number;
      ping(): string;
    }
    const { other, end, one } = await connectPair();
    other.handle('ping', () => 'pong');
    other.handle('add', (params) => {
      const { a, b } = params as { a: number; b: number };
      return a + b;
    });
    const typed = one as JsonRpc<Server>;
    expectTypeOf(typed.request('add', { a: 1, b: 2 })).resolves.toBeNumber();
    expectTypeOf(typed.request('ping')).resolves.toBeString();
    expect(await typed.request('add', { a: 1, b: 2 })).toBe(3);
    await end();
  });

  it('rejects with the error of its handler: code, message and data', async () => {
    const { one, other, end } = await connectPair();
    other.handle('open', () => {
      throw new JsonRpcError({ code: -32_001, message: 'No such file', data: { path: '/x' } });
    });
    const error = await rejection(one.request('open'));
    expect(error).toBeInstanceOf(JsonRpcError);
    expect(error).toMatchObject({
      code: 'ERR_RPC',
      errorCode: -32_001,
      data: { path: '/x' },
      message: 'open: No such file',
      retryable: true,
    });
    await end();
  });

  it('rejects with an internal error when its handler throws anything else', async () => {
    const { one, other, end } = await connectPair();
    other.handle('open', () => Promise.reject(new TypeError('not a path')));
    expect(await rejection(one.request('open'))).toMatchObject({
      errorCode: -32_603,
      message: 'open: not a path',
    });
    await end();
  });

  it('for an unknown method is final', async () => {
    const { one, end } = await connectPair();
    expect(await rejection(one.request('nothing'))).toMatchObject({
      errorCode: -32_601,
      retryable: false,
    });
    await end();
  });

  it('rejects at its deadline, on the clock of the connection', async () => {
    const clock = new SimulatedClock();
    const { one, other } = await connectPair({ clock, timeout: 100 });
    other.handle('slow', () => new Promise(() => undefined));
    const error = rejection(one.request('slow'));
    clock.increment(100);
    expect(await error).toMatchObject({ code: 'ERR_TIMEOUT', message: /No reply to slow/ });
    await Promise.all([one.disconnect({ force: true }), other.disconnect({ force: true })]);
  });

  it('rejects when the session ends, and its handler learns that by its signal', async () => {
    const { one, other } = await connectPair();
    const signals: AbortSignal[] = [];
    other.handle('wait', (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    const error = rejection(one.request('wait'));
    await until(() => signals.length === 1);
    await other.disconnect({ force: true });
    expect(await error).toMatchObject({ code: 'ERR_CLOSED' });
    expect(signals[0]?.aborted).toBe(true);
    await one.disconnect();
  });

  it('shows a hostile error message escaped', async () => {
    const { rpc, tell, written } = await connectRaw();
    const error = rejection(rpc.request('open'));
    await until(() => written.length === 1);
    tell({ jsonrpc: '2.0', id: 1, error: { code: 1, message: '\u001b[2Jgone' } });
    expect(await error).toMatchObject({ message: 'open: \\x1b[2Jgone' });
    await rpc.disconnect();
  });
});

describe('a notification', () => {
  it('is handled in the order of the messages, and has no reply', async () => {
    const { rpc, tell, written } = await connectRaw();
    const seen: unknown[] = [];
    rpc.handle('note', (params) => void seen.push(params));
    tell({ jsonrpc: '2.0', method: 'note', params: [1] });
    tell({ jsonrpc: '2.0', method: 'note', params: [2] });
    tell({ jsonrpc: '2.0', method: 'unknown' });
    await until(() => seen.length === 2);
    expect([seen, written]).toEqual([[[1], [2]], []]);
    await rpc.disconnect();
  });

  it('reports what its handler throws', async () => {
    const errors: unknown[] = [];
    const { rpc, tell } = await connectRaw({
      onHandlerError: (error, method) => errors.push([method, (error as Error).message]),
    });
    rpc.handle('sync', () => {
      throw new Error('one');
    });
    rpc.handle('async', () => Promise.reject(new Error('two')));
    tell({ jsonrpc: '2.0', method: 'sync' });
    tell({ jsonrpc: '2.0', method: 'async' });
    await until(() => errors.length === 2);
    expect(errors).toEqual([
      ['sync', 'one'],
      ['async', 'two'],
    ]);
    await rpc.disconnect();
  });

  it('is sent without an id', async () => {
    const { rpc, written } = await connectRaw();
    await rpc.notify('note', { a: 1 });
    await until(() => written.length === 1);
    expect(written).toEqual([{ jsonrpc: '2.0', method: 'note', params: { a: 1 } }]);
    await rpc.disconnect();
  });
});

describe('cancellation', () => {
  it.each(['lsp', 'mcp'] as const)('reaches the handler, as in %s', async (cancel) => {
    const { one, other, end } = await connectPair({ cancel });
    const cancelled = gate();
    other.handle('slow', (_, { signal }) => {
      signal.addEventListener('abort', cancelled.open);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    });
    const controller = new AbortController();
    const error = rejection(one.request('slow', {}, { signal: controller.signal }));
    await turn();
    controller.abort(new Error('no longer wanted'));
    expect(await error).toMatchObject({ message: 'no longer wanted' });
    await cancelled.opened;
    expect(one.pending).toBe(0);
    await end();
  });

  it('is answered with an error in LSP', async () => {
    const { rpc, tell, written } = await connectRaw({ cancel: 'lsp' });
    rpc.handle('slow', (_, { signal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    });
    tell({ jsonrpc: '2.0', id: 'a', method: 'slow' });
    tell({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 'a' } });
    await until(() => written.length === 1);
    expect(written).toMatchObject([{ id: 'a', error: { code: -32_800 } }]);
    await rpc.disconnect();
  });

  it('is not answered in MCP', async () => {
    const { rpc, tell, written } = await connectRaw({ cancel: 'mcp' });
    const aborted = gate();
    rpc.handle('slow', async (_, { signal }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      aborted.open();
    });
    rpc.handle('next', () => 'here');
    tell({ jsonrpc: '2.0', id: 1, method: 'slow' });
    tell({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await aborted.opened;
    tell({ jsonrpc: '2.0', id: 2, method: 'next' });
    await until(() => written.length === 1);
    expect(written).toEqual([{ jsonrpc: '2.0', id: 2, result: 'here' }]);
    await rpc.disconnect();
  });

  it('of a request that waits for a free handler keeps it from running', async () => {
    const { rpc, tell, written } = await connectRaw({ cancel: 'lsp', maxHandlers: 1 });
    const [first, called] = [gate(), [] as unknown[]];
    rpc.handle('one', () => first.opened);
    rpc.handle('two', () => void called.push('two'));
    tell({ jsonrpc: '2.0', id: 1, method: 'one' });
    tell({ jsonrpc: '2.0', id: 2, method: 'two' });
    tell({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 2 } });
    await turn();
    await turn();
    first.open();
    await until(() => written.length === 2);
    expect([called, written[1]]).toMatchObject([[], { id: 2, error: { code: -32_800 } }]);
    await rpc.disconnect();
  });
});

describe('progress', () => {
  it.each([
    ['lsp', [{ kind: 'begin' }, { kind: 'end' }], [{ kind: 'begin' }, { kind: 'end' }]],
    ['mcp', [{ progress: 1 }, { progress: 2 }], [{ progress: 1 }, { progress: 2 }]],
  ] as const)('is reported to the caller, as in %s', async (cancel, sent, expected) => {
    const { one, other, end } = await connectPair({ cancel });
    other.handle('build', (_, { progress }) => {
      for (const value of sent) progress(value);
      return 'done';
    });
    const seen: unknown[] = [];
    expect(await one.request('build', {}, { onProgress: (value) => void seen.push(value) })).toBe(
      'done',
    );
    expect(seen).toMatchObject(expected);
    await end();
  });

  it('is not sent to a caller that did not ask for it', async () => {
    const { rpc, tell, written } = await connectRaw({ cancel: 'lsp' });
    rpc.handle('build', (_, { progress }) => {
      progress({ kind: 'begin' });
      return 'done';
    });
    tell({ jsonrpc: '2.0', id: 1, method: 'build', params: {} });
    await until(() => written.length > 0);
    expect(written).toEqual([{ jsonrpc: '2.0', id: 1, result: 'done' }]);
    await rpc.disconnect();
  });
});

describe('the number of handlers', () => {
  it('is bounded; further requests wait, and those beyond that are refused', async () => {
    const { rpc, tell, written } = await connectRaw({ maxHandlers: 2, maxWaiting: 1 });
    const go = gate();
    let running = 0;
    let most = 0;
    rpc.handle('work', async () => {
      running += 1;
      most = Math.max(most, running);
      await go.opened;
      running -= 1;
      return 'ok';
    });
    for (let id = 1; id <= 4; id += 1) tell({ jsonrpc: '2.0', id, method: 'work' });
    await until(() => written.length === 1);
    expect(written).toMatchObject([{ id: 4, error: { code: -32_000 } }]);
    go.open();
    await until(() => written.length === 4);
    expect(most).toBe(2);
    await rpc.disconnect();
  });

  it('does not keep a handler from calling the peer', async () => {
    const { one, other, end } = await connectPair({ maxHandlers: 1 });
    one.handle('name', () => 'one');
    other.handle('greet', async () => `hello ${String(await other.request('name'))}`);
    expect(await one.request('greet')).toBe('hello one');
    await end();
  });
});

describe('the options', () => {
  it.each([
    ['a misspelt name', { codec: jsonLines(), cancle: 'lsp' }, "'cancel'"],
    ['an unknown dialect', { codec: jsonLines(), cancel: 'lps' }, "'lsp', 'mcp'"],
    ['no handlers', { codec: jsonLines(), maxHandlers: 0 }, 'maxHandlers'],
    ['no codec', {}, 'codec'],
  ])('with %s are refused', (_, options: object, text) => {
    expect(() => new JsonRpc(options as JsonRpcOptions)).toThrow(text);
  });
});
