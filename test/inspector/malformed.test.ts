/** Malformed messages from a program affect neither the inspector nor other messages. */

import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { closeCode, startTestInspector, openWebSocket, handled } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import {
  type AnyMessage,
  event,
  introduction,
  openProgram,
  registration,
  state,
  stop,
  FakeProgram,
} from './fake-program.ts';

expectIdleAfterEach();

const LONG = 'x'.repeat(1_000_000);
const without = (message: AnyMessage, key: string): AnyMessage =>
  Object.fromEntries(Object.entries(message).filter(([name]) => name !== key));

/** Malformed messages, and the problem that each is reported as. */
const MALFORMED: readonly (readonly [string, object | string, RegExp])[] = [
  ['nothing', '', /it is not JSON$/],
  ['text', 'hello', /it is not JSON$/],
  ['truncated JSON', '{"type":"service.stop"', /it is not JSON$/],
  ['an array', [registration('x:1')], /it is not a JSON object$/],
  ['a number', '5', /it is not a JSON object$/],
  ['null', 'null', /it is not a JSON object$/],
  ['no type', {}, /its 'type' is not a string/],
  ['a type that is not a string', { type: ['service.stop'] }, /its 'type' is not a string/],
  ['a type of 1 MB', { type: `service.${LONG}` }, /its 'type' is not a string/],
  ['no session id', without(registration('x:1'), 'sessionId'), /its 'sessionId' is not a string/],
  [
    'a session id that is a number',
    registration('x:1', { sessionId: 5 }),
    /its 'sessionId' is not a string/,
  ],
  ['a session id of 1 MB', registration(LONG), /its 'sessionId' is not a string/],
  ['a name that is not a string', registration('x:1', { id: {} }), /its 'id' is not a string/],
  ['a name of 1 MB', registration('x:1', { id: LONG }), /its 'id' is not a string/],
  [
    'a parent that is not a string',
    registration('x:1', { parent: 5 }),
    /its 'parent' is not a string/,
  ],
  ['a parent of 1 MB', registration('x:1', { parent: LONG }), /its 'parent' is not a string/],
  ['no machine', without(registration('x:1'), 'machine'), /was ignored: ./],
  ['a machine that is not JSON', registration('x:1', { machine: '{' }), /was ignored: ./],
  ['a machine that is null', registration('x:1', { machine: 'null' }), /was ignored: ./],
  ['a machine that is an object', registration('x:1', { machine: { id: 'm' } }), /was ignored: ./],
  ['no state', without(registration('x:1'), 'state'), /was ignored: ./],
  ['a state that is not JSON', registration('x:1', { state: 'open' }), /was ignored: ./],
  ['a state that is null', registration('x:1', { state: 'null' }), /was ignored: ./],
  ['a state without an event', registration('x:1', { state: '{"value":"a"}' }), /was ignored: ./],
  [
    'a state with an event without a name',
    registration('x:1', { state: '{"value":"a","_event":{"data":{}}}' }),
    /its 'name' is not a string/,
  ],
  ['an event that is not JSON', { ...event('x:0', 'E'), event: 'E' }, /was ignored: ./],
  [
    'an event that is null',
    { ...event('x:0', 'E'), event: 'null' },
    /its 'event' is not an SCXML event$/,
  ],
  [
    'an event that is a string',
    { ...event('x:0', 'E'), event: '"E"' },
    /its 'event' is not an SCXML event$/,
  ],
  ['an event without a name', { ...event('x:0', 'E'), event: '{}' }, /its 'name' is not a string/],
  [
    'an event with a number for a name',
    event('x:0', 'E', { name: 5 }),
    /its 'name' is not a string/,
  ],
  ['an event with a name of 1 MB', event('x:0', LONG), /its 'name' is not a string/],
  ['a next state that is not JSON', { ...state('x:0', 'open'), state: '{' }, /was ignored: ./],
  [
    'a wire message without an actor',
    { type: 'wirechart.message', text: 'x' },
    /its 'sessionId' is not a string/,
  ],
  ['a program without a name', introduction({ name: 5 }), /its 'name' is not a string/],
];

/** Valid messages of unknown types or for unknown actors. */
const UNKNOWN: readonly (readonly [string, object])[] = [
  ['an event', { type: 'x' }],
  ['a future type', { type: 'wirechart.future', text: 'x' }],
  ['a future service message', { type: 'service.future', sessionId: 'x:0' }],
  ["an inspector's command", { type: 'xstate.inspecting' }],
  ['an event of an unknown actor', event('x:9', 'E')],
  ['a state of an unknown actor', state('x:9', 'open')],
  ['a stop of an unknown actor', stop('x:9')],
  [
    'a wire message of an unknown actor',
    { type: 'wirechart.message', sessionId: 'x:9', text: 'x' },
  ],
];

describe('a malformed message', () => {
  it.each(MALFORMED)(
    'is reported as a problem, without another effect: %s',
    async (_, bad, problem) => {
      const inspector = await startTestInspector();
      const page = await openFakePage(inspector);
      const program = await openProgram(inspector, {}, [registration('x:0')]);
      program.send(bad, event('x:0', 'AFTER'));
      await page.until((it) => it.of('event').length > 0);
      expect(page.summaryOf({ id: 'p1/x:0' })).toEqual(['start', 'event AFTER']);
      const [report, ...others] = page.of('problem');
      expect([report?.actor, others]).toEqual(['p1', []]);
      expect(report?.text).toMatch(problem);
      expect(report?.size).toBeLessThan(1_000);
      expect([...page.actors.keys()]).toEqual(['p1/x:0']);
      expect(page.programs.get('p1')).toMatchObject({ name: 'program', source: 'live' });
    },
  );

  it.each(UNKNOWN)('is ignored when it is only unknown: %s', async (_, unknown) => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    program.send(unknown, event('x:0', 'AFTER'));
    await page.until((it) => it.of('event').length > 0);
    expect(page.entries.map(({ kind }) => kind)).toEqual(['start', 'event']);
  });

  it('is reported twenty times per program', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const [one, other] = [await openProgram(inspector), await openProgram(inspector)];
    for (let times = 0; times < 30; times += 1) one.send('garbage');
    await one.handled();
    other.send('garbage');
    await page.until((it) => it.entries.some(({ actor }) => actor === 'p2'));
    expect(page.of('problem', { id: 'p1' })).toHaveLength(20);
  });

  it('is reported with a text of bounded length', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector);
    program.send({ type: 'wirechart.problem', text: LONG, at: 7 }, { type: 'wirechart.problem' });
    await page.until((it) => it.of('problem').length === 2);
    expect(page.of('problem')).toMatchObject([{ at: 7, text: LONG.slice(0, 1_000) }, { text: '' }]);
  });

  it('does not displace valid messages from the history', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    for (let times = 0; times < 8; times += 1) program.send('x'.repeat(15_000_000));
    program.send(event('x:0', 'AFTER'));
    await program.handled();
    const page = await openFakePage(inspector);
    await page.until((it) => it.of('event').length > 0);
    expect(page.summaryOf({ id: 'p1/x:0' })).toEqual(['start', 'event AFTER']);
  });

  it('can be the first message', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    for (const first of ['garbage', '{"type":"wirechart.program"', '[]', '']) {
      const program = new FakeProgram(await openWebSocket(inspector, '/program'));
      program.send(first, registration('x:0', { id: `after ${first}` }));
      await page.actor(`after ${first}`);
    }
    expect(page.programs.size).toBe(4);
  });
});

describe('a binary frame', () => {
  it('is ignored', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    program.socket.send(Buffer.from(JSON.stringify(registration('x:1'))));
    program.socket.send(Buffer.from([0, 255, 254]));
    program.send(event('x:0', 'AFTER'));
    await page.until((it) => it.of('event').length > 0);
    expect(page.entries.map(({ kind }) => kind)).toEqual(['start', 'event']);
  });
});

describe('a frame that is too long', () => {
  it('ends only its own connection', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const [long, other] = [
      await openProgram(inspector),
      await openProgram(inspector, { name: 'other' }),
    ];
    const ended = closeCode(long.socket);
    long.send(`"${'x'.repeat(16 * 1024 * 1024)}"`);
    expect(await ended).toBe(1009);
    await page.until(({ programs }) => programs.get('p1')?.source === 'disconnected');
    other.send(registration('x:0', { id: 'alive' }));
    await page.actor('alive');
    await handled(other.socket);
  });

  it('also ends the connection of a page or a receiver', async () => {
    const inspector = await startTestInspector();
    for (const path of ['/viewer', '/receiver']) {
      const socket = await openWebSocket(inspector, path);
      const ended = closeCode(socket);
      socket.send('x'.repeat(16 * 1024 * 1024 + 1));
      expect(await ended).toBe(1009);
    }
    await openFakePage(inspector);
  });

  it('is not one of half the limit', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector);
    program.send(registration('x:0'), event('x:0', 'E', { data: 'x'.repeat(8 * 1024 * 1024) }));
    await page.until((it) => it.of('event').length > 0);
    expect(page.of('event')[0]?.data).toHaveLength(8 * 1024 * 1024);
  });
});

describe('names with a meaning in JavaScript', () => {
  const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', ''];

  it.each(NAMES)('are ordinary names: %s', async (name) => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const value = `{"${name}":{"polluted":"yes"}}`;
    const states = `{"${name}":{"states":{"polluted":{}}},"a":{}}`;
    const machine = `{"id":"m","initial":"a","states":${states},"on":{"${name}":"a"}}`;
    const text = `{"value":${value},"context":${value},"_event":{"name":"${name}","data":${value}}}`;
    const wirechart: unknown = JSON.parse(`{"at":1,"status":"active","${name}":{"polluted":1}}`);
    const program = await openProgram(inspector, { instance: name }, [
      registration(name, { id: name, machine, state: text, wirechart }),
    ]);
    program.send(event(name, name, { origin: name }), { ...state(name, ''), state: text });
    program.send(stop(name));
    const id = `p1/${name}`;
    await page.until((it) => it.of('stop').length > 0);
    expect(page.entries.map(({ kind, actor }) => [kind, actor])).toEqual([
      ...[
        ['start', id],
        ['event', id],
        ['state', id],
        ['stop', id],
      ],
    ]);
    expect(JSON.stringify(page.of('state')[0]?.state.value)).toBe(value);
    expect(page.of('event')[0]).toMatchObject({ name, origin: id });
    const { chart } = await page.actor(name);
    page.send({ type: 'chart', id: chart });
    await page.until(({ charts }) => charts.has(chart));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
