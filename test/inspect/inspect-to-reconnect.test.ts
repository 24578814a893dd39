/** Inspectors that are absent, disconnect, reconnect, break the protocol or are too slow. */

import { once } from 'node:events';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createActor, createMachine } from 'xstate';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import {
  freePort,
  scriptedServer,
  report,
  startFakeInspector,
  type ProgramConnection,
} from './inspectors.ts';
import { proveTo, TEST_TOKEN } from './prover.ts';
import { keepAlive } from './support.ts';

expectIdleAfterEach();

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

/** The durations of the fake timers that were started, in ms. */
const durations: unknown[] = [];

/** Fakes timers, except for those of Node itself. */
function useFakeTimers() {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { setTimeout: fake } = globalThis;
    vi.stubGlobal('setTimeout', (...args: Parameters<typeof fake>) => {
      durations.push(args[1]);
      return fake(...args);
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
    durations.length = 0;
  });
}

/** Resolves when the program has started a timer of this length, before its next attempt. */
async function retryScheduled(ms: number): Promise<void> {
  await until(() => durations.includes(ms));
  durations.length = 0;
}

/** The same, and then lets the time pass. */
async function retryAfter(ms: number): Promise<void> {
  await retryScheduled(ms);
  vi.advanceTimersByTime(ms);
}

describe('an inspector that is absent', () => {
  useFakeTimers();

  it('is retried with growing delays, and nothing is read meanwhile', async () => {
    const { inspect } = report(`http://127.0.0.1:${String(await freePort())}/`);
    const toJSON = vi.fn(() => 'shown');
    for (const delay of [250, 500, 1_000, 2_000, 4_000, 4_000]) {
      await retryScheduled(delay);
      createActor(createMachine({ context: { toJSON } }), { inspect }).start();
      vi.advanceTimersByTime(delay);
    }
    expect(toJSON).not.toHaveBeenCalled();
  });

  it('gets the current states when it starts, and not what it missed', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${String(port)}/?token=${TEST_TOKEN}`;
    const { inspect } = report(url, { name: 'p' });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    await retryScheduled(250);
    actor.send({ type: 'TOGGLE' });
    const inspector = await startFakeInspector(port);
    vi.advanceTimersByTime(250);
    const connection = await inspector.nextConnection();
    connection.send({ type: 'xstate.inspecting' });
    await connection.received('register lamp on');
    actor.send({ type: 'TOGGLE' });
    await connection.received('state lamp off');
    expect(connection.summary).toEqual([
      'program p',
      'register lamp on',
      'event lamp TOGGLE',
      'state lamp off',
    ]);
  });
});

describe('an inspector that disconnects and reconnects', () => {
  useFakeTimers();

  it('gets the current states again, from the same program', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url, { name: 'p' });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const first = await inspector.nextConnection();
    await first.received('state lamp off');
    await inspector.close();
    await retryScheduled(250);
    actor.send({ type: 'TOGGLE' });
    const again = await startFakeInspector(inspector.port);
    vi.advanceTimersByTime(250);
    const second = await again.nextConnection();
    second.send({ type: 'xstate.inspecting' });
    await second.received('register lamp on');
    expect(second.summary).toEqual(['program p', 'register lamp on']);
    const [one, other] = [first, second].map(
      (connection) => connection.last('wirechart.program').instance,
    );
    expect(other).toBe(one);
  });

  it('is retried with the shortest delay after each successful connection', async () => {
    const inspector = await startFakeInspector();
    report(inspector.url);
    for (let at = 0; at < 4; at += 1) {
      const connection = await inspector.nextConnection();
      connection.websocket.close();
      await connection.closed;
      await retryAfter(250);
    }
    await inspector.nextConnection();
  });

  it('gets no protocol messages until it asks for them again', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url);
    const observe = vi.fn(() => () => undefined);
    const noop = () => undefined;
    const methods = { release: noop, settle: noop, destroyStream: noop };
    const link = { observe, ...methods, toJSON: () => 'link' };
    keepAlive(createActor(createMachine({ context: { link } }), { id: 'm', inspect })).start();
    const first = await inspector.nextConnection();
    first.send({ type: 'wirechart.wire', on: true });
    await until(() => observe.mock.calls.length === 1);
    first.websocket.terminate();
    await retryAfter(250);
    const second = await inspector.nextConnection();
    second.send({ type: 'xstate.inspecting' });
    await second.received('register m {}');
    expect(observe).toHaveBeenCalledTimes(1);
  });
});

describe('a server that is not an inspector', () => {
  useFakeTimers();

  it.each<[string, string]>([
    ['ends at once', ''],
    ['refuses the token', 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'],
    ['redirects', 'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n'],
    ['does not speak HTTP', 'QMP\n'],
    [
      'accepts without the secret',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n',
    ],
  ])('is retried: one that %s', async (_, answer) => {
    const { url, peer } = await scriptedServer((socket) => {
      socket.once('data', () => socket.end(answer));
    });
    const { inspect } = report(url);
    createActor(lamp, { inspect }).start();
    await peer.connected;
    await retryAfter(250);
    await until(() => peer.sockets.length > 1);
  });
});

describe('a server that cannot be the inspector', () => {
  useFakeTimers();

  it.each<[string, string, string]>([
    [
      'refuses',
      'HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n',
      'it answers with the HTTP status 429',
    ],
    ['does not speak HTTP', 'QMP\n', 'it does not speak HTTP'],
    [
      'opens the WebSocket only',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      'it does not prove that it knows the token',
    ],
  ])(
    'causes one warning, without the token, and is tried again: one that %s',
    async (_, answer, why) => {
      const { url, peer } = await scriptedServer((socket) => {
        socket.once('data', () => socket.end(answer));
      });
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      report(`${url}?token=${TEST_TOKEN}`);
      for (const delay of [250, 500]) await retryAfter(delay);
      await until(() => peer.sockets.length === 3);
      await retryScheduled(1_000);
      const name = new URL(url).host;
      expect(warn.mock.calls).toEqual([
        [
          expect.stringMatching(`^Nothing is reported to the inspector at ${name}: ${why}\\. `),
          'WirechartWarning',
        ],
      ]);
      expect(JSON.stringify(warn.mock.calls)).not.toContain(TEST_TOKEN);
    },
  );

  it.each<[string, number]>([
    ['answers the proof with something else', 0],
    ['does not confirm the proof within two seconds', 2_000],
  ])('is tried again when it %s', async (_, ms) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    cleanUp(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    proveTo(server);
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    report(`http://127.0.0.1:${String(port)}/?token=${TEST_TOKEN}`, { name: 'p' });
    const [websocket] = await connected;
    const messages: string[] = [];
    websocket.on('message', (data: Buffer) => messages.push(data.toString()));
    await until(() => messages.length === 1);
    if (ms > 0) vi.advanceTimersByTime(ms);
    else websocket.send('{"type":"xstate.inspecting"}');
    await once(websocket, 'close');
    expect(messages).toEqual([expect.stringMatching(/^\{"type":"wirechart.proof"/)]);
    await retryAfter(250);
    await until(() => server.clients.size === 1);
  });
});

describe('a connection that breaks the protocol', () => {
  useFakeTimers();

  it.each<[string, (connection: ProgramConnection) => void]>([
    [
      'by a message of two megabytes',
      ({ websocket }) => {
        websocket.send('x'.repeat(2 ** 21));
      },
    ],
    [
      'by bytes that are not a frame',
      (connection) => {
        rawSocketOf(connection).write('\xff\xff\xff\xff');
      },
    ],
    [
      'by a malformed close frame',
      (connection) => {
        rawSocketOf(connection).write(Buffer.from([0x88, 0x01, 0x00]));
      },
    ],
    [
      'by a reset',
      (connection) => {
        rawSocketOf(connection).resetAndDestroy();
      },
    ],
  ])('is replaced without an effect on the program: %s', async (_, misbehave) => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url);
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const first = await inspector.nextConnection();
    misbehave(first);
    await first.closed;
    await retryScheduled(250);
    actor.send({ type: 'TOGGLE' });
    vi.advanceTimersByTime(250);
    const second = await inspector.nextConnection();
    second.send({ type: 'xstate.inspecting' });
    await second.received('register lamp on');
  });
});

describe('an inspector that is too slow', () => {
  it('misses messages, and then gets their number and the current states', async () => {
    const inspector = await startFakeInspector();
    const { inspect } = report(inspector.url);
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const connection = await inspector.nextConnection();
    await connection.received('state lamp off');
    connection.websocket.pause();
    connection.clear();
    const load = 'x'.repeat(16_000);
    for (let at = 0; at < 2_001; at += 1) actor.send({ type: 'TOGGLE', load });
    connection.websocket.resume();
    // The states are sent although nothing happens any more.
    await connection.until((all) => all.of('service.register').length > 0);
    const [problem, last] = connection.summary.slice(-2);
    expect(problem).toMatch(/^problem The inspector was too slow; it missed \d+ messages$/);
    expect(last).toBe('register lamp on');
    const missed = Number(/\d+/.exec(problem ?? '')?.[0]);
    expect(missed).toBeGreaterThan(1_000);
    expect(connection.lines.length - 2 + missed).toBe(4_002);
    // Of 64 MiB to send, only a bounded backlog was kept.
    expect(connection.lines.join().length).toBeLessThan(32 * 2 ** 20);
    actor.send({ type: 'TOGGLE' });
    await connection.received('state lamp off');
  });
});

/** The TCP socket below a WebSocket. */
function rawSocketOf({ websocket }: ProgramConnection) {
  const socket: unknown = Reflect.get(websocket, '_socket');
  if (!(socket instanceof Socket)) throw new Error('The WebSocket has no socket');
  return socket;
}
