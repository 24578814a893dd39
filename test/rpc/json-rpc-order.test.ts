/** In which order the messages of the peer are handled, and what a message that breaks a rule does. */

import { describe, expect, it } from 'vitest';
import { streamPair } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { gate, rejection, turn } from '../support/signal.ts';
import { connectRaw } from './support.ts';

expectIdleAfterEach();

const request = (id: number | string, method: string) => ({ jsonrpc: '2.0', id, method });
const notification = (method: string, params?: unknown) => ({ jsonrpc: '2.0', method, params });

describe('the order of handlers', () => {
  it('is that of the messages: a request sees what an earlier notification has done', async () => {
    const { rpc, tell, written } = await connectRaw();
    let text = '';
    rpc.handle('open', (params) => void (text = (params as string[])[0] ?? ''));
    rpc.handle('hover', () => text);
    tell(
      `${JSON.stringify(notification('open', ['let x']))}\n${JSON.stringify(request(1, 'hover'))}`,
    );
    await until(() => written.length === 1);
    expect(written).toMatchObject([{ id: 1, result: 'let x' }]);
    await rpc.disconnect();
  });

  it('holds for requests that wait for a free handler: no notification overtakes them', async () => {
    const { rpc, tell, written } = await connectRaw({ maxHandlers: 1 });
    const first = gate();
    let text = 'old';
    rpc.handle('slow', () => first.opened);
    rpc.handle('hover', () => text);
    rpc.handle('change', (params) => void (text = (params as string[])[0] ?? ''));
    tell(request(1, 'slow'));
    tell(request(2, 'hover'));
    tell(notification('change', ['new']));
    tell(request(3, 'hover'));
    await turn();
    await turn();
    first.open();
    await until(() => written.length === 3);
    expect(written).toMatchObject([{ id: 1 }, { id: 2, result: 'old' }, { id: 3, result: 'new' }]);
    await rpc.disconnect();
  });

  it('lets many requests that wait be handled at once, without a deep stack', async () => {
    const { rpc, tell, written } = await connectRaw({ maxHandlers: 1, maxWaiting: 50_000 });
    const first = gate();
    rpc.handle('slow', () => first.opened);
    rpc.handle('fast', () => 'ok');
    tell(request(0, 'slow'));
    const many = Array.from({ length: 20_000 }, (_, n) => JSON.stringify(request(n + 1, 'fast')));
    tell(many.join('\n'));
    await until(() => rpc.stats.messagesIn === 20_001);
    first.open();
    await until(() => written.length === 20_001);
    expect(written.at(-1)).toMatchObject({ id: 20_000, result: 'ok' });
    await rpc.disconnect();
  });

  it('stops the reading at a notification that finds the queue full, and goes on later', async () => {
    const { rpc, tell, written } = await connectRaw({ maxHandlers: 1, maxWaiting: 2 });
    const first = gate();
    const seen: unknown[] = [];
    rpc.handle('slow', () => first.opened);
    rpc.handle('note', (params) => void seen.push(...(params as number[])));
    tell(request(1, 'slow'));
    tell(request(2, 'slow'));
    for (let n = 0; n < 100; n += 1) tell(notification('note', [n]));
    await turn();
    await turn();
    const { messagesIn } = rpc.stats;
    expect(messagesIn).toBeLessThan(10);
    first.open();
    await until(() => seen.length === 100);
    expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(written).toMatchObject([{ id: 1 }, { id: 2 }]);
    await rpc.disconnect();
  });

  it('lets a session end while the reading is stopped', async () => {
    const { rpc, tell } = await connectRaw({ maxHandlers: 1, maxWaiting: 1 });
    rpc.handle('slow', () => new Promise(() => undefined));
    rpc.handle('note', () => undefined);
    tell(request(1, 'slow'));
    tell(request(2, 'slow'));
    for (let n = 0; n < 5; n += 1) tell(notification('note', [n]));
    await until(() => rpc.stats.messagesIn > 2);
    await rpc.disconnect({ force: true });
    expect(rpc.runstate).toBe('IDLE');
  });
});

describe('a notification whose handler is pending', () => {
  it('has a signal that the end of the session aborts', async () => {
    const { rpc, tell } = await connectRaw();
    const signals: AbortSignal[] = [];
    rpc.handle('index', (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    tell(notification('index'));
    await until(() => signals.length === 1);
    expect(signals[0]?.aborted).toBe(false);
    await rpc.disconnect();
    expect(signals[0]?.aborted).toBe(true);
  });
});

describe('the ids of requests of the peer', () => {
  it.each([0, -1, 1.5, '', 'a-b', '1', null])('may be %j', async (id) => {
    const { rpc, tell, written } = await connectRaw();
    rpc.handle('name', () => 'calc');
    tell({ jsonrpc: '2.0', id, method: 'name' });
    await until(() => written.length === 1);
    expect(written).toEqual([{ jsonrpc: '2.0', id, result: 'calc' }]);
    await rpc.disconnect();
  });

  it('that are a number and a string of the same digits are two requests', async () => {
    const { rpc, tell, written } = await connectRaw({ cancel: 'lsp' });
    rpc.handle('slow', (_, { signal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    });
    tell(request(1, 'slow'));
    tell(request('1', 'slow'));
    tell(notification('$/cancelRequest', { id: '1' }));
    await until(() => written.length === 1);
    expect(written).toMatchObject([{ id: '1', error: { code: -32_800 } }]);
    await rpc.disconnect({ force: true });
  });
});

describe('the rules of LSP for methods that begin with $/', () => {
  it('hold: a notification is ignored, a request is answered with MethodNotFound', async () => {
    const { rpc, tell, written } = await connectRaw({ cancel: 'lsp' });
    tell(notification('$/setTrace', { value: 'off' }));
    tell(notification('$/progress', { token: 'unknown', value: {} }));
    tell(notification('$/cancelRequest', { id: 'unknown' }));
    tell(request(1, '$/special'));
    await until(() => written.length === 1);
    expect(written).toMatchObject([{ id: 1, error: { code: -32_601 } }]);
    await rpc.disconnect();
  });
});

describe('a reply', () => {
  it.each([
    ['null', { result: null }, null],
    ['false', { result: false }, false],
    ['null beside an error that is null', { result: null, error: null }, null],
  ])('may be %s', async (_, reply, expected) => {
    const { rpc, tell, written } = await connectRaw();
    const result = rpc.request('shutdown');
    await until(() => written.length === 1);
    tell({ jsonrpc: '2.0', id: 1, ...reply });
    expect(await result).toBe(expected);
    await rpc.disconnect();
  });

  it('that has neither a result nor an error rejects the request', async () => {
    const { rpc, tell, written } = await connectRaw();
    const result = rpc.request('shutdown');
    await until(() => written.length === 1);
    tell({ jsonrpc: '2.0', id: 1 });
    expect(await rejection(result)).toMatchObject({
      code: 'ERR_RPC',
      message: 'shutdown: The reply has neither a result nor an error',
    });
    expect(written).toHaveLength(1);
    await rpc.disconnect();
  });

  it('that refuses a message without saying which is logged', async () => {
    const records: string[] = [];
    const { rpc, tell } = await connectRaw({
      logger: (record) => {
        if (record.level === 'warn') records.push(record.text);
      },
    });
    tell({ jsonrpc: '2.0', id: null, error: { code: -32_700, message: 'Parse error' } });
    await until(() => records.length === 1);
    expect(records[0]).toBe('The peer has refused a message: Parse error (-32700)');
    await rpc.disconnect();
  });
});

describe('a request of the peer that breaks a rule', () => {
  it.each([
    ['parameters that are a number', { jsonrpc: '2.0', id: 7, method: 'add', params: 1 }, 7],
    ['another version', { jsonrpc: '1.0', id: 'x', method: 'add' }, 'x'],
    ['a method that is a number', { jsonrpc: '2.0', id: 7, method: 1 }, 7],
    ['an id that is an object', { jsonrpc: '2.0', id: {}, method: 'add' }, null],
    ['neither method nor reply', { jsonrpc: '2.0', id: 7 }, null],
  ])('by %s is answered with an error, and its id if it has one', async (_, message, id) => {
    const { rpc, tell, written } = await connectRaw();
    tell(message);
    await until(() => written.length === 1);
    expect(written).toMatchObject([{ id, error: { code: -32_600 } }]);
    await rpc.disconnect();
  });

  it('by parameters that are null is handled: some clients write them', async () => {
    const { rpc, tell, written } = await connectRaw();
    rpc.handle('shutdown', (params) => (params === undefined ? null : 'wrong'));
    tell({ jsonrpc: '2.0', id: 1, method: 'shutdown', params: null });
    await until(() => written.length === 1);
    expect(written).toEqual([{ jsonrpc: '2.0', id: 1, result: null }]);
    await rpc.disconnect();
  });
});

describe('a reconnected session', () => {
  it('gets no reply of a handler of the one before', async () => {
    const { rpc, tell } = await connectRaw();
    const go = gate();
    rpc.handle('slow', () => go.opened);
    tell(request(1, 'slow'));
    await until(() => rpc.stats.messagesIn === 1);
    await rpc.disconnect({ force: true });
    const [stream, peer] = streamPair();
    const chunks: string[] = [];
    peer.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    peer.on('end', () => peer.end());
    await rpc.connect({ stream });
    go.open();
    await turn();
    await rpc.notify('hello');
    await until(() => chunks.length > 0);
    expect(chunks.join('')).toBe('{"jsonrpc":"2.0","method":"hello"}\n');
    await rpc.disconnect();
  });
});
