/** Which commands have an id on the wire, and whose reply it is that has none. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { CodecError } from '../../src/index.ts';
import { ExecuteError, ServerParseError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { session } from '../support/qmp.ts';
import { rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const PARSE_ERROR = { class: 'GenericError', desc: 'JSON parse error, expecting value' };

describe('an in-band command', () => {
  it('has no id when it is alone in flight, and else the lowest free number', async () => {
    const { client, monitor } = await session();
    const done = ['a', 'b', 'c'].map((name) => client.execute(name));
    const [a, b, c] = [await monitor.take(), await monitor.take(), await monitor.take()];
    expect([a.id, b.id, c.id]).toEqual([undefined, 1, 2]);
    monitor.reply(b);
    await done[1];
    const next = client.execute('d');
    const d = await monitor.take();
    expect(d.id).toBe(1);
    for (const command of [a, c, d]) monitor.reply(command);
    await Promise.all([...done, next]);
    const alone = client.execute('e');
    const e = await monitor.take();
    expect(e).toEqual({ execute: 'e' });
    monitor.reply(e);
    await alone;
    await client.disconnect();
  });

  it('has an id while an earlier one that was given up is not answered, which keeps its own', async () => {
    const { logger, records } = recordingLogger();
    const { client, monitor } = await session({ logger });
    const controller = new AbortController();
    const { signal } = controller;
    const given = ['a', 'b'].map((name) => rejection(client.execute(name, {}, { signal })));
    const [a, b] = [await monitor.take(), await monitor.take()];
    controller.abort(new Error('enough'));
    await Promise.all(given);
    const done = client.execute('c');
    const c = await monitor.take();
    expect([a.id, b.id, c.id]).toEqual([undefined, 1, 2]);
    monitor.reply(a, 'late');
    monitor.reply(b, 'late');
    monitor.reply(c, 'own');
    expect(await done).toBe('own');
    const alone = client.execute('d');
    const d = await monitor.take();
    expect(d.id).toBeUndefined();
    monitor.reply(d);
    await alone;
    expect(records.filter((record) => record.startsWith('warn'))).toEqual([]);
    await client.disconnect();
  });

  it('does not get the reply without an id of one that was given up', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock });
    const late = rejection(client.execute('a', {}, { timeout: 5 }));
    const a = await monitor.take();
    clock.increment(5);
    await late;
    const done = client.execute('b');
    const b = await monitor.take();
    monitor.reply(a, 'late');
    monitor.reply(b, 'own');
    expect(await done).toBe('own');
    await client.disconnect();
  });

  it('always has an id when it is executed as a message', async () => {
    const { client, monitor } = await session();
    const done = client.executeMessage({ execute: 'a', id: 'mine' });
    const command = await monitor.take();
    expect(command.id).toBe(1);
    monitor.reply(command, 2);
    expect(await done).toEqual({ return: 2, id: 'mine' });
    await client.disconnect();
  });
});

describe('an out-of-band command', () => {
  it('always has an id that no reply to an earlier client has', async () => {
    const ids = new Set<number | undefined>();
    for (let round = 0; round < 3; round += 1) {
      const { client, monitor, negotiation } = await session();
      ids.add(negotiation.id);
      const done = client.execute('query-yank', undefined, { oob: true });
      const command = await monitor.take();
      ids.add(command.id);
      monitor.reply(command);
      await done;
      await client.disconnect();
    }
    expect(ids.size).toBe(6);
    for (const id of ids) expect(id).toBeGreaterThan(99_999_999);
  });
});

describe('an error without an id', () => {
  it('is that of the command without an id', async () => {
    const { client, monitor } = await session();
    const failed = rejection(client.execute('a'));
    await monitor.take();
    monitor.send({ error: { class: 'DeviceNotFound', desc: 'no such device' } });
    expect(await failed).toBeInstanceOf(ExecuteError);
    expect(await failed).toMatchObject({ command: 'a', errorClass: 'DeviceNotFound' });
    await client.disconnect();
  });

  it.each([
    PARSE_ERROR,
    { class: 'GenericError', desc: 'JSON nesting depth limit exceeded' },
    { class: 'JSONParsing', desc: 'Invalid JSON syntax' },
  ])('that says that the command could not be parsed rejects it alone: $desc', async (error) => {
    const { client, monitor } = await session();
    const failed = rejection(client.execute('a'));
    const other = client.execute('b');
    await monitor.take();
    monitor.send({ error });
    expect(await failed).toBeInstanceOf(ServerParseError);
    expect(await failed).toMatchObject({
      command: 'a',
      error,
      message: expect.stringContaining(`could not parse a: ${error.desc}`) as string,
    });
    monitor.reply(await monitor.take(), 2);
    expect(await other).toBe(2);
    expect(client.stats).toMatchObject({ commands: 2, commandsFailed: 1, commandsInFlight: 0 });
    await client.disconnect();
  });

  it('rejects the oldest command in flight, when all have ids', async () => {
    const { client, monitor } = await session();
    const first = client.execute('a');
    const failed = rejection(client.execute('b'));
    const last = client.execute('c');
    const [a, , c] = [await monitor.take(), await monitor.take(), await monitor.take()];
    monitor.reply(a);
    await first;
    monitor.send({ error: PARSE_ERROR });
    expect(await failed).toMatchObject({ code: 'ERR_QMP_SERVER_PARSE', command: 'b' });
    monitor.reply(c, 3);
    expect(await last).toBe(3);
    await client.disconnect();
  });

  it('is attributed to an out-of-band command that was sent before the in-band one', async () => {
    const { client, monitor } = await session();
    const failed = rejection(client.execute('oob', { x: '\ud800' }, { oob: true }));
    const other = client.execute('b');
    await monitor.take();
    const command = await monitor.take();
    monitor.send({ error: PARSE_ERROR });
    expect(await failed).toMatchObject({ code: 'ERR_QMP_SERVER_PARSE', command: 'oob' });
    monitor.reply(command, 2);
    expect(await other).toBe(2);
    await client.disconnect();
  });

  it('never gives a command the return value of another, when there are more than were expected', async () => {
    const { logger, records } = recordingLogger();
    const { client, monitor } = await session({ logger });
    const rejected = ['a', 'b'].map((name) => rejection(client.execute(name)));
    const [, b] = [await monitor.take(), await monitor.take()];
    monitor.send({ error: PARSE_ERROR }, { error: PARSE_ERROR });
    for (const error of await Promise.all(rejected)) expect(error).toBeInstanceOf(ServerParseError);
    const done = [client.execute('c'), client.execute('d')];
    const [c, d] = [await monitor.take(), await monitor.take()];
    expect([c.id, d.id]).toEqual([2, 3]);
    monitor.reply(b, 'executed all the same');
    monitor.send({ return: 'of a, which was executed, too' });
    monitor.reply(d, 'd');
    monitor.reply(c, 'c');
    expect(await Promise.all(done)).toEqual(['c', 'd']);
    expect(records.filter((record) => record.startsWith('warn'))).toHaveLength(2);
    await client.disconnect();
  });
});

describe('arguments that the parser of QEMU would execute in parts', () => {
  const nested = (levels: number) => {
    let value: object = {};
    for (let level = 1; level < levels; level += 1) value = [value];
    return { value };
  };

  it.each([
    ['more than 1024 levels', nested(1023), /1025 levels.*1024/s],
    ['more than 2097152 tokens', { value: Array(2 ** 20).fill(0) }, /\d{7} tokens.*2097152/s],
  ])('are refused, and nothing is sent: %s', async (_, args, text) => {
    const { client, monitor } = await session();
    const error = await rejection(client.execute('echo', args));
    expect(error).toBeInstanceOf(CodecError);
    expect(error).toHaveProperty('message', expect.stringMatching(text));
    const refused = await rejection(client.executeMessage({ execute: 'echo', arguments: args }));
    expect(refused).toBeInstanceOf(CodecError);
    const done = client.execute('next');
    const command = await monitor.take();
    expect(command).toEqual({ execute: 'next' });
    monitor.reply(command);
    await done;
    await client.disconnect();
  });

  it('are sent if they have brackets in strings only, or no more than 1024 levels', async () => {
    const { client, monitor } = await session();
    const texts = ['['.repeat(2000), '"['.repeat(2000), '\\"{'.repeat(2000), '\\\\'];
    for (const args of [{ texts }, nested(1022)]) {
      const done = client.execute('echo', args);
      await turn();
      // The monitor of the test is lost among brackets in strings.
      monitor.send({ return: {} });
      expect(await done).toEqual({});
    }
    await client.disconnect();
  });
});
