/** The end of a report, and of the reporting program. */

import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { inspectTo } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { hasSettled, turn } from '../support/signal.ts';
import { freePort, scriptedServer, report, startFakeInspector } from './inspectors.ts';
import { run } from './programs.ts';
import { keepAlive } from './support.ts';

expectIdleAfterEach();

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

describe('close()', () => {
  it('sends the last messages and closes the connection', async () => {
    const inspector = await startFakeInspector();
    const inspection = report(inspector.url);
    const actor = createActor(lamp, { id: 'lamp', inspect: inspection.inspect }).start();
    const connection = await inspector.nextConnection();
    await connection.received('state lamp off');
    actor.send({ type: 'TOGGLE' });
    await inspection.close();
    expect(await connection.closed).toBe(1005);
    expect(connection.summary.at(-1)).toBe('state lamp on');
    actor.send({ type: 'TOGGLE' });
    await turn();
    expect(connection.summary.at(-1)).toBe('state lamp on');
  });

  it('sends the backlog when it is called before the connection is open', async () => {
    const inspector = await startFakeInspector();
    const inspection = report(inspector.url, { name: 'p' });
    keepAlive(createActor(lamp, { id: 'lamp', inspect: inspection.inspect })).start();
    await inspection.close();
    const [connection] = inspector.connections;
    await connection?.closed;
    expect(connection?.summary).toEqual([
      'program p',
      'register lamp off',
      'event lamp xstate.init',
      'state lamp off',
    ]);
  });

  it('does not connect when there is nothing to send', async () => {
    const inspector = await startFakeInspector();
    await report(inspector.url).close();
    const other = report(inspector.url, { name: 'other' });
    const connection = await inspector.nextConnection();
    await connection.received('program other');
    await other.close();
    expect(inspector.connections).toHaveLength(1);
  });

  it('returns the same promise when it is called again', async () => {
    const inspector = await startFakeInspector();
    const inspection = report(inspector.url);
    const connection = await inspector.nextConnection();
    await connection.until(({ lines }) => lines.length > 0);
    const closing = inspection.close();
    expect(inspection.close()).toBe(closing);
    await closing;
    await inspection.close();
    expect(await connection.closed).toBe(1005);
  });

  it('is called by `await using`', async () => {
    const inspector = await startFakeInspector();
    {
      await using inspection = inspectTo(inspector.url);
      createActor(lamp, { inspect: inspection.inspect }).start();
    }
    await inspector.connections[0]?.closed;
    expect(inspector.connections).toHaveLength(1);
  });

  it('unsubscribes from everything that is watched', async () => {
    const inspector = await startFakeInspector();
    const inspection = report(inspector.url);
    const toJSON = vi.fn(() => 'shown');
    const machine = createMachine({ context: { toJSON }, on: { GO: {} } });
    const actor = createActor(machine, { inspect: inspection.inspect }).start();
    await inspection.close();
    toJSON.mockClear();
    actor.send({ type: 'GO' });
    expect(toJSON).not.toHaveBeenCalled();
  });

  it('stops watching even when the inspector sends another command', async () => {
    const inspector = await startFakeInspector();
    const inspection = report(inspector.url);
    const connection = await inspector.nextConnection();
    const toJSON = vi.fn(() => 'shown');
    const machine = createMachine({ context: { toJSON }, on: { GO: {} } });
    const actor = createActor(machine, { id: 'm', inspect: inspection.inspect }).start();
    await connection.until(({ summary }) => summary.includes('state m {}'));
    const closed = inspection.close();
    connection.send({ type: 'xstate.inspecting' });
    await closed;
    toJSON.mockClear();
    actor.send({ type: 'GO' });
    expect(toJSON).not.toHaveBeenCalled();
  });

  it('resolves when there is no inspector', async () => {
    const inspection = report(`http://127.0.0.1:${String(await freePort())}/`);
    createActor(lamp, { inspect: inspection.inspect }).start();
    await inspection.close();
  });

  it('ends the delay between two attempts', async () => {
    const listeners = () => [process.listenerCount('beforeExit'), process.listenerCount('exit')];
    const before = listeners();
    const { url, peer } = await scriptedServer((socket) => socket.destroy());
    const inspection = report(url);
    expect(listeners()).toEqual(before.map((count) => count + 1));
    const socket = await peer.connected;
    if (!socket.closed) await once(socket, 'close');
    await inspection.close();
    expect(listeners()).toEqual(before);
  });

  it.each<[string, number]>([
    ['does not answer the opening handshake', 0],
    ['does not answer the closing handshake', 1],
  ])('waits two seconds for an inspector that %s', async (_, connections) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    cleanUp(() => vi.useRealTimers());
    const silent = await scriptedServer(() => undefined);
    const inspector = await startFakeInspector();
    const inspection = report(connections === 0 ? silent.url : inspector.url);
    createActor(lamp, { inspect: inspection.inspect }).start();
    if (connections === 0) await silent.peer.connected;
    else (await inspector.nextConnection()).websocket.pause();
    const closed = inspection.close();
    vi.advanceTimersByTime(1_999);
    expect(await hasSettled(closed)).toBe(false);
    vi.advanceTimersByTime(1);
    await closed;
  });
});

describe('a reporting program', () => {
  const program = (url: string, more = '') => `
    const { inspect } = i.inspectTo('${url}', { name: 'p', control: true });
    // Kept alive: garbage collection would be reported as a stop.
    const actor = (globalThis.kept = x.createActor(lamp, { id: 'lamp', inspect }).start());
    ${more}
  `;

  it('exits by itself, and its last messages arrive', async () => {
    const inspector = await startFakeInspector();
    const exit = await run(program(inspector.url, `actor.send({ type: 'TOGGLE' });`));
    expect(exit).toEqual({ code: 0, stdout: '', stderr: '' });
    const [connection] = inspector.connections;
    await connection?.closed;
    expect(connection?.summary).toEqual([
      'program p',
      'register lamp off',
      'event lamp xstate.init',
      'state lamp off',
      'event lamp TOGGLE',
      'state lamp on',
    ]);
  });

  it('is not kept alive by an open connection, and its last messages arrive', async () => {
    const inspector = await startFakeInspector();
    const exiting = run(
      program(
        inspector.url,
        `
          const alive = setInterval(() => undefined, 1_000);
          await new Promise((resolve) => actor.subscribe(resolve));
          clearInterval(alive);
          // Below the 8 MiB that may wait, of which each event needs three times its load.
          const load = 'x'.repeat(8_000);
          for (let at = 0; at < 300; at += 1) actor.send({ type: 'AGAIN', load });
          actor.send({ type: 'TOGGLE' });
        `,
      ),
    );
    const connection = await inspector.nextConnection();
    await connection.received('state lamp off');
    connection.sendEvent(connection.registered('lamp').sessionId, 'TOGGLE');
    expect(await exiting).toEqual({ code: 0, stdout: '', stderr: '' });
    await connection.closed;
    expect(connection.summary.at(-1)).toBe('state lamp off');
    expect(connection.of('service.event').length).toBe(303);
  });

  it('can call process.exit(), and its messages from before arrive', async () => {
    const inspector = await startFakeInspector();
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
    const connection = await inspector.nextConnection();
    await connection.received('state lamp off');
    connection.sendEvent(connection.registered('lamp').sessionId, 'TOGGLE');
    expect(await exiting).toEqual({ code: 3, stdout: '', stderr: '' });
    await connection.closed;
    expect(connection.summary.filter((line) => line === 'event lamp AGAIN')).toHaveLength(10);
  });

  it('exits by itself when there is no inspector', async () => {
    const url = `http://127.0.0.1:${String(await freePort())}/`;
    const exit = await run(program(url, `console.log(actor.getSnapshot().value);`));
    expect(exit).toEqual({ code: 0, stdout: 'off\n', stderr: '' });
  });

  it('exits by itself when the inspector never answers', async () => {
    const { url, peer } = await scriptedServer((socket) => socket.on('data', () => undefined));
    expect(await run(program(url))).toEqual({ code: 0, stdout: '', stderr: '' });
    await until(() => peer.sockets.length === 1);
  });

  it('can close the report as its last action', async () => {
    const inspector = await startFakeInspector();
    const exit = await run(`
      const report = i.inspectTo('${inspector.url}', { name: 'p' });
      globalThis.kept = x.createActor(lamp, { id: 'lamp', inspect: report.inspect }).start();
      await report.close();
      console.log('closed');
    `);
    expect(exit).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
    expect(inspector.connections[0]?.summary.at(-1)).toBe('state lamp off');
  });
});
