/** Programs that report: many at once, gone, and back again. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import type { Inspector } from '../../inspector/src/index.ts';
import { inspectTo, type Inspection, type InspectOptions } from '../../src/inspect/index.ts';
import { cleanUp, expectHomeAfterEach } from '../support/cleanup.ts';
import { begin, inspector, open, portOf, taken, withToken } from './clients.ts';
import { openPage, type Page } from './page.ts';
import { startProgram } from './process.ts';
import { event, introduction, openTeller, registration, state, stop, Teller } from './teller.ts';

expectHomeAfterEach();

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { OPEN: 'open' } },
    open: { on: { CLOSE: 'closed', REMOVE: 'gone' } },
    gone: { type: 'final' },
  },
});

/** A report of this very program. */
function report(to: Inspector, options: InspectOptions = {}): Inspection {
  const inspection = inspectTo(to.url, { name: 'here', ...options });
  cleanUp(() => inspection.close());
  return inspection;
}

function startDoor(inspection: Inspection, id: string) {
  const actor = createActor(door, { id });
  inspection.inspect.attach(actor);
  actor.start();
  cleanUp(() => actor.stop());
  return actor;
}

describe('several programs', () => {
  it('never collide, though their actors have the same ids', async () => {
    const here = await inspector({ control: true });
    const page = await openPage(here);
    const children = await Promise.all([startProgram(here, 'one'), startProgram(here, 'other')]);
    const mine = startDoor(report(here), 'mine');
    const doors = await Promise.all(['one', 'other', 'mine'].map((name) => page.actor(name)));
    // Each of them is the first actor of its process, or one like it.
    const [first, second] = doors.map(({ id }) => id.slice(id.indexOf('/')));
    expect(first).toBe(second);
    expect(new Set(doors.map(({ program }) => program)).size).toBe(3);
    const pids = ['one', 'other', 'here'].map(async (name) => (await page.program(name)).pid);
    expect(await Promise.all(pids)).toEqual([...children.map(({ pid }) => pid), process.pid]);
    const [one, other, ours] = doors;
    page.say({ type: 'send', actor: other?.id ?? '', event: { type: 'OPEN' } });
    await page.until((it) =>
      it.of('state', other).some(({ state: { value } }) => value === 'open'),
    );
    mine.send({ type: 'OPEN' });
    await page.until((it) => it.of('state', ours).some(({ state: { value } }) => value === 'open'));
    expect(page.entries.filter(({ actor }) => actor === one?.id).at(-1)).not.toMatchObject({
      state: { value: 'open' },
    });
    await Promise.all(children.map((child) => child.end()));
    for (const name of ['one', 'other']) {
      const { id } = await page.program(name);
      await page.until(({ programs }) => programs.get(id)?.source === 'gone');
    }
    expect(await page.program('here')).toMatchObject({ source: 'live' });
  });

  it('may report twice each, and then the one report knows nothing of the other', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const facts = { instance: randomUUID() };
    const one = await openTeller(here, facts, [registration('x:0', { id: 'first' })]);
    const other = await openTeller(here, facts, [registration('x:1', { id: 'second' })]);
    const first = await page.actor('first');
    const second = await page.actor('second');
    other.say(event('x:1', 'E'));
    one.say(event('x:0', 'E'));
    await other.taken();
    one.socket.close();
    await page.until(({ programs }) => programs.get(first.program)?.source === 'gone');
    other.say(event('x:1', 'F'));
    await page.until((it) => it.of('event').length === 3);
    expect(page.programs.get(second.program)?.source).toBe('live');
    expect(page.storyOf(first)).toEqual(['start', 'event E']);
    expect(page.storyOf(second)).toEqual(['start', 'event E', 'event F']);
  });
});

describe('a program that has lost its connection', () => {
  /** It was there, with a door and a window, and is gone. */
  async function goneProgram(): Promise<{ here: Inspector; page: Page; instance: string }> {
    const here = await inspector();
    const page = await openPage(here);
    const instance = randomUUID();
    const teller = await openTeller(here, { instance }, [registration('x:0'), registration('x:1')]);
    teller.say(state('x:0', 'open'));
    await page.until((it) => it.of('state').length === 1);
    expect(page.programs.get('p1')?.source).toBe('live');
    teller.socket.terminate();
    await page.until(({ programs }) => programs.get('p1')?.source === 'gone');
    expect(page.entries.map(({ kind }) => kind)).toEqual(['start', 'start', 'state']);
    return { here, page, instance };
  }

  it('is the same when it is back, as are its actors that still live; others have ended', async () => {
    const { here, page, instance } = await goneProgram();
    const told = [registration('x:1'), registration('x:2')];
    await openTeller(here, { instance, name: 'again' }, told);
    await page.until((it) => it.of('stop').length > 0 && it.programs.get('p1')?.source === 'live');
    expect([...page.programs.values()]).toMatchObject([{ id: 'p1', name: 'again' }]);
    expect(page.storyOf({ id: 'p1/x:0' })).toEqual(['start', 'state open', 'stop']);
    expect(page.storyOf({ id: 'p1/x:1' })).toEqual(['start', 'state closed']);
    expect(page.storyOf({ id: 'p1/x:2' })).toEqual(['start']);
    expect(page.actors.size).toBe(3);
  });

  it('may have no actors any more, and nothing to say', async () => {
    const { here, page, instance } = await goneProgram();
    await openTeller(here, { instance });
    await page.until((it) => it.of('stop').length === 2);
    expect(page.of('stop').map(({ actor }) => actor)).toEqual(['p1/x:0', 'p1/x:1']);
  });

  it('is told of what it has done since, after what it has lost', async () => {
    const { here, page, instance } = await goneProgram();
    await openTeller(here, { instance }, [registration('x:1'), event('x:1', 'E'), stop('x:1')]);
    await page.until((it) => it.of('stop').length === 2);
    expect(page.storyOf({ id: 'p1/x:1' })).toEqual(['start', 'state closed', 'event E', 'stop']);
  });

  it('may lose it again before it has told what there is', async () => {
    const { here, page, instance } = await goneProgram();
    const hasty = new Teller(begin(here, withToken('/program'), { autoPong: false }));
    await once(hasty.socket, 'open');
    hasty.say(introduction({ instance, name: 'hasty' }));
    await page.program('hasty');
    hasty.socket.terminate();
    await page.until(({ programs }) => programs.get('p1')?.source === 'gone');
    await openTeller(here, { instance }, [registration('x:0')]);
    await page.until((it) => it.of('stop').length > 0);
    expect(page.storyOf({ id: 'p1/x:0' })).toEqual(['start', 'state open', 'state closed']);
    expect(page.storyOf({ id: 'p1/x:1' })).toEqual(['start', 'stop']);
  });

  it('is another program when another run of it comes', async () => {
    const { here, page } = await goneProgram();
    await openTeller(here, {}, [registration('x:0')]);
    await page.until(({ actors }) => actors.has('p2/x:0'));
    expect([...page.programs.values()].map(({ source }) => source)).toEqual(['gone', 'live']);
    expect(page.of('stop')).toEqual([]);
  });
});

describe('an inspector that is started anew on its port', () => {
  it('is told of everything again, with the present states', async () => {
    const first = await inspector();
    const inspection = report(first);
    const [front, back] = [startDoor(inspection, 'front'), startDoor(inspection, 'back')];
    const page = await openPage(first);
    front.send({ type: 'OPEN' });
    const before = await page.actor('front');
    await page.until((it) => it.of('state', before).at(-1)?.state.value === 'open');
    await first.close();
    back.stop();
    const second = await inspector({ port: portOf(first) });
    const again = await openPage(second);
    const after = await again.actor('front');
    expect(after.base).toMatchObject({ value: 'open', status: 'active' });
    expect(await again.program('here')).toMatchObject({ source: 'live', pid: process.pid });
    front.send({ type: 'CLOSE' });
    await again.until((it) => it.of('state', after).at(-1)?.state.value === 'closed');
    expect([...again.actors.values()].map(({ name }) => name)).toEqual(['front']);
  });
});

describe('a plain service of @xstate/inspect', () => {
  const machine = JSON.stringify({ id: 'light', initial: 'green', states: { green: {}, red: {} } });
  const green = JSON.stringify({ value: 'green', _event: { name: 'xstate.init' } });
  const plain = { type: 'service.register', machine, state: green, sessionId: 'x:0' };

  it('is shown, though it does not introduce itself', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = new Teller(await open(here, '/program'));
    teller.say({ ...plain, id: 'lamp' });
    teller.say({
      type: 'service.event',
      sessionId: 'x:0',
      event: '{"name":"T","data":{"type":"T"}}',
    });
    const red = { value: 'red', context: { n: 1 }, done: true, _event: { name: 'T' } };
    teller.say({ type: 'service.state', sessionId: 'x:0', state: JSON.stringify(red) });
    teller.say({ type: 'service.stop', sessionId: 'x:0' });
    await page.until((it) => it.of('stop').length > 0);
    const lamp = await page.actor('lamp');
    expect(lamp).toMatchObject({ kind: 'machine', base: { value: 'green', status: 'active' } });
    expect(page.storyOf(lamp)).toEqual(['start', 'event T', 'state red (done)', 'stop']);
    expect(page.of('state')[0]?.state).toMatchObject({ context: { n: 1 }, event: 'T' });
    for (const { at } of page.entries) expect(Math.abs(at - Date.now())).toBeLessThan(20_000);
    expect(page.programs.get('p1')).toMatchObject({ name: 'p1', pid: 0, control: false });
  });

  it('has the name of its machine where it says no other, as when it is asked what there is', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = new Teller(await open(here, '/program'));
    teller.say(plain);
    await page.actor('light');
    expect(page.of('problem')).toEqual([]);
  });

  it('may have a machine that XState 4 warns of, without a word on the console', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    cleanUp(() => {
      warn.mockRestore();
    });
    const here = await inspector();
    const page = await openPage(here);
    const teller = new Teller(await open(here, '/program'));
    const states = { green: { on: { '': 'red' }, parallel: true }, red: {} };
    const odd = JSON.stringify({ id: 'odd', initial: 'green', states, onDone: 'red' });
    teller.say({ ...plain, machine: odd });
    const { chart: id } = await page.actor('odd');
    page.say({ type: 'chart', id });
    await page.until(({ charts }) => charts.has(id));
    expect(page.charts.get(id)).toMatchObject({ id });
    expect(warn).not.toHaveBeenCalled();
    console.warn('heard');
    expect(warn).toHaveBeenCalledOnce();
  });

  it('is asked what there is, and is another one the next time', async () => {
    const here = await inspector();
    const page = await openPage(here);
    for (const count of [1, 2]) {
      const teller = new Teller(await open(here, '/program'));
      teller.say(plain);
      await taken(teller.socket);
      expect(teller.commands).toEqual([{ type: 'xstate.inspecting' }]);
      teller.socket.close();
      await page.until(({ programs }) => programs.get(`p${String(count)}`)?.source === 'gone');
    }
    expect([...page.actors.keys()]).toEqual(['p1/x:0', 'p2/x:0']);
  });
});
