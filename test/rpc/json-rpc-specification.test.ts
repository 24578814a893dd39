/** The examples of the specification of JSON-RPC 2.0, batches included. */

import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { connectRaw } from './support.ts';

expectIdleAfterEach();

/** From section 7 of the specification; `-->` is what the client sends, here the raw peer. */
describe('the examples of the specification', () => {
  const invalid = { jsonrpc: '2.0', error: { code: -32_600 }, id: null };
  const cases: readonly (readonly [name: string, sent: string, reply: unknown])[] = [
    [
      'positional parameters',
      '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
      { jsonrpc: '2.0', result: 19, id: 1 },
    ],
    [
      'named parameters',
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
      { jsonrpc: '2.0', result: 19, id: 3 },
    ],
    ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
    [
      'a non-existent method',
      '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
      { jsonrpc: '2.0', error: { code: -32_601 }, id: '1' },
    ],
    ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', invalid],
    ['an empty batch', '[]', invalid],
    ['an invalid batch of one', '[1]', [invalid]],
    ['an invalid batch', '[1,2,3]', [invalid, invalid, invalid]],
    [
      'a batch',
      `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
      [
        { jsonrpc: '2.0', result: 7, id: '1' },
        { jsonrpc: '2.0', result: 19, id: '2' },
        invalid,
        { jsonrpc: '2.0', error: { code: -32_601 }, id: '5' },
        { jsonrpc: '2.0', result: ['hello', 5], id: '9' },
      ],
    ],
    [
      'a batch of notifications',
      '[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}]',
      undefined,
    ],
  ];

  it.each(cases)('%s', async (_, sent, reply) => {
    const { rpc, tell, written } = await connectRaw();
    rpc.handle('subtract', (params) => {
      const { minuend, subtrahend } = Array.isArray(params)
        ? { minuend: Number(params[0]), subtrahend: Number(params[1]) }
        : (params as { minuend: number; subtrahend: number });
      return minuend - subtrahend;
    });
    rpc.handle('sum', (params) => (params as number[]).reduce((a, b) => a + b));
    rpc.handle('get_data', () => Promise.resolve(['hello', 5]));
    rpc.handle('over', () => 'over');
    tell(sent.replaceAll('\n', ' '));
    tell({ jsonrpc: '2.0', id: 'last', method: 'over' });
    const isOver = () => written.some((message) => (message as { id?: unknown }).id === 'last');
    await until(() => isOver() && written.length === (reply === undefined ? 1 : 2));
    const others = written.filter((message) => (message as { id?: unknown }).id !== 'last');
    expect(others).toMatchObject(reply === undefined ? [] : [reply]);
    await rpc.disconnect();
  });
});
