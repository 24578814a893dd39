/** `qmp.commands`: the commands as methods. */

import { inspect } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import { type AnyQapi, ExecuteError, QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach, track } from '../support/cleanup.ts';
import { createClient, session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** A client that has no session, and whose schema has no names. */
const idle = () => track(new QmpClient<AnyQapi>());

describe('a method of qmp.commands', () => {
  it('sends the command of its name, and resolves with the return value', async () => {
    const { client, monitor } = await session();
    const result = client.commands['query-status']();
    const command = await monitor.take();
    expect(command.execute).toBe('query-status');
    expect(command).not.toHaveProperty('arguments');
    monitor.reply(command, { running: true });
    expect(await result).toEqual({ running: true });
    await client.disconnect();
  });

  it('sends arguments, and passes options on', async () => {
    const { client, monitor } = await session();
    const args = { instances: [{ type: 'migration' as const }] };
    const result = client.commands.yank(args, { oob: true });
    const command = await monitor.take();
    expect(command).toMatchObject({ 'exec-oob': 'yank', arguments: args });
    monitor.reply(command);
    expect(await result).toEqual({});
    await client.disconnect();
  });

  it('can be taken out of the view', async () => {
    const { client, monitor } = await session();
    const { cont } = client.commands;
    const result = cont();
    const command = await monitor.take();
    expect(command.execute).toBe('cont');
    monitor.reply(command);
    await result;
    await client.disconnect();
  });

  it('rejects as execute() does', async () => {
    const { client, monitor } = await session();
    const error = rejection(client.commands.cont());
    const command = await monitor.take();
    monitor.send({ error: { class: 'GenericError', desc: 'not now' }, id: command.id });
    expect(await error).toBeInstanceOf(ExecuteError);
    expect(await error).toMatchObject({ command: 'cont' });
    await client.disconnect();
  });

  it('rejects, and does not throw, without a session', async () => {
    expect(await rejection(createClient().commands.cont())).toMatchObject({
      code: 'ERR_STATE',
      message: expect.stringContaining('cont was not sent') as string,
    });
  });
});

describe('a name that the schema does not have', () => {
  it.each(['x-mine', 'human_thing', '__com.redhat_drive-mirror', 'a1'])(
    'is a command: %s',
    async (name) => {
      const { commands } = idle();
      expect(name in commands).toBe(true);
      const error = await rejection(commands[name]?.() ?? Promise.resolve());
      expect(error).toMatchObject({ code: 'ERR_STATE' });
      expect(error).toHaveProperty('message', expect.stringContaining(name));
    },
  );

  it.each([
    ...['then', 'catch', 'finally', 'constructor', 'toString', 'toJSON', 'valueOf', 'nodeType'],
    ...['hasOwnProperty', 'asymmetricMatch', '$$typeof', '__proto__', '', '0', 'a b'],
  ])('is none if no command can have it: %j', (name) => {
    const { commands } = idle();
    expect(name in commands).toBe(false);
    expect(commands[name]).toBeUndefined();
  });
});

describe('the view', () => {
  test('is the same object each time, and of one client', () => {
    const [one, other] = [idle(), idle()];
    expect(one.commands === one.commands).toBe(true);
    expect(one.commands === other.commands).toBe(false);
  });

  test('can be the value of a promise', async () => {
    const { commands } = idle();
    expect((await Promise.resolve(commands)) === commands).toBe(true);
  });

  test('can be shown, converted and compared, and sends nothing', async () => {
    const { client, monitor } = await session();
    const { commands } = client;
    const shown = '<the commands of <QmpClient runstate=RUNNING>>';
    expect(inspect(commands)).toBe(shown);
    expect(inspect({ commands }, { depth: 5 })).toContain(shown);
    expect(Reflect.apply(String, undefined, [commands])).toBe(shown);
    expect(JSON.stringify({ commands })).toBe('{"commands":{}}');
    expect(Object.keys(commands)).toEqual([]);
    expect({ ...commands }).toEqual({});
    expect(Symbol.iterator in commands).toBe(false);
    expect(commands).toEqual(commands);
    const last = client.execute('query-name');
    const command = await monitor.take();
    expect(command.execute).toBe('query-name');
    monitor.reply(command);
    await last;
    await client.disconnect();
  });

  test('cannot be changed', () => {
    const commands: Record<string, unknown> = idle().commands;
    expect(() => (commands['cont'] = 1)).toThrow(TypeError);
    expect(() => delete commands['cont']).not.toThrow();
    expect(() => Object.defineProperty(commands, 'cont', { value: 1 })).toThrow(TypeError);
    expect(() => Object.setPrototypeOf(commands, {}) as unknown).toThrow(TypeError);
    expect(commands['cont']).toBeTypeOf('function');
  });
});
