/** Inspectors that are not there, that go, that come back, that misbehave, and that are too slow. */

import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { freePort, impostor, report, startInspector, type Visit } from './inspectors.ts';
import { held } from './support.ts';

expectHomeAfterEach();

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

/** Timers pass when the test says so; all but those of Node itself. */
function useFakeTimers() {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(globalThis, 'setTimeout');
  });
  afterEach(() => {
    vi.mocked(setTimeout).mockRestore();
    vi.useRealTimers();
  });
}

/** Waits until the program pauses for so long, before it tries again. */
async function pausing(ms: number): Promise<void> {
  const { mock } = vi.mocked(setTimeout);
  await until(() => mock.calls.some(([, pause]) => pause === ms));
  vi.mocked(setTimeout).mockClear();
}

/** The same, and lets that time pass. */
async function pausesFor(ms: number): Promise<void> {
  await pausing(ms);
  vi.advanceTimersByTime(ms);
}

describe('an inspector that is absent', () => {
  useFakeTimers();

  it('is tried again, ever more slowly, while nobody watches', async () => {
    const { inspect } = report(`http://127.0.0.1:${String(await freePort())}/`);
    const toJSON = vi.fn(() => 'shown');
    for (const pause of [250, 500, 1_000, 2_000, 4_000, 4_000]) {
      await pausing(pause);
      // Nobody is told, and nothing is looked at.
      createActor(createMachine({ context: { toJSON } }), { inspect }).start();
      vi.advanceTimersByTime(pause);
    }
    expect(toJSON).not.toHaveBeenCalled();
  });

  it('is told of the present when it comes at last, not of what it missed', async () => {
    const port = await freePort();
    const { inspect } = report(`http://127.0.0.1:${String(port)}/`, { name: 'p' });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    await pausing(250);
    actor.send({ type: 'TOGGLE' });
    const inspector = await startInspector(port);
    vi.advanceTimersByTime(250);
    const visit = await inspector.next();
    visit.say({ type: 'xstate.inspecting' });
    await visit.tells('register lamp on');
    actor.send({ type: 'TOGGLE' });
    await visit.tells('state lamp off');
    expect(visit.story).toEqual([
      'program p',
      'register lamp on',
      'event lamp TOGGLE',
      'state lamp off',
    ]);
  });
});

describe('an inspector that goes and comes back', () => {
  useFakeTimers();

  it('is told of the present anew, by the same program', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url, { name: 'p' });
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const first = await inspector.next();
    await first.tells('state lamp off');
    await inspector.close();
    await pausing(250);
    actor.send({ type: 'TOGGLE' });
    const again = await startInspector(inspector.port);
    vi.advanceTimersByTime(250);
    const second = await again.next();
    second.say({ type: 'xstate.inspecting' });
    await second.tells('register lamp on');
    expect(second.story).toEqual(['program p', 'register lamp on']);
    const [one, other] = [first, second].map((visit) => visit.last('wirechart.program').instance);
    expect(other).toBe(one);
  });

  it('is found at once again after each good connection', async () => {
    const inspector = await startInspector();
    report(inspector.url);
    for (let at = 0; at < 4; at += 1) {
      const visit = await inspector.next();
      visit.websocket.close();
      await visit.closed;
      await pausesFor(250);
    }
    await inspector.next();
  });

  it('shows no messages of protocols until it asks for them again', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url);
    const observe = vi.fn(() => () => undefined);
    const no = () => undefined;
    const link = { observe, release: no, settle: no, abandon: no, toJSON: () => 'link' };
    held(createActor(createMachine({ context: { link } }), { id: 'm', inspect })).start();
    const first = await inspector.next();
    first.say({ type: 'wirechart.wire', on: true });
    await until(() => observe.mock.calls.length === 1);
    first.websocket.terminate();
    await pausesFor(250);
    const second = await inspector.next();
    second.say({ type: 'xstate.inspecting' });
    await second.tells('register m {}');
    expect(observe).toHaveBeenCalledTimes(1);
  });
});

describe('a server that is no inspector', () => {
  useFakeTimers();

  it.each<[string, string]>([
    ['ends at once', ''],
    ['refuses the token', 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'],
    ['leads elsewhere', 'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n'],
    ['speaks no HTTP', 'QMP\n'],
    [
      'accepts without the secret',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n',
    ],
  ])('is tried again: one that %s', async (_, answer) => {
    const { url, peer } = await impostor((socket) => {
      socket.once('data', () => socket.end(answer));
    });
    const { inspect } = report(url);
    createActor(lamp, { inspect }).start();
    await peer.connected;
    await pausesFor(250);
    await until(() => peer.sockets.length > 1);
  });
});

describe('a connection that breaks the rules', () => {
  useFakeTimers();

  it.each<[string, (visit: Visit) => void]>([
    [
      'by a message of two megabytes',
      ({ websocket }) => {
        websocket.send('x'.repeat(2 ** 21));
      },
    ],
    [
      'by bytes that are no frame',
      (visit) => {
        rawSocketOf(visit).write('\xff\xff\xff\xff');
      },
    ],
    [
      'by a close that is none',
      (visit) => {
        rawSocketOf(visit).write(Buffer.from([0x88, 0x01, 0x00]));
      },
    ],
    [
      'by a reset',
      (visit) => {
        rawSocketOf(visit).resetAndDestroy();
      },
    ],
  ])('is made anew, and harms nobody: %s', async (_, misbehave) => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url);
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const first = await inspector.next();
    misbehave(first);
    await first.closed;
    await pausing(250);
    actor.send({ type: 'TOGGLE' });
    vi.advanceTimersByTime(250);
    const second = await inspector.next();
    second.say({ type: 'xstate.inspecting' });
    await second.tells('register lamp on');
  });
});

describe('an inspector that is too slow', () => {
  it('misses messages, and is told so, and then of the present states', async () => {
    const inspector = await startInspector();
    const { inspect } = report(inspector.url);
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    const visit = await inspector.next();
    await visit.tells('state lamp off');
    visit.websocket.pause();
    visit.forget();
    const load = 'x'.repeat(16_000);
    for (let at = 0; at < 2_001; at += 1) actor.send({ type: 'TOGGLE', load });
    visit.websocket.resume();
    // Nothing happens any more, and yet it comes to know how things are.
    await visit.until((all) => all.of('service.register').length > 0);
    const [problem, last] = visit.story.slice(-2);
    expect(problem).toMatch(/^problem The inspector was too slow; it missed \d+ messages$/);
    expect(last).toBe('register lamp on');
    const missed = Number(/\d+/.exec(problem ?? '')?.[0]);
    expect(missed).toBeGreaterThan(1_000);
    expect(visit.lines.length - 2 + missed).toBe(4_002);
    // There were 64 MiB to be sent; no more than what waited was kept.
    expect(visit.lines.join().length).toBeLessThan(32 * 2 ** 20);
    actor.send({ type: 'TOGGLE' });
    await visit.tells('state lamp off');
  });
});

/** What is below a connection. */
function rawSocketOf({ websocket }: Visit) {
  const socket: unknown = Reflect.get(websocket, '_socket');
  if (!(socket instanceof Socket)) throw new Error('There is no socket');
  return socket;
}
