/** Programs that do not say what they should harm neither the inspector nor what others say. */

import { describe, expect, it } from 'vitest';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { closing, inspector, open, taken } from './clients.ts';
import { openPage } from './page.ts';
import {
  type Command,
  event,
  introduction,
  openTeller,
  registration,
  state,
  stop,
  Teller,
} from './teller.ts';

expectHomeAfterEach();

const LONG = 'x'.repeat(1_000_000);
const without = (message: Command, key: string): Command =>
  Object.fromEntries(Object.entries(message).filter(([name]) => name !== key));

/** What is not understood, and is complained of. */
const BAD: readonly (readonly [string, object | string, RegExp])[] = [
  ['nothing', '', /it is no JSON$/],
  ['no JSON', 'hello', /it is no JSON$/],
  ['half of it', '{"type":"service.stop"', /it is no JSON$/],
  ['an array', [registration('x:1')], /it is no JSON object$/],
  ['a number', '5', /it is no JSON object$/],
  ['null', 'null', /it is no JSON object$/],
  ['no type', {}, /its type is no name$/],
  ['a type that is no text', { type: ['service.stop'] }, /its type is no name$/],
  ['a type of 1 MB', { type: `service.${LONG}` }, /its type is no name$/],
  ['no session id', without(registration('x:1'), 'sessionId'), /its sessionId is no name$/],
  [
    'a session id that is a number',
    registration('x:1', { sessionId: 5 }),
    /its sessionId is no name$/,
  ],
  ['a session id of 1 MB', registration(LONG), /its sessionId is no name$/],
  ['a name that is no text', registration('x:1', { id: {} }), /its id is no name$/],
  ['a name of 1 MB', registration('x:1', { id: LONG }), /its id is no name$/],
  ['a parent that is no text', registration('x:1', { parent: 5 }), /its parent is no name$/],
  ['a parent of 1 MB', registration('x:1', { parent: LONG }), /its parent is no name$/],
  ['no machine', without(registration('x:1'), 'machine'), /not understood: ./],
  ['a machine that is no JSON', registration('x:1', { machine: '{' }), /not understood: ./],
  ['a machine that is none', registration('x:1', { machine: 'null' }), /not understood: ./],
  [
    'a machine that is an object',
    registration('x:1', { machine: { id: 'm' } }),
    /not understood: ./,
  ],
  ['no state', without(registration('x:1'), 'state'), /not understood: ./],
  ['a state that is no JSON', registration('x:1', { state: 'open' }), /not understood: ./],
  ['a state that is null', registration('x:1', { state: 'null' }), /not understood: ./],
  [
    'a state without an event',
    registration('x:1', { state: '{"value":"a"}' }),
    /not understood: ./,
  ],
  [
    'a state with an event without a name',
    registration('x:1', { state: '{"value":"a","_event":{"data":{}}}' }),
    /its name is no name$/,
  ],
  ['an event that is no JSON', { ...event('x:0', 'E'), event: 'E' }, /not understood: ./],
  ['an event that is null', { ...event('x:0', 'E'), event: 'null' }, /its event is no event$/],
  ['an event that is a text', { ...event('x:0', 'E'), event: '"E"' }, /its event is no event$/],
  ['an event without a name', { ...event('x:0', 'E'), event: '{}' }, /its name is no name$/],
  ['an event with a number for a name', event('x:0', 'E', { name: 5 }), /its name is no name$/],
  ['an event with a name of 1 MB', event('x:0', LONG), /its name is no name$/],
  ['a next state that is no JSON', { ...state('x:0', 'open'), state: '{' }, /not understood: ./],
  ['a message of nobody', { type: 'wirechart.message', text: 'x' }, /its sessionId is no name$/],
  ['a program without a name', introduction({ name: 5 }), /its name is no name$/],
];

/** What is not known, and may well be said by somebody else's program. */
const UNKNOWN: readonly (readonly [string, object])[] = [
  ['an event', { type: 'x' }],
  ['a type of the future', { type: 'wirechart.future', text: 'x' }],
  ['a service message of the future', { type: 'service.future', sessionId: 'x:0' }],
  ["an inspector's command", { type: 'xstate.inspecting' }],
  ['an event of nobody', event('x:9', 'E')],
  ['a state of nobody', state('x:9', 'open')],
  ['a stop of nobody', stop('x:9')],
  ['a wire message of nobody', { type: 'wirechart.message', sessionId: 'x:9', text: 'x' }],
];

describe('what is not understood', () => {
  it.each(BAD)('is a problem, and no more: %s', async (_, bad, problem) => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here, {}, [registration('x:0')]);
    teller.say(bad, event('x:0', 'AFTER'));
    await page.until((it) => it.of('event').length > 0);
    expect(page.storyOf({ id: 'p1/x:0' })).toEqual(['start', 'event AFTER']);
    const [complaint, ...others] = page.of('problem');
    expect([complaint?.actor, others]).toEqual(['p1', []]);
    expect(complaint?.text).toMatch(problem);
    expect(complaint?.size).toBeLessThan(1_000);
    expect([...page.actors.keys()]).toEqual(['p1/x:0']);
    expect(page.programs.get('p1')).toMatchObject({ name: 'teller', source: 'live' });
  });

  it.each(UNKNOWN)('is nothing where it is only not known: %s', async (_, unknown) => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here, {}, [registration('x:0')]);
    teller.say(unknown, event('x:0', 'AFTER'));
    await page.until((it) => it.of('event').length > 0);
    expect(page.entries.map(({ kind }) => kind)).toEqual(['start', 'event']);
  });

  it('is complained of twenty times a program', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const [one, other] = [await openTeller(here), await openTeller(here)];
    for (let times = 0; times < 30; times += 1) one.say('garbage');
    await one.taken();
    other.say('garbage');
    await page.until((it) => it.entries.some(({ actor }) => actor === 'p2'));
    expect(page.of('problem', { id: 'p1' })).toHaveLength(20);
  });

  it('is complained of in a few words, however many the program has', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here);
    teller.say({ type: 'wirechart.problem', text: LONG, at: 7 }, { type: 'wirechart.problem' });
    await page.until((it) => it.of('problem').length === 2);
    expect(page.of('problem')).toMatchObject([{ at: 7, text: LONG.slice(0, 1_000) }, { text: '' }]);
  });

  it('does not push what was understood out of what is kept', async () => {
    const here = await inspector();
    const teller = await openTeller(here, {}, [registration('x:0')]);
    for (let times = 0; times < 8; times += 1) teller.say('x'.repeat(15_000_000));
    teller.say(event('x:0', 'AFTER'));
    await teller.taken();
    const page = await openPage(here);
    await page.until((it) => it.of('event').length > 0);
    expect(page.storyOf({ id: 'p1/x:0' })).toEqual(['start', 'event AFTER']);
  });

  it('may be the very first message', async () => {
    const here = await inspector();
    const page = await openPage(here);
    for (const first of ['garbage', '{"type":"wirechart.program"', '[]', '']) {
      const teller = new Teller(await open(here, '/program'));
      teller.say(first, registration('x:0', { id: `after ${first}` }));
      await page.actor(`after ${first}`);
    }
    expect(page.programs.size).toBe(4);
  });
});

describe('a binary frame', () => {
  it('is ignored, whatever is in it', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here, {}, [registration('x:0')]);
    teller.socket.send(Buffer.from(JSON.stringify(registration('x:1'))));
    teller.socket.send(Buffer.from([0, 255, 254]));
    teller.say(event('x:0', 'AFTER'));
    await page.until((it) => it.of('event').length > 0);
    expect(page.entries.map(({ kind }) => kind)).toEqual(['start', 'event']);
  });
});

describe('a frame that is too long', () => {
  it('ends the connection, and nothing else', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const [long, other] = [await openTeller(here), await openTeller(here, { name: 'other' })];
    const ended = closing(long.socket);
    long.say(`"${'x'.repeat(16 * 1024 * 1024)}"`);
    expect(await ended).toBe(1009);
    await page.until(({ programs }) => programs.get('p1')?.source === 'gone');
    other.say(registration('x:0', { id: 'alive' }));
    await page.actor('alive');
    await taken(other.socket);
  });

  it('ends that of a page and of a receiver as well', async () => {
    const here = await inspector();
    for (const path of ['/viewer', '/receiver']) {
      const socket = await open(here, path);
      const ended = closing(socket);
      socket.send('x'.repeat(16 * 1024 * 1024 + 1));
      expect(await ended).toBe(1009);
    }
    await openPage(here);
  });

  it('may be nearly as long', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here);
    teller.say(registration('x:0'), event('x:0', 'E', { data: 'x'.repeat(8 * 1024 * 1024) }));
    await page.until((it) => it.of('event').length > 0);
    expect(page.of('event')[0]?.data).toHaveLength(8 * 1024 * 1024);
  });
});

describe('names that mean something to JavaScript', () => {
  const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', ''];

  it.each(NAMES)('mean nothing here: %s', async (name) => {
    const here = await inspector();
    const page = await openPage(here);
    const value = `{"${name}":{"polluted":"yes"}}`;
    const states = `{"${name}":{"states":{"polluted":{}}},"a":{}}`;
    const machine = `{"id":"m","initial":"a","states":${states},"on":{"${name}":"a"}}`;
    const text = `{"value":${value},"context":${value},"_event":{"name":"${name}","data":${value}}}`;
    const wirechart: unknown = JSON.parse(`{"at":1,"status":"active","${name}":{"polluted":1}}`);
    const teller = await openTeller(here, { instance: name }, [
      registration(name, { id: name, machine, state: text, wirechart }),
    ]);
    teller.say(event(name, name, { origin: name }), { ...state(name, ''), state: text });
    teller.say(stop(name));
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
    page.say({ type: 'chart', id: chart });
    await page.until(({ charts }) => charts.has(chart));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
