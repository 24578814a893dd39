/** A scripted server that repeats a recorded session. */

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/index.ts';
import { recordTo } from '../../src/inspect/index.ts';
import { job, ScriptError, ScriptedQmpServer } from '../../src/testing/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { createClient, createServer, namesOf } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';

expectIdleAfterEach();

const GREETING =
  '< {"QMP":{"version":{"qemu":{"major":9,"minor":1,"micro":2},"package":"p"},"capabilities":["oob"]}}';
const NEGOTIATION = ['> {"execute":"qmp_capabilities"}', '< {"return":{}}'];

const event = (name: string, data?: object): string =>
  `< ${JSON.stringify({ event: name, data, timestamp: { seconds: 1, microseconds: 2 } })}`;

const STOPPING = [
  '# A transcript, as a test has it in a file.',
  GREETING,
  ...NEGOTIATION,
  event('NIC_RX_FILTER_CHANGED', { path: '/' }),
  '> {"execute":"query-status"}',
  '< {"return":{"status":"running","running":true}}',
  '',
  '> {"execute":"device_del","arguments":{"id":"disk0"}}',
  '< {"error":{"class":"DeviceNotFound","desc":"Device \'disk0\' not found"}}',
  '> {"execute":"stop"}',
  event('STOP'),
  '< {"return":{}}',
  event('RESUME'),
].join('\n');

/** Starts a server that replays, and a client. */
async function replaying(replay: string, options: object = {}) {
  const server = createServer({ replay, ...options });
  const client = createClient();
  const events = client.events();
  await client.connect(await server.listen());
  return { server, client, events };
}

describe('a transcript', () => {
  it('is repeated: greeting, replies, errors, and events where they were', async () => {
    const { server, client, events } = await replaying(STOPPING);
    expect(client.greeting?.QMP.version.qemu).toEqual({ major: 9, minor: 1, micro: 2 });
    expect(await namesOf(events, 1)).toEqual(['NIC_RX_FILTER_CHANGED']);
    expect(await client.execute('query-status')).toEqual({ status: 'running', running: true });
    expect(await rejection(client.execute('device_del', { id: 'disk0' }))).toMatchObject({
      errorClass: 'DeviceNotFound',
      description: "Device 'disk0' not found",
    });
    const stopped = events.next();
    expect(await hasSettled(stopped)).toBe(false);
    await client.execute('stop');
    expect((await stopped).value).toMatchObject({ event: 'STOP', timestamp: { seconds: 1 } });
    expect(await namesOf(events, 1)).toEqual(['RESUME']);
    await server.done();
    await client.disconnect();
  });

  it('answers commands that are sent together as those that were sent one by one', async () => {
    const { server, client } = await replaying(STOPPING);
    const [status, failure, stopped] = await Promise.allSettled([
      client.execute('query-status'),
      client.execute('device_del', { id: 'disk0' }),
      client.execute('stop'),
    ]);
    expect([status.status, failure.status, stopped.status]).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    await server.done();
    await client.disconnect();
  });

  it('of commands that were sent together is repeated one by one', async () => {
    const { server, client } = await replaying(
      [
        GREETING,
        ...NEGOTIATION,
        '--> {"execute":"a","id":1}',
        '--> {"exec-oob":"b","id":2}',
        '--> {"execute":"c","id":3}',
        '<-- {"return":"b","id":2}',
        '<-- {"return":"a","id":1}',
        '<-- {"return":18446744073709551615,"id":3}',
      ].join('\r\n'),
    );
    expect(await client.execute('a')).toBe('a');
    expect(await client.execute('c')).toBe(2n ** 64n - 1n);
    expect(await client.execute('b', undefined, { oob: true })).toBe('b');
    await server.done();
    await client.disconnect();
  });

  it('gives way to the scripts of commands', async () => {
    const { server, client } = await replaying(STOPPING, {
      commands: { device_del: {}, 'blockdev-backup': job() },
    });
    await client.execute('query-status');
    const backup = { device: 'a', target: 'b', sync: 'full' } as const;
    expect(await client.job('blockdev-backup', backup)).toMatchObject({ fraction: 1 });
    expect(await client.execute('device_del', { id: 'other' })).toEqual({});
    await client.execute('stop');
    await server.done();
    await client.disconnect();
  });
});

describe('a command that is not the recorded one', () => {
  it.each<[string, string, object | undefined, string]>([
    [
      'another command',
      'stop',
      undefined,
      "Next in the recording is { execute: 'query-status' } (line 6), but the server received { execute: 'stop' }.",
    ],
    [
      'other arguments',
      'query-status',
      { x: 1 },
      "Next in the recording is { execute: 'query-status' } (line 6), but the server received " +
        "{ execute: 'query-status', arguments: { x: 1 } }.",
    ],
  ])('fails, and is a failure of the test: %s', async (_, name, args, text) => {
    const { server, client } = await replaying(STOPPING);
    expect(await rejection(client.execute(name, args))).toMatchObject({ description: text });
    const failure = await rejection(server.done());
    expect(failure).toBeInstanceOf(ScriptError);
    expect(failure).toMatchObject({ message: text, expected: { execute: 'query-status' } });
    await client.disconnect();
  });

  it('may come after the last one', async () => {
    const { server, client } = await replaying([GREETING, ...NEGOTIATION].join('\n'));
    const text = "The recording has only 0 commands, but the server received { execute: 'x' }.";
    expect(await rejection(client.execute('x'))).toMatchObject({ description: text });
    expect(await rejection(server.done())).toEqual(expect.objectContaining({ message: text }));
    await client.disconnect();
  });

  it('that never came is a failure of done()', async () => {
    const { server, client } = await replaying(STOPPING);
    await client.execute('query-status');
    expect(await rejection(server.done())).toEqual(
      new ScriptError(
        "The recording has 2 more of its 3 commands: next is { execute: 'device_del', arguments: { id: 'disk0' } } (line 9).",
      ),
    );
    await client.disconnect();
  });
});

describe('several sessions', () => {
  const one = [GREETING, ...NEGOTIATION, '> {"execute":"x"}', '< {"return":1}'];
  const two = [GREETING, ...NEGOTIATION, '> {"execute":"x"}', '< {"return":2}'];

  it('are repeated one after the other, and the last one again', async () => {
    const server = createServer({ replay: [...one, ...two].join('\n') });
    const client = createClient();
    for (const expected of [1, 2, 2]) {
      await client.connect(await server.listen());
      expect(await client.execute('x')).toBe(expected);
      await client.disconnect();
    }
    await server.done();
  });
});

describe('a session that ended before a reply', () => {
  it('leaves the command without a reply', async () => {
    const { client } = await replaying(
      [GREETING, ...NEGOTIATION, '> {"execute":"x"}', event('STOP')].join('\n'),
    );
    const stopped = client.waitFor('STOP');
    const silent = rejection(client.execute('x'));
    await stopped;
    expect(await hasSettled(silent)).toBe(false);
    await client.disconnect();
    await silent;
  });
});

describe('a recording of recordTo()', () => {
  /** Records a session with these commands. */
  async function record(
    commands: Readonly<Record<string, null | string | object>>,
    args: object = {},
  ): Promise<string> {
    const path = `${await tempDir()}/session.jsonl`;
    const recording = recordTo(path, { wire: true });
    const server = createServer({ commands: commands as never });
    const client = createClient({ inspect: recording.inspect });
    await client.connect(await server.listen());
    for (const name of Object.keys(commands)) await client.execute(name, args);
    server.emit('RESET', { guest: true });
    await client.waitFor('RESET', undefined, { timeout: 5_000 });
    await client.disconnect();
    await recording.close();
    await server.close();
    return readFile(path, 'utf8');
  }

  it('is repeated', async () => {
    const replay = await record({ 'query-block': [{ device: 'cd0' }], big: { n: 2n ** 64n - 1n } });
    const { server, client, events } = await replaying(replay);
    expect(await client.execute('query-block', {})).toEqual([{ device: 'cd0' }]);
    expect(await client.execute('big', {})).toEqual({ n: 2n ** 64n - 1n });
    expect(await namesOf(events, 1)).toEqual(['RESET']);
    await server.done();
    await client.disconnect();
  });

  it('accepts any secret where the recording hides one', async () => {
    const replay = await record({ set_password: {} }, { protocol: 'vnc', password: 'hunter2' });
    expect(replay).not.toContain('hunter2');
    const { server, client } = await replaying(replay);
    await client.execute('set_password', { protocol: 'vnc', password: 'another' });
    await server.done();
    await client.disconnect();
  });

  it('says which reply is not complete in it', async () => {
    const replay = await record({ 'query-qmp-schema': 'x'.repeat(10_000) });
    const { server, client } = await replaying(replay);
    expect(await rejection(client.execute('query-qmp-schema', {}))).toHaveProperty(
      'description',
      expect.stringMatching(
        /^Line \d+ of the recording has only the beginning of the reply to 'query-qmp-schema'\. Give the command a script, or use a transcript\.$/,
      ),
    );
    expect(await rejection(server.done())).toBeInstanceOf(ScriptError);
    await client.disconnect();
    const scripted = await replaying(replay, { commands: { 'query-qmp-schema': [] } });
    expect(await scripted.client.execute('query-qmp-schema', {})).toEqual([]);
    await scripted.client.disconnect();
  });

  it('recognises a long command by its name', async () => {
    const long = { text: 'x'.repeat(10_000) };
    const { server, client } = await replaying(await record({ store: {} }, long));
    await client.execute('store', long);
    await server.done();
    await client.disconnect();
  });
});

describe('the option replay', () => {
  it.each<[string, string]>([
    ['', 'replay has no messages: pass the text of a recording'],
    ['hello', 'Line 1 of replay is neither a line of recordTo() nor "> {…}" nor "< {…}"'],
    ['> {"x":', 'Line 1 of replay has no JSON object'],
    ['\n< {"return":1}', 'Line 2 of replay is the reply to a command that is not in the recording'],
    [
      '{"type":"wirechart.message","sessionId":"x:1","direction":"in","text":"{}","bytes":2,"skipped":3,"at":1}',
      'Line 1 of replay comes after 3 messages that were left out, because there were too many',
    ],
    ['{"type":"wirechart.program"}', 'replay has no messages'],
    ['{"a":1}', 'Line 1 of replay is neither'],
  ])('is checked: %j', (replay, text) => {
    const create = (): unknown => new ScriptedQmpServer({ replay });
    expect(create).toThrow(ArgumentError);
    expect(create).toThrow(text);
  });
});
