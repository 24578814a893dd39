/** The answers of a scripted server. */

import { describe, expect, it } from 'vitest';
import { type ErrorReply, ExecuteError } from '../../src/qmp/index.ts';
import { type Answer, CommandFailure, type Script } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, createServer, namesOf, scripted } from '../support/qmp.ts';
import { gate, hasSettled, rejection } from '../support/signal.ts';
import { dialRaw } from './support.ts';

expectIdleAfterEach();

describe('a scripted command', () => {
  it.each<[string, Script, Answer]>([
    ['a constant', [1, { a: null }], [1, { a: null }]],
    ['a function', ({ arguments: args }) => ({ received: args }), { received: { x: 1 } }],
    [
      'an asynchronous function',
      ({ command }) => Promise.resolve(Object.keys(command)),
      ['execute', 'arguments'],
    ],
    ['null', null, null],
    ['a bigint', () => 2n ** 64n - 1n, 2n ** 64n - 1n],
  ])('is answered with the return value of its script: %s', async (_, script, expected) => {
    const { client } = await scripted({ commands: { x: script } });
    expect(await client.execute('x', { x: 1 })).toEqual(expected);
    await client.disconnect();
  });

  it.each<[string, Script, Partial<ErrorReply['error']>]>([
    ['a constant', new CommandFailure('locked'), { class: 'GenericError', desc: 'locked' }],
    ['with a class', new CommandFailure('gone', 'DeviceNotFound'), { class: 'DeviceNotFound' }],
    ['returned', () => new CommandFailure('later'), { desc: 'later' }],
    ['thrown', thrower(new CommandFailure('x', 'Y')), { class: 'Y', desc: 'x' }],
    [
      'thrown as another error',
      thrower(new Error('bare')),
      { class: 'GenericError', desc: 'bare' },
    ],
    ['thrown as a string', thrower('text'), { class: 'GenericError', desc: 'text' }],
    ['rejected', () => Promise.reject(new Error('late')), { desc: 'late' }],
  ])('is answered with the failure of its script: %s', async (_, script, error) => {
    const { client } = await scripted({ commands: { x: script } });
    const failure = await rejection(client.execute('x'));
    expect(failure).toBeInstanceOf(ExecuteError);
    if (error.desc !== undefined) expect(failure).toHaveProperty('description', error.desc);
    if (error.class !== undefined) expect(failure).toHaveProperty('errorClass', error.class);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
  });

  it('without a script is not found', async () => {
    const { client } = await scripted();
    for (const name of ['x', 'toString', '__proto__', '']) {
      expect(await rejection(client.execute(name))).toMatchObject({
        errorClass: 'CommandNotFound',
        description: `The command ${name} has not been found`,
      });
    }
    await client.disconnect();
  });

  it('overrides a built-in one of the same name', async () => {
    const { client } = await scripted({ commands: { 'query-name': { name: 'mine' } } });
    expect(await client.execute('query-name')).toEqual({ name: 'mine' });
    const names = (await client.execute('query-commands')).map(({ name }) => name);
    expect(names.filter((name) => name === 'query-name')).toHaveLength(1);
    await client.disconnect();
  });

  it('is answered in order in-band, and ahead of others out-of-band', async () => {
    const answer = gate();
    const order: string[] = [];
    const { client } = await scripted({
      commands: { slow: () => answer.opened.then(() => 'slow'), fast: 'fast' },
    });
    const slow = client.execute('slow').then(() => order.push('slow'));
    const fast = client.execute('fast').then(() => order.push('fast'));
    await client.execute('fast', undefined, { oob: true });
    expect(await hasSettled(Promise.race([slow, fast]))).toBe(false);
    answer.open();
    await Promise.all([slow, fast]);
    expect(order).toEqual(['slow', 'fast']);
    await client.disconnect();
  });
});

describe('the built-in machine', () => {
  it('runs, stops and quits, with the events of QEMU', async () => {
    const { client } = await scripted();
    const events = client.events();
    expect(await client.execute('query-status')).toMatchObject({ running: false });
    await client.execute('cont');
    await client.execute('cont');
    expect(await client.execute('query-status')).toMatchObject({ status: 'running' });
    await client.execute('stop');
    await client.execute('quit');
    expect(await namesOf(events, 3)).toEqual(['RESUME', 'STOP', 'SHUTDOWN']);
    expect((await client.closed).cause).toBeUndefined();
    expect(await events.next()).toMatchObject({ done: true });
  });

  it('has the same version in its greeting and in query-version', async () => {
    const { client } = await scripted();
    const version = await client.execute('query-version');
    expect(client.greeting).toEqual({ QMP: { version, capabilities: ['oob'] } });
    expect(await client.execute('query-yank', undefined, { oob: true })).toEqual([]);
    await client.disconnect();
  });
});

describe('a session', () => {
  it('is recorded: every command, with those of the negotiation', async () => {
    const { client, server } = await scripted();
    await client.execute('stop');
    await client.execute('query-yank', {}, { oob: true });
    const id: unknown = expect.any(Number);
    expect(server.received).toEqual([
      { execute: 'qmp_capabilities', arguments: { enable: ['oob'] }, id },
      { execute: 'stop' },
      { 'exec-oob': 'query-yank', arguments: {}, id },
    ]);
    await client.disconnect();
  });

  it('gets the events that are emitted, with data and timestamp', async () => {
    const { client, server } = await scripted();
    const events = client.events();
    server.emit('RESET', { guest: true, reason: 'guest-reset' });
    server.emit('STOP');
    const [reset, stop] = [await events.next(), await events.next()];
    const number: unknown = expect.any(Number);
    const timestamp = { seconds: number, microseconds: number };
    const data = { guest: true, reason: 'guest-reset' };
    expect(reset.value).toEqual({ event: 'RESET', data, timestamp });
    expect(stop.value).toEqual({ event: 'STOP', timestamp });
    await client.disconnect();
  });

  it('can be pretty-printed', async () => {
    const { client, server } = await scripted({
      pretty: true,
      commands: { big: () => ({ n: 2n ** 64n - 1n }), text: 'a\n{"b": 1}' },
    });
    const stopped = client.waitFor('STOP');
    server.emit('STOP');
    await stopped;
    expect(await client.execute('big')).toEqual({ n: 2n ** 64n - 1n });
    expect(await client.execute('text')).toBe('a\n{"b": 1}');
    await client.disconnect();
    const raw = await dialRaw(await addressOfPretty());
    expect(await raw.until('}\r\n')).toMatch(/^\{\n {4}"QMP": \{\n/);
    raw.socket.destroy();
  });

  it('rejects commands before the negotiation, and goes on', async () => {
    const server = createServer();
    const raw = await dialRaw(await server.listen());
    expect(await raw.until('\r\n')).toContain('"QMP"');
    raw.socket.write('{"execute":"stop","id":1}');
    const refusal = JSON.parse(await raw.until('\r\n')) as ErrorReply;
    expect(refusal).toMatchObject({ error: { class: 'CommandNotFound' }, id: 1 });
    expect(refusal.error.desc).toContain('qmp_capabilities');
    raw.socket.write('{"execute":"qmp_capabilities","id":{"a":2}}{"execute":"query-name"}');
    const replies = await raw.until('\r\n', 2);
    expect(replies).toBe('{"return":{},"id":{"a":2}}\r\n{"return":{}}\r\n');
    raw.socket.write('{"execute":"qmp_capabilities","id":3}');
    expect(await raw.until('\r\n')).toContain('already complete');
    raw.socket.destroy();
  });

  it('can reject the negotiation, by a script for qmp_capabilities', async () => {
    const server = createServer({
      commands: { qmp_capabilities: new CommandFailure('no', 'GenericError') },
    });
    const client = createClient();
    expect(await rejection(client.connect(await server.listen()))).toMatchObject({
      retryable: false,
      cause: { code: 'ERR_QMP_NEGOTIATION', description: 'no' },
    });
  });

  it('is not affected by events that were emitted before it', async () => {
    const server = createServer();
    server.emit('STOP');
    const address = await server.listen();
    server.emit('STOP');
    const client = createClient();
    await client.connect(address);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
  });
});

/** Starts a pretty-printing server; resolves with its address. */
async function addressOfPretty() {
  return createServer({ pretty: true }).listen();
}

function thrower(value: unknown): () => never {
  return () => {
    throw value;
  };
}
