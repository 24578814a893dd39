/** Inbound replies: their commands, their errors, and their values. */

import { describe, expect, it } from 'vitest';
import { BadReplyError, ExecuteError, type QmpReply } from '../../src/qmp/index.ts';
import { ServerParseError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { scripted, session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const FAILURE = { class: 'DeviceNotFound', desc: "Device 'x' not found" };

describe('X-18 replies', () => {
  it('settle their commands in any order', async () => {
    const { client, monitor } = await session();
    const done = [client.execute('a'), client.execute('b'), client.execute('c')];
    const [a, b, c] = [await monitor.take(), await monitor.take(), await monitor.take()];
    monitor.reply(c, 'C');
    monitor.reply(a, 'A');
    monitor.reply(b, 'B');
    expect(await Promise.all(done)).toEqual(['A', 'B', 'C']);
    await client.disconnect();
  });

  it.each([
    ['a second one', (id?: number) => [{ return: 1, id }]],
    ['one with an unknown id', () => [{ return: 1, id: 'nobody' }]],
    ['an error with an unknown id', () => [{ error: FAILURE, id: 'nobody' }]],
    [
      'one whose id is not a number',
      () => ['1', null, { a: 1 }, []].map((id) => ({ return: 1, id })),
    ],
    ['one without an id', () => [{ return: 1 }]],
    ['other messages', () => [{ hello: 'there' }, {}, { event: 5 }]],
  ])('that belong to no command are dropped with a warning: %s', async (_, replies) => {
    const { logger, records } = recordingLogger();
    const { client, monitor } = await session({ logger });
    const first = client.execute('stop');
    const { id } = await monitor.take();
    monitor.send({ return: {}, id }, ...replies(id));
    await first;
    const next = client.execute('cont');
    monitor.reply(await monitor.take());
    expect(await next).toEqual({});
    const warnings = records.filter((record) => record.startsWith('warn'));
    expect(warnings).toHaveLength(replies(id).length);
    await client.disconnect();
  });

  it('that are errors without an id end the session when no command is in flight', async () => {
    const { client, monitor } = await session();
    monitor.send({ error: { class: 'GenericError', desc: 'JSON parse error' } });
    const { cause } = await client.closed;
    expect(cause).toBeInstanceOf(ServerParseError);
    expect(cause).toMatchObject({
      error: { class: 'GenericError', desc: 'JSON parse error' },
      message: expect.stringContaining('JSON parse error') as string,
      command: undefined,
    });
    expect(client.runstate).toBe('IDLE');
    await rejection(client.disconnect());
  });

  it('that are malformed errors without an id also end the session', async () => {
    const { client, monitor } = await session();
    monitor.send({ error: 'what?' });
    expect((await client.closed).cause).toMatchObject({
      code: 'ERR_QMP_SERVER_PARSE',
      error: 'what?',
    });
  });

  it.each([
    ['neither', {}],
    ['both', { return: {}, error: FAILURE }],
    ['an error without a class', { error: { desc: 'x' } }],
    ['an error without a desc', { error: { class: 'x' } }],
    ['an error that is a string', { error: 'x' }],
  ])('with %s are a BadReplyError for their command only', async (_, reply) => {
    const { client, monitor } = await session();
    const rejected = rejection(client.execute('a'));
    const other = client.execute('b');
    const { id } = await monitor.take();
    expect(id).toBeUndefined();
    monitor.send(reply);
    expect(await rejected).toBeInstanceOf(BadReplyError);
    expect(await rejected).toMatchObject({ received: reply });
    monitor.reply(await monitor.take(), 2);
    expect(await other).toBe(2);
    await client.disconnect();
  });

  it('with an id and neither a return value nor an error are one for their command only, too', async () => {
    const { client, monitor } = await session();
    const first = client.execute('a');
    const rejected = rejection(client.execute('b'));
    const command = await monitor.take();
    monitor.send({ id: 1 });
    expect(await rejected).toBeInstanceOf(BadReplyError);
    monitor.reply(command, 2);
    expect(await first).toBe(2);
    await client.disconnect();
  });
});

describe('an error reply', () => {
  it('is an ExecuteError with class, text and command; the session goes on', async () => {
    const { client, monitor } = await session();
    const rejected = rejection(client.execute('eject', { device: 'x' }));
    const { id } = await monitor.take();
    monitor.send({ error: { ...FAILURE, more: 1 }, id });
    const error = await rejected;
    expect(error).toBeInstanceOf(ExecuteError);
    expect(error).toMatchObject({
      code: 'ERR_QMP_EXECUTE',
      message: expect.stringContaining(FAILURE.desc) as string,
      errorClass: FAILURE.class,
      description: FAILURE.desc,
      command: 'eject',
    });
    expect(client.runstate).toBe('RUNNING');
    await client.disconnect();
  });
});

describe('executeMessage()', () => {
  const ids = [undefined, null, 0, 1.5, 'mine', '', [1], { a: { b: null } }, true, 2n ** 64n - 1n];

  it.each(ids.map((id) => [id]))(
    "resolves with the whole reply and the caller's id %s",
    async (id) => {
      const { client, monitor } = await session();
      const message = { execute: 'stop', ...(id !== undefined && { id }) };
      const done = client.executeMessage(message);
      const failed = client.executeMessage({ ...message, arguments: { x: 1 } });
      const [first, second] = [await monitor.take(), await monitor.take()];
      expect(first.id).not.toEqual(id);
      monitor.send({ return: [1], id: first.id }, { error: FAILURE, id: second.id });
      const own = id === undefined ? {} : { id };
      expect(await done).toStrictEqual({ return: [1], ...own });
      expect(await failed).toStrictEqual({ error: FAILURE, ...own });
      expect(message).toStrictEqual({ execute: 'stop', ...own });
      await client.disconnect();
    },
  );

  it('sends an out-of-band command', async () => {
    const { client, monitor } = await session();
    const done = client.executeMessage({ 'exec-oob': 'query-yank' });
    const command = await monitor.take();
    expect(command['exec-oob']).toBe('query-yank');
    monitor.reply(command, []);
    expect(await done).toEqual({ return: [] } satisfies QmpReply);
    await client.disconnect();
  });
});

describe('the value of a reply', () => {
  it('X-26 has exact integers: 2^53+1, 2^64-1, -2^63, in both directions', async () => {
    const integers = [2n ** 53n + 1n, 2n ** 64n - 1n, -(2n ** 63n)];
    const { client } = await scripted({ commands: { echo: ({ arguments: args }) => args } });
    const [large, small] = await Promise.all([
      client.execute('echo', { integers, deep: [{ n: 2n ** 60n }] }),
      client.execute('echo', { n: 5n, m: 2 ** 53 - 1, f: 1.5 }),
    ]);
    expect(large).toEqual({ integers, deep: [{ n: 2n ** 60n }] });
    expect(small).toEqual({ n: 5, m: 2 ** 53 - 1, f: 1.5 });
    await client.disconnect();
  });

  it.each([[null], [0], [false], [''], [[]], ['é€😀'], [[{ a: [null] }]]])(
    'can be any JSON value: %j',
    async (value) => {
      const { client, monitor } = await session();
      const done = client.execute('x');
      monitor.reply(await monitor.take(), value);
      expect(await done).toEqual(value);
      await client.disconnect();
    },
  );

  it('X-15 can be spread over many lines', async () => {
    const { client, monitor } = await session();
    const done = client.execute('x');
    const { id } = await monitor.take();
    monitor.send(`${JSON.stringify({ return: { a: [1, { b: '{' }] }, id }, null, 4)}\r\n`);
    expect(await done).toEqual({ a: [1, { b: '{' }] });
    await client.disconnect();
  });

  it('X-16 can follow a byte 0xFF, which drops an unfinished message', async () => {
    const { client, monitor } = await session();
    const done = client.execute('x');
    const { id } = await monitor.take();
    monitor.send('{"return": {"half', Uint8Array.of(0xff), { return: 'whole', id });
    expect(await done).toBe('whole');
    await client.disconnect();
  });

  it('can arrive byte by byte', async () => {
    const { client, monitor } = await session();
    const done = client.execute('x');
    const { id } = await monitor.take();
    for (const byte of Buffer.from(`${JSON.stringify({ return: 'é€😀', id })}\r\n`)) {
      monitor.send(Uint8Array.of(byte));
    }
    expect(await done).toBe('é€😀');
    await client.disconnect();
  });
});
