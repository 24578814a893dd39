/** Reports to a running inspector. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { ArgumentError, lines, streamPair } from '../../src/index.ts';
import { inspectTo } from '../../src/inspect/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { report, startFakeInspector } from './inspectors.ts';
import { keepAlive } from './support.ts';

expectIdleAfterEach();

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

const STARTED = ['register lamp off', 'event lamp xstate.init', 'state lamp off'];

describe('a reporting program', () => {
  it('connects to the path for programs, without its token', async () => {
    const inspector = await startFakeInspector();
    report(inspector.url);
    expect((await inspector.nextConnection()).url).toBe('/program');
  });

  it.each([
    ['ws', (url: string) => url.replace('http:', 'ws:')],
    ['a fragment', (url: string) => `${url}#machine`],
    ['another path', (url: string) => url.replace('/?', '/page?')],
  ])('accepts a URL with %s', async (_, change) => {
    const inspector = await startFakeInspector();
    report(change(inspector.url));
    expect((await inspector.nextConnection()).url).toBe('/program');
  });

  it('introduces itself first', async () => {
    const inspector = await startFakeInspector();
    const before = Date.now();
    const { inspect } = report(inspector.url, { name: 'cellar' });
    createActor(lamp, { id: 'lamp', inspect }).start();
    const connection = await inspector.nextConnection();
    await connection.received('state lamp off');
    const [first] = connection.messages;
    expect(first).toMatchObject({
      type: 'wirechart.program',
      version: 1,
      name: 'cellar',
      pid: process.pid,
      control: false,
    });
    expect(first?.type === 'wirechart.program' && first.instance).toMatch(/^[\da-f-]{36}$/);
    expect(first?.type === 'wirechart.program' && first.at).toBeGreaterThan(before - 10_000);
  });

  it('is named after its main file by default', async () => {
    const inspector = await startFakeInspector();
    report(inspector.url, { control: true });
    const connection = await inspector.nextConnection();
    await connection.until(({ messages }) => messages.length > 0);
    const { name, control } = connection.last('wirechart.program');
    expect(process.argv[1]?.endsWith(name)).toBe(true);
    expect(control).toBe(true);
  });

  it('sends what happened before it was connected, and then what happens', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url, { name: 'p' });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    actor.send({ type: 'TOGGLE' });
    const connection = await inspector.nextConnection();
    await connection.received('state lamp on');
    actor.stop();
    await connection.received('stop lamp');
    expect(connection.summary).toEqual([
      'program p',
      ...STARTED,
      'event lamp TOGGLE',
      'state lamp on',
      'state lamp on (stopped)',
      'stop lamp',
    ]);
  });

  it('keeps five thousand messages for the first connection, and then sends the current states', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url, { name: 'p' });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    for (let at = 0; at < 4_001; at += 1) actor.send({ type: 'TOGGLE' });
    const connection = await inspector.nextConnection();
    await connection.until(({ lines }) => lines.length > 5_000);
    actor.stop();
    await connection.received('stop lamp');
    expect(connection.summary.slice(5_001)).toEqual([
      'problem The inspector was too slow; it missed 3005 messages',
      'register lamp on',
      'state lamp on (stopped)',
      'stop lamp',
    ]);
  });

  it('replaces the values that must not leave it', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url, {
      sanitize: (key, value) => (key === 'pin' ? '…' : value),
    });
    createActor(createMachine({ context: { pin: 'hush' } }), { id: 'm', inspect }).start();
    const connection = await inspector.nextConnection();
    await connection.received('state m {}');
    expect(connection.lines.join()).not.toContain('hush');
  });
});

describe('an inspector', () => {
  it('gets all actors when it asks for them', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url, { name: 'p' });
    const actor = keepAlive(createActor(lamp, { id: 'lamp' })).start();
    inspect.attach(actor);
    const connection = await inspector.nextConnection();
    await connection.received('register lamp off');
    connection.send({ type: 'xstate.inspecting' });
    await connection.until(({ summary }) => summary.length > 2);
    expect(connection.summary).toEqual(['program p', 'register lamp off', 'register lamp off']);
  });

  it('sends events to an actor when the program allows control', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url, { control: true });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const connection = await inspector.nextConnection();
    connection.sendEvent(actor.sessionId, 'TOGGLE');
    await connection.received('state lamp on');
    expect(actor.getSnapshot().value).toBe('on');
  });

  it('can watch, but sends no events, when the program has not allowed control', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url);
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const connection = await inspector.nextConnection();
    await connection.received('state lamp off');
    connection.clear();
    connection.sendEvent(actor.sessionId, 'TOGGLE');
    connection.send({ type: 'xstate.inspecting' });
    await connection.until(({ lines }) => lines.length > 1);
    expect(connection.summary).toEqual([
      'problem The program refused an event: it takes none from an inspector without `control: true` of inspectTo()',
      'register lamp off',
    ]);
    expect(actor.getSnapshot().value).toBe('off');
  });

  it('gets the messages of protocols while it asks for them', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url);
    const protocol = createProtocol({ codec: lines() }, { name: 'vm1', inspect });
    const [near, far] = streamPair();
    far.resume().on('end', () => far.end());
    await protocol.connect({ stream: near });
    const connection = await inspector.nextConnection();
    const settled = async () => {
      connection.clear();
      connection.send({ type: 'xstate.inspecting' });
      await connection.until(({ summary }) =>
        summary.some((line) => line.startsWith('register vm1')),
      );
    };
    await protocol.send('hidden');
    connection.send({ type: 'wirechart.wire', on: true });
    await settled();
    await protocol.send('shown');
    await connection.until((all) => all.of('wirechart.message').length > 0);
    expect(connection.last('wirechart.message')).toMatchObject({ direction: 'out', text: 'shown' });
    connection.send({ type: 'wirechart.wire', on: false });
    await settled();
    await protocol.send('hidden');
    await protocol.disconnect();
    await connection.until(({ summary }) =>
      summary.some((line) => line.includes('CLOSED') || line.endsWith('IDLE')),
    );
    expect(connection.of('wirechart.message')).toEqual([]);
  });

  it.each<[string, string]>([
    ['truncated JSON', '{"type":'],
    ['null', 'null'],
    ['a number', '5'],
    ['no type', '{}'],
    ['another type', '{"type":"service.stop"}'],
    ['a wire command without `on`', '{"type":"wirechart.wire"}'],
    ['an event that is not a string', '{"type":"xstate.event","event":{}}'],
    ['deep nesting', '['.repeat(100_000)],
  ])('is ignored when its command is invalid: %s', async (_, text) => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url, { control: true });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const connection = await inspector.nextConnection();
    connection.websocket.send(text);
    connection.websocket.send(Buffer.from('{"type":"xstate.inspecting"}')); // Binary.
    connection.sendEvent(actor.sessionId, 'TOGGLE');
    await connection.received('state lamp on');
    expect(connection.summary.slice(1)).toEqual([...STARTED, 'event lamp TOGGLE', 'state lamp on']);
    expect(inspector.connections).toHaveLength(1);
  });

  it('is told when its event is malformed', async () => {
    const inspector = await startFakeInspector();
    report(inspector.url, { control: true });
    const connection = await inspector.nextConnection();
    connection.send({ type: 'xstate.event', event: '{}', service: 'x:0' });
    await connection.until((all) => all.of('wirechart.problem').length > 0);
    expect(connection.last('wirechart.problem').text).toContain('is not an SCXML event');
  });
});

describe('a URL that cannot be that of an inspector', () => {
  const TOKEN = `?token=${'x'.repeat(22)}`;

  it.each(['', 'nonsense', '127.0.0.1:4444', 'https://127.0.0.1/', 'file:///tmp', 'unix:/run/x'])(
    'is an ArgumentError: %j',
    async (url) => {
      expect(() => inspectTo(url)).toThrow(ArgumentError);
      expect(() => inspectTo(url)).toThrow(`'${url}' is not the URL of an inspector`);
      await turn();
    },
  );

  it.each([
    ['a token that is too short', `unix:/run/x?token=${'x'.repeat(21)}`],
    ['no path', `unix:${TOKEN}`],
    ['a directory', `unix:/${TOKEN}`],
    ['a relative path', `unix:run/x${TOKEN}`],
    ['a host', `unix://host/run/x${TOKEN}`],
    ['an escape that is no character of a path', `unix:/run/%2Fx${TOKEN}`],
    ['an escape that is broken', `unix:/run/%zz${TOKEN}`],
  ])('is an ArgumentError for a UNIX socket with %s', (_, url) => {
    expect(() => inspectTo(url)).toThrow(ArgumentError);
    expect(() => inspectTo(url)).toThrow('?…');
    expect(() => inspectTo(url)).not.toThrow('xxxx');
  });

  it('is named without its token', () => {
    const inspecting = () => inspectTo('https://127.0.0.1:4444/?token=PLANTED');
    expect(inspecting).toThrow("'https://127.0.0.1:4444/?…' is not the URL of an inspector");
    expect(inspecting).not.toThrow('PLANTED');
  });
});
