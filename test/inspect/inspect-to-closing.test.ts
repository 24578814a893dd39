/** The end of a report, and of the program that makes it. */

import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { inspectTo } from '../../src/inspect/index.ts';
import { cleanUp, expectHomeAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { hasSettled, turn } from '../support/signal.ts';
import { freePort, impostor, report, startInspector } from './inspectors.ts';
import { run } from './programs.ts';
import { held } from './support.ts';

expectHomeAfterEach();

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

describe('close()', () => {
  it('tells the last of it, and hangs up', async () => {
    const inspector = await startInspector();
    const inspection = report(inspector.url);
    const actor = createActor(lamp, { id: 'lamp', inspect: inspection.inspect }).start();
    const visit = await inspector.next();
    await visit.tells('state lamp off');
    actor.send({ type: 'TOGGLE' });
    await inspection.close();
    expect(await visit.closed).toBe(1005);
    expect(visit.story.at(-1)).toBe('state lamp on');
    actor.send({ type: 'TOGGLE' });
    await turn();
    expect(visit.story.at(-1)).toBe('state lamp on');
  });

  it('tells what it kept when it comes before the connection', async () => {
    const inspector = await startInspector();
    const inspection = report(inspector.url, { name: 'p' });
    held(createActor(lamp, { id: 'lamp', inspect: inspection.inspect })).start();
    await inspection.close();
    const [visit] = inspector.visits;
    await visit?.closed;
    expect(visit?.story).toEqual([
      'program p',
      'register lamp off',
      'event lamp xstate.init',
      'state lamp off',
    ]);
  });

  it('connects no more when there is nothing to be told', async () => {
    const inspector = await startInspector();
    await report(inspector.url).close();
    const other = report(inspector.url, { name: 'other' });
    const visit = await inspector.next();
    await visit.tells('program other');
    await other.close();
    expect(inspector.visits).toHaveLength(1);
  });

  it('may be called again, which is no second end', async () => {
    const inspector = await startInspector();
    const inspection = report(inspector.url);
    const visit = await inspector.next();
    await visit.until(({ lines }) => lines.length > 0);
    const closing = inspection.close();
    expect(inspection.close()).toBe(closing);
    await closing;
    await inspection.close();
    expect(await visit.closed).toBe(1005);
  });

  it('is what `await using` does at the end', async () => {
    const inspector = await startInspector();
    {
      await using inspection = inspectTo(inspector.url);
      createActor(lamp, { inspect: inspection.inspect }).start();
    }
    await inspector.visits[0]?.closed;
    expect(inspector.visits).toHaveLength(1);
  });

  it('unsubscribes from all that is watched', async () => {
    const inspector = await startInspector();
    const inspection = report(inspector.url);
    const toJSON = vi.fn(() => 'shown');
    const machine = createMachine({ context: { toJSON }, on: { GO: {} } });
    const actor = createActor(machine, { inspect: inspection.inspect }).start();
    await inspection.close();
    toJSON.mockClear();
    actor.send({ type: 'GO' });
    expect(toJSON).not.toHaveBeenCalled();
  });

  it('is not undone by an inspector that still says something', async () => {
    const inspector = await startInspector();
    const inspection = report(inspector.url);
    const visit = await inspector.next();
    const toJSON = vi.fn(() => 'shown');
    const machine = createMachine({ context: { toJSON }, on: { GO: {} } });
    const actor = createActor(machine, { id: 'm', inspect: inspection.inspect }).start();
    await visit.until(({ story }) => story.includes('state m {}'));
    const closed = inspection.close();
    visit.say({ type: 'xstate.inspecting' });
    await closed;
    toJSON.mockClear();
    actor.send({ type: 'GO' });
    expect(toJSON).not.toHaveBeenCalled();
  });

  it('resolves where there is no inspector', async () => {
    const inspection = report(`http://127.0.0.1:${String(await freePort())}/`);
    createActor(lamp, { inspect: inspection.inspect }).start();
    await inspection.close();
  });

  it('ends the pause between two attempts', async () => {
    const listeners = () => [process.listenerCount('beforeExit'), process.listenerCount('exit')];
    const before = listeners();
    const { url, peer } = await impostor((socket) => socket.destroy());
    const inspection = report(url);
    expect(listeners()).toEqual(before.map((count) => count + 1));
    const socket = await peer.connected;
    if (!socket.closed) await once(socket, 'close');
    await inspection.close();
    expect(listeners()).toEqual(before);
  });

  it.each<[string, number]>([
    ['does not answer the greeting', 0],
    ['does not answer the farewell', 1],
  ])('waits two seconds for an inspector that %s', async (_, connections) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    cleanUp(() => vi.useRealTimers());
    const silent = await impostor(() => undefined);
    const inspector = await startInspector();
    const inspection = report(connections === 0 ? silent.url : inspector.url);
    createActor(lamp, { inspect: inspection.inspect }).start();
    if (connections === 0) await silent.peer.connected;
    else (await inspector.next()).websocket.pause();
    const closed = inspection.close();
    vi.advanceTimersByTime(1_999);
    expect(await hasSettled(closed)).toBe(false);
    vi.advanceTimersByTime(1);
    await closed;
  });
});

describe('a program that reports', () => {
  const program = (url: string, more = '') => `
    const { inspect } = i.inspectTo('${url}', { name: 'p' });
    // Held, because an inspector is told that an actor has stopped when it was collected.
    const actor = (globalThis.kept = x.createActor(lamp, { id: 'lamp', inspect }).start());
    ${more}
  `;

  it('ends by itself, and its last messages arrive', async () => {
    const inspector = await startInspector();
    const exit = await run(program(inspector.url, `actor.send({ type: 'TOGGLE' });`));
    expect(exit).toEqual({ code: 0, stdout: '', stderr: '' });
    const [visit] = inspector.visits;
    await visit?.closed;
    expect(visit?.story).toEqual([
      'program p',
      'register lamp off',
      'event lamp xstate.init',
      'state lamp off',
      'event lamp TOGGLE',
      'state lamp on',
    ]);
  });

  it('is not kept alive by a connection that is up, and what it says at the end arrives', async () => {
    const inspector = await startInspector();
    const exiting = run(
      program(
        inspector.url,
        `
          const alive = setInterval(() => undefined, 1_000);
          await new Promise((resolve) => actor.subscribe(resolve));
          clearInterval(alive);
          const load = 'x'.repeat(16_000);
          for (let at = 0; at < 300; at += 1) actor.send({ type: 'AGAIN', load });
          actor.send({ type: 'TOGGLE' });
        `,
      ),
    );
    const visit = await inspector.next();
    await visit.tells('state lamp off');
    visit.sendEvent(visit.registered('lamp').sessionId, 'TOGGLE');
    expect(await exiting).toEqual({ code: 0, stdout: '', stderr: '' });
    await visit.closed;
    expect(visit.story.at(-1)).toBe('state lamp off');
    expect(visit.of('service.event').length).toBe(303);
  });

  it('may call process.exit(), and what it said before arrives', async () => {
    const inspector = await startInspector();
    const exiting = run(
      program(
        inspector.url,
        `
          setInterval(() => undefined, 1_000);
          await new Promise((resolve) => actor.subscribe(resolve));
          for (let at = 0; at < 10; at += 1) actor.send({ type: 'AGAIN' });
          process.exit(3);
        `,
      ),
    );
    const visit = await inspector.next();
    await visit.tells('state lamp off');
    visit.sendEvent(visit.registered('lamp').sessionId, 'TOGGLE');
    expect(await exiting).toEqual({ code: 3, stdout: '', stderr: '' });
    await visit.closed;
    expect(visit.story.filter((line) => line === 'event lamp AGAIN')).toHaveLength(10);
  });

  it('ends by itself where there is no inspector', async () => {
    const url = `http://127.0.0.1:${String(await freePort())}/`;
    const exit = await run(program(url, `console.log(actor.getSnapshot().value);`));
    expect(exit).toEqual({ code: 0, stdout: 'off\n', stderr: '' });
  });

  it('ends by itself where the inspector never answers', async () => {
    const { url, peer } = await impostor((socket) => socket.on('data', () => undefined));
    expect(await run(program(url))).toEqual({ code: 0, stdout: '', stderr: '' });
    await until(() => peer.sockets.length === 1);
  });

  it('may close the report as the last thing it does', async () => {
    const inspector = await startInspector();
    const exit = await run(`
      const report = i.inspectTo('${inspector.url}', { name: 'p' });
      globalThis.kept = x.createActor(lamp, { id: 'lamp', inspect: report.inspect }).start();
      await report.close();
      console.log('closed');
    `);
    expect(exit).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
    expect(inspector.visits[0]?.story.at(-1)).toBe('state lamp off');
  });
});
