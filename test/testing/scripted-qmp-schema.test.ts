/** A scripted server that checks commands and events against a schema. */

import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/index.ts';
import { type SchemaInfo, ScriptError, ScriptedQmpServer } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createServer, scripted } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';
import { HAND_MADE_SCHEMA } from './hand-made-schema.ts';
import { commandOf, rawSession } from './support.ts';

expectIdleAfterEach();

const schema = HAND_MADE_SCHEMA;
const commands = { add: {}, 'disk-add': {}, device_add: {}, probe: null };

/** The reply to one command. */
async function replyTo(name: string, args?: object): Promise<string | undefined> {
  const server = createServer({ schema, commands });
  const { ask } = await rawSession(await server.listen());
  return (await ask(commandOf(name, args))).at(-1);
}

describe('the arguments of a command', () => {
  it.each<[string, object | undefined]>([
    ['add', { id: 'a' }],
    ['add', { id: 'a', disk: 'name', speed: 1.5, force: true, modes: ['on'] }],
    ['add', { id: 'a', disk: null, speed: 2 }],
    ['add', { id: 'a', disk: { kind: 'none' } }],
    ['add', { id: 'a', actions: [{ type: 'on', data: [1, { any: 'thing' }] }] }],
    ['disk-add', { kind: 'file', filename: 'x', size: 2 ** 40 }],
    ['device_add', { driver: 'virtio-blk', anything: 'else', addr: 4 }],
    ['add', { id: 'é\u0001' }],
  ])('that fit are accepted: %s %j', async (name, args) => {
    expect(await replyTo(name, args)).toBe('{}');
  });

  it.each<[string, object | undefined, string]>([
    ['add', undefined, "Parameter 'id' is missing"],
    ['add', {}, "Parameter 'id' is missing"],
    ['add', { id: 1 }, "Invalid parameter type for 'id', expected: string"],
    ['add', { id: null }, "Invalid parameter type for 'id', expected: string"],
    ['add', { id: 'a', x: 1 }, "Parameter 'x' is unexpected"],
    ['add', { x: 1 }, "Parameter 'id' is missing"],
    ['add', { id: 'a', speed: '1' }, "Invalid parameter type for 'speed', expected: number"],
    ['add', { id: 'a', force: 1 }, "Invalid parameter type for 'force', expected: boolean"],
    ['add', { id: 'a', modes: 'on' }, "Invalid parameter type for 'modes', expected: array"],
    ['add', { id: 'a', modes: [1] }, "Invalid parameter type for 'modes[0]', expected: string"],
    ['add', { id: 'a', modes: ['x'] }, "Parameter 'null' does not accept value 'x'"],
    [
      'add',
      { id: 'a', actions: [{ type: 'on' }, 1] },
      "Invalid parameter type for 'actions[1]', expected: object",
    ],
    ['add', { id: 'a', actions: [{ data: 1 }] }, "Parameter 'actions[0].type' is missing"],
    ['add', { id: 'a', actions: [{ type: 'x' }] }, "Parameter 'type' does not accept value 'x'"],
    [
      'add',
      { id: 'a', disk: 5 },
      "Invalid parameter type for 'disk', expected: string or object or null",
    ],
    ['add', { id: 'a', disk: {} }, "Parameter 'disk.kind' is missing"],
    ['add', { id: 'a', disk: { kind: 'file' } }, "Parameter 'disk.filename' is missing"],
    ['disk-add', { kind: 'ftp' }, "Parameter 'kind' does not accept value 'ftp'"],
    ['disk-add', { kind: 'nbd', server: {} }, "Parameter 'server.host' is missing"],
    ['disk-add', { kind: 'none', filename: 'x' }, "Parameter 'filename' is unexpected"],
    [
      'disk-add',
      { kind: 'none', size: 1.5 },
      "Invalid parameter type for 'size', expected: integer",
    ],
    [
      'disk-add',
      { kind: 'none', size: 1e30 },
      "Invalid parameter type for 'size', expected: integer",
    ],
    ['device_add', { bus: 'pci' }, "Parameter 'driver' is missing"],
    ['stop', { now: true }, "Parameter 'now' is unexpected"],
    ['toString', undefined, 'The command toString has not been found'],
    ['quit', undefined, 'The command quit has not been found'],
  ])('that do not fit are refused as QEMU does: %s %j', async (name, args, description) => {
    const errorClass = description.startsWith('The command') ? 'CommandNotFound' : 'GenericError';
    expect(await replyTo(name, args)).toBe(`${errorClass}: ${description}`);
  });

  it('may have integers up to 2^64-1', async () => {
    const { client } = await scripted({ schema, commands });
    await client.execute('disk-add', { kind: 'none', size: 2n ** 64n - 1n });
    expect(await rejection(client.execute('disk-add', { kind: 'none', size: 2n ** 64n }))).toEqual(
      expect.objectContaining({ errorClass: 'GenericError' }),
    );
    await client.disconnect();
  });

  it('are checked before the script is called', async () => {
    let calls = 0;
    const count = (): null => {
      calls += 1;
      return null;
    };
    const { client } = await scripted({ schema, commands: { add: count } });
    await rejection(client.execute('add', { id: 1 }));
    expect(calls).toBe(0);
    await client.disconnect();
  });
});

describe('a command of the schema', () => {
  it('is executed out-of-band only if the schema allows it', async () => {
    const { client } = await scripted({ schema, commands });
    expect(await client.execute('probe', undefined, { oob: true })).toBeNull();
    expect(await rejection(client.execute('stop', undefined, { oob: true }))).toMatchObject({
      errorClass: 'GenericError',
      description: 'The command stop does not support OOB',
    });
    await client.disconnect();
  });

  it('that has no answer fails with an error that says so', async () => {
    const { client } = await scripted({ schema });
    expect(await rejection(client.execute('query-disks'))).toMatchObject({
      errorClass: 'GenericError',
      description: 'The scripted server has no script for query-disks',
    });
    await client.disconnect();
  });

  it('that a strict server has no script for is a failure of the test, like one that QEMU does not have', async () => {
    const { client, server } = await scripted({ schema, strict: true });
    for (const name of ['query-disks', 'query-tapes']) {
      await rejection(client.execute(name));
      const text = `The server received { execute: '${name}' }, and no script is for it.`;
      expect(await rejection(server.done())).toHaveProperty('message', text);
    }
    await client.disconnect();
  });

  it('about the schema is answered from it', async () => {
    const { client } = await scripted({ schema });
    expect(await client.execute('query-qmp-schema')).toEqual(schema);
    const names = (await client.execute('query-commands')) as readonly { name: string }[];
    expect(names.map(({ name }) => name)).toEqual([
      'add',
      'disk-add',
      'query-disks',
      'device_add',
      'probe',
      'query-status',
      'query-version',
      'query-commands',
      'query-qmp-schema',
      'stop',
    ]);
    await client.disconnect();
  });
});

describe('query-version', () => {
  it('has the version of the greeting', async () => {
    const version = { qemu: { major: 9, minor: 1, micro: 2 }, package: 'mine' };
    const { client } = await scripted({ greeting: { QMP: { version, capabilities: [] } } });
    expect(await client.execute('query-version')).toEqual(version);
    await client.disconnect();
  });
});

describe('an event', () => {
  it('that fits is sent', async () => {
    const { client, server } = await scripted({ schema });
    const added = client.waitFor('DISK_ADDED');
    server.emit('DISK_ADDED', { id: 'a' });
    expect((await added).data).toEqual({ id: 'a' });
    await client.disconnect();
  });

  it.each<[string, object | undefined, string]>([
    ['DISK_ADED', { id: 'a' }, "The schema has no event 'DISK_ADED': did you mean 'DISK_ADDED'?"],
    ['X', undefined, "The schema has no event 'X'."],
    ['DISK_ADDED', undefined, "Member 'id' is missing."],
    ['DISK_ADDED', { id: 1 }, "Invalid member type for 'id', expected: string."],
    ['STOP', { why: 'x' }, "Member 'why' is unexpected."],
  ])('that does not fit is a ScriptError of emit(): %s %j', (event, data, text) => {
    const server = createServer({ schema });
    const emit = (): void => {
      server.emit(event, data as never);
    };
    expect(emit).toThrow(ScriptError);
    expect(emit).toThrow(`emit('${event}') does not fit the schema: ${text}`);
  });

  it('that a script emits and that does not fit is a failure of the test, too', async () => {
    const { client, server } = await scripted({
      schema,
      commands: {
        add: () => {
          server.emit('DISK_ADDED', {});
          return {};
        },
      },
    });
    expect(await rejection(client.execute('add', { id: 'a' }))).toMatchObject({
      errorClass: 'GenericError',
    });
    expect(await rejection(server.done())).toBeInstanceOf(ScriptError);
    await client.disconnect();
  });
});

describe('a return value of a script', () => {
  it('that does not fit is sent, and is a failure of the test', async () => {
    const { client, server } = await scripted({
      schema,
      commands: { 'query-disks': () => [{ kind: 'file' }] },
    });
    expect(await client.execute('query-disks')).toEqual([{ kind: 'file' }]);
    const failure = await rejection(server.done());
    expect(failure).toBeInstanceOf(ScriptError);
    expect(failure).toHaveProperty(
      'message',
      "The script of 'query-disks' returned [ { kind: 'file' } ], which the schema does not allow: " +
        "Member '[0].filename' is missing.",
    );
    await server.done();
    await client.disconnect();
  });
});

describe('the option schema', () => {
  it.each<[string, unknown]>([
    ['schema must be an array, not an object', {}],
    ['schema has an entry without name and meta-type: 1', [1]],
    [
      "schema has no type '7', which 'x' refers to",
      [{ name: 'x', 'meta-type': 'command', 'arg-type': '7' }],
    ],
  ])('is checked: %s', (text, given) => {
    const create = (): unknown => new ScriptedQmpServer({ schema: given as readonly SchemaInfo[] });
    expect(create).toThrow(ArgumentError);
    expect(create).toThrow(text);
  });

  it('refuses a script for a command that the schema does not have', () => {
    expect(() => new ScriptedQmpServer({ schema, commands: { 'query-disk': [] } })).toThrow(
      new ArgumentError(
        "commands has a script for 'query-disk', which the schema does not have: did you mean 'query-disks'?",
      ),
    );
  });

  it('may have types that contain themselves', async () => {
    const endless: readonly SchemaInfo[] = [
      { name: 'str', 'meta-type': 'builtin', 'json-type': 'string' },
      {
        name: 'node',
        'meta-type': 'object',
        members: [
          { name: 'name', type: 'str' },
          { name: 'child', type: 'node', default: null },
        ],
        tag: 'name',
        variants: [{ case: 'loop', type: 'node' }],
      },
      { name: 'add', 'meta-type': 'command', 'arg-type': 'node', 'ret-type': 'node' },
    ];
    const { client } = await scripted({ schema: endless, commands: { add: { name: 'x' } } });
    await client.execute('add', { name: 'loop', child: { name: 'a', child: { name: 'loop' } } });
    expect(
      await rejection(client.execute('add', { name: 'a', child: { name: 'b', child: {} } })),
    ).toMatchObject({
      description: "Parameter 'child.child.name' is missing",
    });
    await client.disconnect();
  });
});
