/** Reporting programs: several at once, disconnecting and reconnecting. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import type { Inspector } from '../../inspector/src/index.ts';
import { inspectTo, type Inspection, type InspectOptions } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import {
  connectWebSocket,
  startTestInspector,
  openWebSocket,
  portOf,
  handled,
  withToken,
} from './clients.ts';
import { openFakePage, type FakePage } from './fake-page.ts';
import { startProgram } from './process.ts';
import {
  event,
  introduction,
  openProgram,
  registration,
  state,
  stop,
  FakeProgram,
} from './fake-program.ts';

expectIdleAfterEach();

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { OPEN: 'open' } },
    open: { on: { CLOSE: 'closed', REMOVE: 'gone' } },
    gone: { type: 'final' },
  },
});

/** Starts a report of the test itself. */
function report(to: Inspector, options: InspectOptions = {}): Inspection {
  const inspection = inspectTo(to.url, { name: 'test', ...options });
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
  it('are kept apart although their actors have the same ids', async () => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const children = await Promise.all([
      startProgram(inspector, 'one'),
      startProgram(inspector, 'other'),
    ]);
    const mine = startDoor(report(inspector), 'mine');
    const doors = await Promise.all(['one', 'other', 'mine'].map((name) => page.actor(name)));
    // In both children the door is the first actor.
    const [first, second] = doors.map(({ id }) => id.slice(id.indexOf('/')));
    expect(first).toBe(second);
    expect(new Set(doors.map(({ program }) => program)).size).toBe(3);
    const pids = ['one', 'other', 'test'].map(async (name) => (await page.program(name)).pid);
    expect(await Promise.all(pids)).toEqual([...children.map(({ pid }) => pid), process.pid]);
    const [one, other, ours] = doors;
    page.send({ type: 'send', actor: other?.id ?? '', event: { type: 'OPEN' } });
    await page.until((it) =>
      it.of('state', other).some(({ state: { value } }) => value === 'open'),
    );
    mine.send({ type: 'OPEN' });
    await page.until((it) => it.of('state', ours).some(({ state: { value } }) => value === 'open'));
    expect(page.entries.filter(({ actor }) => actor === one?.id).at(-1)).not.toMatchObject({
      state: { value: 'open' },
    });
    await Promise.all(children.map((child) => child.exit()));
    for (const name of ['one', 'other']) {
      const { id } = await page.program(name);
      await page.until(({ programs }) => programs.get(id)?.source === 'disconnected');
    }
    expect(await page.program('test')).toMatchObject({ source: 'live' });
  });

  it('are separate when one run makes two reports', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const facts = { instance: randomUUID() };
    const one = await openProgram(inspector, facts, [registration('x:0', { id: 'first' })]);
    const other = await openProgram(inspector, facts, [registration('x:1', { id: 'second' })]);
    const first = await page.actor('first');
    const second = await page.actor('second');
    other.send(event('x:1', 'E'));
    one.send(event('x:0', 'E'));
    await other.handled();
    one.socket.close();
    await page.until(({ programs }) => programs.get(first.program)?.source === 'disconnected');
    other.send(event('x:1', 'F'));
    await page.until((it) => it.of('event').length === 3);
    expect(page.programs.get(second.program)?.source).toBe('live');
    expect(page.summaryOf(first)).toEqual(['start', 'event E']);
    expect(page.summaryOf(second)).toEqual(['start', 'event E', 'event F']);
  });
});

describe('a program that is asked for its actors again', () => {
  it('adds to the history only what the inspector did not know', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0'), registration('x:1')]);
    program.send(state('x:1', 'open'));
    program.send(registration('x:0'));
    program.send(registration('x:1'));
    program.send(event('x:0', 'LAST'));
    await page.until((it) => it.of('event').length === 1);
    expect(page.summaryOf({ id: 'p1/x:0' })).toEqual(['start', 'event LAST']);
    expect(page.summaryOf({ id: 'p1/x:1' })).toEqual(['start', 'state open', 'state closed']);
  });

  it('shows each state once when a page comes late', async () => {
    const inspector = await startTestInspector();
    const actor = startDoor(report(inspector), 'door');
    actor.send({ type: 'OPEN' });
    const page = await openFakePage(inspector);
    await page.until((it) => it.of('start').length === 1);
    await openFakePage(inspector);
    actor.send({ type: 'CLOSE' });
    await page.until((it) => it.of('state').some((entry) => entry.state.value === 'closed'));
    const values = page.of('state').map((entry) => entry.state.value);
    expect(values.filter((value) => value === 'closed')).toHaveLength(1);
    expect(values.filter((value) => value === 'open').length).toBeLessThan(2);
  });
});

describe('a disconnected program', () => {
  /** A program with two doors that has disconnected. */
  async function disconnectedProgram(): Promise<{
    inspector: Inspector;
    page: FakePage;
    instance: string;
  }> {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const instance = randomUUID();
    const program = await openProgram(inspector, { instance }, [
      registration('x:0'),
      registration('x:1'),
    ]);
    program.send(state('x:0', 'open'));
    await page.until((it) => it.of('state').length === 1);
    expect(page.programs.get('p1')?.source).toBe('live');
    program.socket.terminate();
    await page.until(({ programs }) => programs.get('p1')?.source === 'disconnected');
    expect(page.entries.map(({ kind }) => kind)).toEqual(['start', 'start', 'state']);
    return { inspector, page, instance };
  }

  it('is recognised when it reconnects, with its living actors; the others have stopped', async () => {
    const { inspector, page, instance } = await disconnectedProgram();
    const registrations = [registration('x:1'), registration('x:2')];
    await openProgram(inspector, { instance, name: 'again' }, registrations);
    await page.until((it) => it.of('stop').length > 0 && it.programs.get('p1')?.source === 'live');
    expect([...page.programs.values()]).toMatchObject([{ id: 'p1', name: 'again' }]);
    expect(page.summaryOf({ id: 'p1/x:0' })).toEqual(['start', 'state open', 'stop']);
    expect(page.summaryOf({ id: 'p1/x:1' })).toEqual(['start', 'state closed']);
    expect(page.summaryOf({ id: 'p1/x:2' })).toEqual(['start']);
    expect(page.actors.size).toBe(3);
  });

  it('can reconnect without any living actors', async () => {
    const { inspector, page, instance } = await disconnectedProgram();
    await openProgram(inspector, { instance });
    await page.until((it) => it.of('stop').length === 2);
    expect(page.of('stop').map(({ actor }) => actor)).toEqual(['p1/x:0', 'p1/x:1']);
  });

  it('can reconnect and stop an actor at once', async () => {
    const { inspector, page, instance } = await disconnectedProgram();
    await openProgram(inspector, { instance }, [
      registration('x:1'),
      event('x:1', 'E'),
      stop('x:1'),
    ]);
    await page.until((it) => it.of('stop').length === 2);
    expect(page.summaryOf({ id: 'p1/x:1' })).toEqual(['start', 'state closed', 'event E', 'stop']);
  });

  it('can disconnect again before it has registered its actors', async () => {
    const { inspector, page, instance } = await disconnectedProgram();
    const second = new FakeProgram(
      connectWebSocket(inspector, withToken('/program'), { autoPong: false }),
    );
    await once(second.socket, 'open');
    second.send(introduction({ instance, name: 'second' }));
    await page.program('second');
    second.socket.terminate();
    await page.until(({ programs }) => programs.get('p1')?.source === 'disconnected');
    await openProgram(inspector, { instance }, [registration('x:0')]);
    await page.until((it) => it.of('stop').length > 0);
    expect(page.summaryOf({ id: 'p1/x:0' })).toEqual(['start', 'state open', 'state closed']);
    expect(page.summaryOf({ id: 'p1/x:1' })).toEqual(['start', 'stop']);
  });

  it('is not recognised in another run', async () => {
    const { inspector, page } = await disconnectedProgram();
    await openProgram(inspector, {}, [registration('x:0')]);
    await page.until(({ actors }) => actors.has('p2/x:0'));
    expect([...page.programs.values()].map(({ source }) => source)).toEqual([
      'disconnected',
      'live',
    ]);
    expect(page.of('stop')).toEqual([]);
  });
});

describe('an inspector that is restarted on its port', () => {
  it('gets all actors again, with their current states', async () => {
    const first = await startTestInspector();
    const inspection = report(first);
    const [front, back] = [startDoor(inspection, 'front'), startDoor(inspection, 'back')];
    const page = await openFakePage(first);
    front.send({ type: 'OPEN' });
    const before = await page.actor('front');
    await page.until((it) => it.of('state', before).at(-1)?.state.value === 'open');
    await first.close();
    back.stop();
    const second = await startTestInspector({ port: portOf(first) });
    const again = await openFakePage(second);
    const after = await again.actor('front');
    expect(after.base).toMatchObject({ value: 'open', status: 'active' });
    expect(await again.program('test')).toMatchObject({ source: 'live', pid: process.pid });
    front.send({ type: 'CLOSE' });
    await again.until((it) => it.of('state', after).at(-1)?.state.value === 'closed');
    expect([...again.actors.values()].map(({ name }) => name)).toEqual(['front']);
  });
});

describe('a plain service of @xstate/inspect', () => {
  const machine = JSON.stringify({ id: 'light', initial: 'green', states: { green: {}, red: {} } });
  const green = JSON.stringify({ value: 'green', _event: { name: 'xstate.init' } });
  const plain = { type: 'service.register', machine, state: green, sessionId: 'x:0' };

  it('is shown without an introduction', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = new FakeProgram(await openWebSocket(inspector, '/program'));
    program.send({ ...plain, id: 'lamp' });
    program.send({
      type: 'service.event',
      sessionId: 'x:0',
      event: '{"name":"T","data":{"type":"T"}}',
    });
    const red = { value: 'red', context: { n: 1 }, done: true, _event: { name: 'T' } };
    program.send({ type: 'service.state', sessionId: 'x:0', state: JSON.stringify(red) });
    program.send({ type: 'service.stop', sessionId: 'x:0' });
    await page.until((it) => it.of('stop').length > 0);
    const lamp = await page.actor('lamp');
    expect(lamp).toMatchObject({ kind: 'machine', base: { value: 'green', status: 'active' } });
    expect(page.summaryOf(lamp)).toEqual(['start', 'event T', 'state red (done)', 'stop']);
    expect(page.of('state')[0]?.state).toMatchObject({ context: { n: 1 }, event: 'T' });
    for (const { at } of page.entries) expect(Math.abs(at - Date.now())).toBeLessThan(20_000);
    expect(page.programs.get('p1')).toMatchObject({ name: 'p1', pid: 0, control: false });
  });

  it('has the name of its machine when its registration has no id', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = new FakeProgram(await openWebSocket(inspector, '/program'));
    program.send(plain);
    await page.actor('light');
    expect(page.of('problem')).toEqual([]);
  });

  it('can have a machine that XState 4 warns about, without a warning on the console', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    cleanUp(() => {
      warn.mockRestore();
    });
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = new FakeProgram(await openWebSocket(inspector, '/program'));
    const states = { green: { on: { '': 'red' }, parallel: true }, red: {} };
    const odd = JSON.stringify({ id: 'odd', initial: 'green', states, onDone: 'red' });
    program.send({ ...plain, machine: odd });
    const { chart: id } = await page.actor('odd');
    page.send({ type: 'chart', id });
    await page.until(({ charts }) => charts.has(id));
    expect(page.charts.get(id)).toMatchObject({ id });
    expect(warn).not.toHaveBeenCalled();
    console.warn('restored');
    expect(warn).toHaveBeenCalledOnce();
  });

  it('is asked for its actors, and is not recognised when it reconnects', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    for (const count of [1, 2]) {
      const program = new FakeProgram(await openWebSocket(inspector, '/program'));
      program.send(plain);
      await handled(program.socket);
      expect(program.commands).toEqual([{ type: 'xstate.inspecting' }]);
      program.socket.close();
      await page.until(
        ({ programs }) => programs.get(`p${String(count)}`)?.source === 'disconnected',
      );
    }
    expect([...page.actors.keys()]).toEqual(['p1/x:0', 'p2/x:0']);
  });
});
