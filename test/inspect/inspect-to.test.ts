/** The way to an inspector that is there. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { ArgumentError, lines, streamPair } from '../../src/index.ts';
import { inspectTo } from '../../src/inspect/index.ts';
import { createProtocol, expectHomeAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { report, startInspector } from './inspectors.ts';
import { held } from './support.ts';

expectHomeAfterEach();

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

const FIRST_STEPS = ['register lamp off', 'event lamp xstate.init', 'state lamp off'];

describe('a program that reports', () => {
  it('comes to the place for programs, with its token', async () => {
    const inspector = await startInspector();
    report(inspector.url);
    expect((await inspector.next()).url).toBe('/program?token=abc');
  });

  it.each([
    ['ws', (url: string) => url.replace('http:', 'ws:')],
    ['a fragment', (url: string) => `${url}#machine`],
    ['another place', (url: string) => url.replace('/?', '/page?')],
  ])('may be given a URL with %s', async (_, change) => {
    const inspector = await startInspector();
    report(change(inspector.url));
    expect((await inspector.next()).url).toBe('/program?token=abc');
  });

  it('introduces itself before anything else', async () => {
    const inspector = await startInspector();
    const before = Date.now();
    const { inspect } = report(inspector.url, { name: 'cellar' });
    createActor(lamp, { id: 'lamp', inspect }).start();
    const visit = await inspector.next();
    await visit.tells('state lamp off');
    const [first] = visit.messages;
    expect(first).toMatchObject({
      type: 'wirechart.program',
      version: 1,
      name: 'cellar',
      pid: process.pid,
      control: true,
    });
    expect(first?.type === 'wirechart.program' && first.instance).toMatch(/^[\da-f-]{36}$/);
    expect(first?.type === 'wirechart.program' && first.at).toBeGreaterThan(before - 10_000);
  });

  it('is called as its main file where it has no name', async () => {
    const inspector = await startInspector();
    report(inspector.url, { control: false });
    const visit = await inspector.next();
    await visit.until(({ messages }) => messages.length > 0);
    const { name, control } = visit.last('wirechart.program');
    expect(process.argv[1]?.endsWith(name)).toBe(true);
    expect(control).toBe(false);
  });

  it('tells what happened before it was connected, and then what happens', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url, { name: 'p' });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    actor.send({ type: 'TOGGLE' });
    const visit = await inspector.next();
    await visit.tells('state lamp on');
    actor.stop();
    await visit.tells('stop lamp');
    expect(visit.story).toEqual([
      'program p',
      ...FIRST_STEPS,
      'event lamp TOGGLE',
      'state lamp on',
      'state lamp on (stopped)',
      'stop lamp',
    ]);
  });

  it('keeps five thousand messages for the first connection, and then tells what there is', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url, { name: 'p' });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    for (let at = 0; at < 4_001; at += 1) actor.send({ type: 'TOGGLE' });
    const visit = await inspector.next();
    await visit.until(({ lines }) => lines.length > 5_000);
    actor.stop();
    await visit.tells('stop lamp');
    expect(visit.story.slice(5_001)).toEqual([
      'problem The inspector was too slow; it missed 3005 messages',
      'register lamp on',
      'state lamp on (stopped)',
      'stop lamp',
    ]);
  });

  it('replaces what must not leave it', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url, {
      sanitize: (key, value) => (key === 'pin' ? '…' : value),
    });
    createActor(createMachine({ context: { pin: 'hush' } }), { id: 'm', inspect }).start();
    const visit = await inspector.next();
    await visit.tells('state m {}');
    expect(visit.lines.join()).not.toContain('hush');
  });
});

describe('an inspector', () => {
  it('is told of all actors when somebody begins to watch', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url, { name: 'p' });
    const actor = held(createActor(lamp, { id: 'lamp' })).start();
    inspect.attach(actor);
    const visit = await inspector.next();
    await visit.tells('register lamp off');
    visit.say({ type: 'xstate.inspecting' });
    await visit.until(({ story }) => story.length > 2);
    expect(visit.story).toEqual(['program p', 'register lamp off', 'register lamp off']);
  });

  it('drives an actor by events', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url);
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const visit = await inspector.next();
    visit.sendEvent(actor.sessionId, 'TOGGLE');
    await visit.tells('state lamp on');
    expect(actor.getSnapshot().value).toBe('on');
  });

  it('drives nothing where the program does not want it, but may look', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url, { control: false });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const visit = await inspector.next();
    await visit.tells('state lamp off');
    visit.forget();
    visit.sendEvent(actor.sessionId, 'TOGGLE');
    visit.say({ type: 'xstate.inspecting' });
    await visit.until(({ lines }) => lines.length > 0);
    expect(visit.story).toEqual(['register lamp off']);
    expect(actor.getSnapshot().value).toBe('off');
  });

  it('is shown the messages of protocols while it wants to see them', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url, { control: false });
    const protocol = createProtocol({ codec: lines() }, { name: 'vm1', inspect });
    const [near, far] = streamPair();
    far.resume().on('end', () => far.end());
    await protocol.connect({ stream: near });
    const visit = await inspector.next();
    const settled = async () => {
      visit.forget();
      visit.say({ type: 'xstate.inspecting' });
      await visit.until(({ story }) => story.some((line) => line.startsWith('register vm1')));
    };
    await protocol.send('unseen');
    visit.say({ type: 'wirechart.wire', on: true });
    await settled();
    await protocol.send('seen');
    await visit.until((all) => all.of('wirechart.message').length > 0);
    expect(visit.last('wirechart.message')).toMatchObject({ direction: 'out', text: 'seen' });
    visit.say({ type: 'wirechart.wire', on: false });
    await settled();
    await protocol.send('unseen');
    await protocol.disconnect();
    await visit.until(({ story }) =>
      story.some((line) => line.includes('CLOSED') || line.endsWith('IDLE')),
    );
    expect(visit.of('wirechart.message')).toEqual([]);
  });

  it.each<[string, string]>([
    ['no JSON', '{"type":'],
    ['null', 'null'],
    ['a number', '5'],
    ['no type', '{}'],
    ['another type', '{"type":"service.stop"}'],
    ['a switch without a position', '{"type":"wirechart.wire"}'],
    ['an event that is no text', '{"type":"xstate.event","event":{}}'],
    ['deep nesting', '['.repeat(100_000)],
  ])('may say nonsense, which is ignored: %s', async (_, text) => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url);
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const visit = await inspector.next();
    visit.websocket.send(text);
    visit.websocket.send(Buffer.from('{"type":"xstate.inspecting"}')); // Binary.
    visit.sendEvent(actor.sessionId, 'TOGGLE');
    await visit.tells('state lamp on');
    expect(visit.story.slice(1)).toEqual([...FIRST_STEPS, 'event lamp TOGGLE', 'state lamp on']);
    expect(inspector.visits).toHaveLength(1);
  });

  it('is told of an event that cannot be one', async () => {
    const inspector = await startInspector();
    report(inspector.url);
    const visit = await inspector.next();
    visit.say({ type: 'xstate.event', event: '{}', service: 'x:0' });
    await visit.until((all) => all.of('wirechart.problem').length > 0);
    expect(visit.last('wirechart.problem').text).toContain('is no event');
  });
});

describe('an address that is none of an inspector', () => {
  it.each(['', 'nonsense', '127.0.0.1:4444', 'https://127.0.0.1/', 'file:///tmp', 'unix:/run/x'])(
    'is an ArgumentError: %j',
    async (url) => {
      expect(() => inspectTo(url)).toThrow(ArgumentError);
      expect(() => inspectTo(url)).toThrow(`'${url}' is not the URL of an inspector`);
      await turn();
    },
  );
});
