/** Outbound commands: their bytes, ids, deadlines and signals, and commands that cannot be sent. */

import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ArgumentError, CodecError, StateError, TimeoutError } from '../../src/index.ts';
import type { QmpClient, QmpCommand } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { type ManualMonitor, createClient, session } from '../support/qmp.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

/** Executes `query-name`, to check that the session is still in RUNNING. */
async function expectAlive(client: QmpClient, monitor: ManualMonitor): Promise<void> {
  const named = client.execute('query-name');
  monitor.reply(await monitor.take(), { name: 'vm' });
  expect(await named).toEqual({ name: 'vm' });
  await client.disconnect();
}

describe('the bytes of a command', () => {
  it('are compact, and end with one newline', async () => {
    const { client, monitor } = await session();
    monitor.text = '';
    const done = client.execute('device_add', { driver: 'e1000', id: 'net 0' });
    const command = await monitor.take();
    expect(monitor.text).toBe(
      '{"execute":"device_add","arguments":{"driver":"e1000","id":"net 0"}}\n',
    );
    monitor.reply(command);
    await done;
    await client.disconnect();
  });

  it('are the same as those of JSON.stringify(), for any name and order', async () => {
    const { client, monitor } = await session();
    for (const name of ['stop', '"', 'stop', '\\', '\n€😀', '\ud800', '', 'stop']) {
      monitor.text = '';
      const done = client.execute(name);
      const { id } = await monitor.take();
      expect(monitor.text).toBe(`${JSON.stringify({ execute: name, id })}\n`);
      monitor.send({ return: {}, id });
      await done;
    }
    await client.disconnect();
  });

  it('have no newline before or after quit', async () => {
    const { client, monitor } = await session();
    monitor.text = '';
    const done = client.execute('quit');
    const { id } = await monitor.take();
    expect(monitor.text).toBe('{"execute":"quit"}');
    monitor.send({ return: {}, id });
    expect(await done).toEqual({});
    await client.disconnect();
  });

  it('have no newline after a quit with an id either', async () => {
    const { client, monitor } = await session();
    const done = Promise.all([client.execute('stop'), client.execute('quit')]);
    const commands = [await monitor.take(), await monitor.take()];
    expect(monitor.text.endsWith('{"execute":"stop"}\n{"execute":"quit","id":1}')).toBe(true);
    for (const command of commands) monitor.reply(command);
    await done;
    await client.disconnect();
  });

  it('have exec-oob for an out-of-band command', async () => {
    const { client, monitor } = await session();
    const done = client.execute('query-yank', undefined, { oob: true });
    const command = await monitor.take();
    expect(command).toEqual({ 'exec-oob': 'query-yank', id: command.id });
    monitor.reply(command, []);
    expect(await done).toEqual([]);
    await client.disconnect();
  });

  it('can be pipelined: 1000 commands, answered in reverse order', async () => {
    const { client, monitor } = await session({ limits: { maxInFlight: Infinity } });
    const numbers = Array.from({ length: 1000 }, (_, number) => number);
    const done = numbers.map((number) => client.execute('echo', { number }));
    const commands = [];
    for (const number of numbers) {
      const command = await monitor.take();
      expect(command.arguments).toEqual({ number });
      commands.push(command);
    }
    monitor.send(...commands.reverse().map(({ id, arguments: args }) => ({ return: args, id })));
    expect(await Promise.all(done)).toEqual(numbers.map((number) => ({ number })));
    await client.disconnect();
  });
});

describe('a command that cannot be sent', () => {
  it('outside RUNNING rejects with a StateError, and changes nothing', async () => {
    const client = createClient();
    const error = await rejection(client.execute('stop'));
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({ state: 'IDLE', required: 'RUNNING' });
    expect(await rejection(client.execute('quit'))).toBeInstanceOf(StateError);
    const { monitor } = await session(undefined, client);
    await client.disconnect();
    expect(await rejection(client.executeMessage({ execute: 'stop' }))).toBeInstanceOf(StateError);
    expect(monitor.text).not.toContain('stop');
  });

  it('in DISCONNECTING rejects with a StateError', async () => {
    const { client } = await session();
    const left = client.disconnect();
    expect(await rejection(client.execute('stop'))).toMatchObject({ state: 'DISCONNECTING' });
    await left;
  });

  it.each([
    ['a cycle', cycle()],
    ['a function', () => undefined],
    ['a toJSON that throws', { toJSON: () => JSON.parse('no') as unknown }],
  ])('with %s as arguments rejects with a CodecError; the session goes on', async (_, args) => {
    const { client, monitor } = await session();
    const done = client.execute('echo', args);
    const rejected = rejection(done);
    await turn();
    const settled = await hasSettled(rejected);
    if (!settled) await client.disconnect();
    expect(await rejected).toBeInstanceOf(CodecError);
    await expectAlive(client, monitor);
  });

  it('does not announce the end of the session when it is quit', async () => {
    const { client, monitor } = await session();
    const args = cycle() as Record<string, never>;
    expect(await rejection(client.execute('quit', args))).toBeInstanceOf(CodecError);
    monitor.peer.end();
    const { cause } = await client.closed;
    expect(cause).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('without a name rejects with an ArgumentError', async () => {
    const { client, monitor } = await session();
    const nameless = { arguments: {} } as unknown as QmpCommand;
    expect(await rejection(client.executeMessage(nameless))).toBeInstanceOf(ArgumentError);
    await expectAlive(client, monitor);
  });

  it.each([-1, NaN])('with the timeout %s rejects with an ArgumentError', async (timeout) => {
    const { client, monitor } = await session();
    const error = await rejection(client.execute('echo', {}, { timeout }));
    await client.disconnect();
    expect(error).toBeInstanceOf(ArgumentError);
    expect(monitor.text).not.toContain('echo');
  });

  it('with an aborted signal rejects with its reason', async () => {
    const { client, monitor } = await session();
    const reason = { because: 'I say so' };
    const signal = AbortSignal.abort(reason);
    expect(await rejection(client.execute('stop', undefined, { signal }))).toBe(reason);
    expect(monitor.text).not.toContain('stop');
    await expectAlive(client, monitor);
  });
});

describe('X-20 an abandoned command', () => {
  it('rejects with a TimeoutError at its deadline; its late reply is ignored', async () => {
    const clock = new SimulatedClock();
    const { logger, records } = recordingLogger();
    const { client, monitor } = await session({ clock, logger });
    const rejected = rejection(client.execute('migrate', { uri: 'x' }, { timeout: 100 }));
    const late = await monitor.take();
    clock.increment(99);
    expect(await hasSettled(rejected)).toBe(false);
    clock.increment(1);
    expect(await rejected).toBeInstanceOf(TimeoutError);
    expect(await rejected).toMatchObject({
      phase: 'execute',
      ms: 100,
      message: expect.stringContaining('migrate') as string,
    });
    monitor.reply(late);
    await expectAlive(client, monitor);
    expect(records.filter((record) => record.startsWith('warn'))).toEqual([]);
  });

  it('does not end the session by a late error reply', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock });
    const rejected = rejection(client.execute('migrate', { uri: 'x' }, { timeout: 100 }));
    const { id } = await monitor.take();
    clock.increment(100);
    await rejected;
    monitor.send({ error: { class: 'GenericError', desc: 'late' }, id });
    await expectAlive(client, monitor);
  });

  it('rejects with the reason of its signal; its late reply is ignored', async () => {
    const { logger, records } = recordingLogger();
    const { client, monitor } = await session({ logger });
    const controller = new AbortController();
    const { signal } = controller;
    const rejected = rejection(client.executeMessage({ execute: 'stop' }, { signal }));
    const late = await monitor.take();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await rejected).toBe(reason);
    monitor.reply(late);
    await expectAlive(client, monitor);
    expect(records.filter((record) => record.startsWith('warn'))).toEqual([]);
  });

  it('releases its timer and its signal when its reply arrives in time', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock });
    const controller = new AbortController();
    const done = client.execute('stop', {}, { timeout: 100, signal: controller.signal });
    monitor.reply(await monitor.take());
    expect(await done).toEqual({});
    clock.increment(1_000);
    controller.abort();
    await expectAlive(client, monitor);
  });

  it('is recognized among a thousand others', async () => {
    const { logger, records } = recordingLogger();
    const { client, monitor } = await session({ logger, limits: { maxInFlight: 1000 } });
    const controller = new AbortController();
    const { signal } = controller;
    setMaxListeners(0, signal);
    const commands = Array.from({ length: 1000 }, () => client.execute('stop', {}, { signal }));
    const rejected = Promise.allSettled(commands);
    const ids = [];
    while (ids.length < commands.length) ids.push((await monitor.take()).id);
    controller.abort();
    await rejected;
    monitor.send(...ids.map((id) => ({ return: {}, id })));
    await expectAlive(client, monitor);
    expect(records.filter((record) => record.startsWith('warn'))).toEqual([]);
  });
});

function cycle(): object {
  const self: { self?: object } = {};
  self.self = self;
  return self;
}
