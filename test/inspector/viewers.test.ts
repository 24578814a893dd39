/** The messages to pages, however early, late or slow they are. */

import { describe, expect, it, vi } from 'vitest';
import type { ServerMessage } from '../../inspector/shared/view.ts';
import { Viewer } from '../../inspector/src/viewer.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate } from '../support/signal.ts';
import { connectWebSocket, startTestInspector, withToken } from './clients.ts';
import { openFakePage, FakePage } from './fake-page.ts';
import { event, openProgram, registration, state, stop } from './fake-program.ts';

expectIdleAfterEach();

/** The numbers of the first entries. */
const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('a page', () => {
  it('gets a hello with whether it may send events', async () => {
    const [without, withControl] = [
      await startTestInspector(),
      await startTestInspector({ control: true }),
    ];
    const [one, other] = [await openFakePage(without), await openFakePage(withControl)];
    expect([one.first, one.control, one.wire]).toEqual(['hello', false, false]);
    expect([other.first, other.control, other.helloCount]).toEqual(['hello', true, 1]);
  });

  it('gets programs, actors and entries, each after what it belongs to', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, { name: 'program', pid: 7, control: false });
    const wirechart = { at: 1_001, status: 'active', kind: 'actor' };
    program.send(registration('x:0', { id: 'door' }));
    program.send(registration('x:1', { parent: 'x:0', wirechart }));
    program.send(event('x:0', 'OPEN', { origin: 'x:1' }), state('x:0', 'open'), stop('x:1'));
    await page.until(({ entries }) => entries.length === 5);
    const view = await page.program('program');
    expect(view).toEqual({
      ...{ type: 'program', id: 'p1', name: 'program', pid: 7, source: 'live', control: false },
    });
    expect([...page.actors.values()]).toMatchObject([
      {
        id: 'p1/x:0',
        program: 'p1',
        name: 'door',
        kind: 'machine',
        machine: 'door',
        start: 1,
        base: { value: 'closed' },
      },
      { id: 'p1/x:1', program: 'p1', name: 'x:1', parent: 'p1/x:0', kind: 'actor', start: 2 },
    ]);
    expect(page.entries).toMatchObject([
      { kind: 'start', seq: 1, actor: 'p1/x:0', at: 1_001 },
      { kind: 'start', seq: 2, actor: 'p1/x:1' },
      { kind: 'event', seq: 3, name: 'OPEN', data: { type: 'OPEN' }, origin: 'p1/x:1', at: 1_002 },
      { kind: 'state', seq: 4, state: { value: 'open', status: 'active' }, at: 1_003 },
      { kind: 'stop', seq: 5, actor: 'p1/x:1', at: 1_004 },
    ]);
  });

  it('gets entries in order and without gaps, however many arrive at once', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    for (let at = 1; at < 10_000; at += 1) program.send(event('x:0', `E${String(at)}`));
    await page.until(({ entries }) => entries.length === 10_000);
    expect(page.entries.map(({ seq }) => seq)).toEqual(numbersTo(10_000));
    expect(page.of('event').map(({ name }) => name)).toEqual(
      numbersTo(9_999).map((at) => `E${String(at)}`),
    );
    expect(page.helloCount).toBe(1);
  });

  it('gets the same when it connects late', async () => {
    const inspector = await startTestInspector();
    const early = await openFakePage(inspector);
    const program = await openProgram(inspector);
    program.send(registration('x:0'), event('x:0', 'OPEN'), state('x:0', 'open'));
    program.send(registration('x:1'), stop('x:1'), 'garbage');
    await early.until(({ entries }) => entries.length === 6);
    program.socket.close();
    await early.until(({ programs }) => programs.get('p1')?.source === 'disconnected');
    const late = await openFakePage(inspector);
    await late.until(({ entries }) => entries.length === 6);
    expect(late.entries).toEqual(early.entries);
    expect([...late.actors.values()]).toEqual([...early.actors.values()]);
    expect([...late.programs.values()]).toEqual([...early.programs.values()]);
  });

  it('gets new entries while the full state is being sent', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    for (let at = 0; at < 2_000; at += 1) program.send(state('x:0', 'open'));
    await program.handled();
    const page = new FakePage(connectWebSocket(inspector, withToken('/viewer')));
    for (let at = 0; at < 2_000; at += 1) program.send(state('x:0', 'closed'));
    await page.until(({ entries }) => entries.length === 4_001);
    expect(page.entries.map(({ seq }) => seq)).toEqual(numbersTo(4_001));
  });

  it('gets only the newest entries when there are too many', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    for (let at = 1; at <= 20_010; at += 1) program.send(state('x:0', `s${String(at)}`));
    await program.handled();
    const page = await openFakePage(inspector);
    await page.until(({ entries }) => entries.length >= 20_000);
    expect(page.entries).toHaveLength(20_000);
    expect(page.entries[0]).toMatchObject({ seq: 12, state: { value: 's11' } });
    expect(page.actors.get('p1/x:0')).toMatchObject({ start: 0, base: { value: 's10' } });
  });

  it('is told when the reporting of protocol messages is switched on or off', async () => {
    const inspector = await startTestInspector();
    const [one, other] = [await openFakePage(inspector), await openFakePage(inspector)];
    one.send({ type: 'wire', on: true });
    await other.until(({ wire }) => wire);
    other.send({ type: 'wire', on: false });
    await one.until(({ wire }) => !wire);
  });
});

describe('a slow page', () => {
  it('gets the full state again, and no more than is kept', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    const page = await openFakePage(inspector);
    await page.actor('x:0');
    page.socket.pause();
    const [large, count] = ['x'.repeat(100_000), 730];
    for (let at = 1; at <= count; at += 1)
      program.send(event('x:0', `E${String(at)}`, { data: large }));
    await program.handled();
    const fast = await openFakePage(inspector);
    page.socket.resume();
    for (const each of [page, fast]) {
      await each.until(({ entries }) => entries.at(-1)?.seq === count + 1);
    }
    expect(page.helloCount).toBeGreaterThan(1);
    // The slow page has not dropped the entries that were dropped after its full state.
    expect(page.entries.slice(-fast.entries.length)).toEqual(fast.entries);
    const first = page.entries[0]?.seq ?? 0;
    expect(page.entries.map(({ seq }) => seq - first + 1)).toEqual(numbersTo(page.entries.length));
    // All messages together are 73 MB.
    expect(fast.bytes).toBeLessThan(68e6);
  }, 60_000);

  const FULL_BYTES = 32 * 1024 * 1024;
  const STATE: readonly ServerMessage[] = [{ type: 'hello', control: false, wire: false }];
  const entry = (seq: number, size: number, text = ''): ServerMessage => ({
    ...{ type: 'entry', kind: 'problem', seq, at: 0, actor: 'a', size, text },
  });

  /** A viewer with a fake socket, whose `bufferedAmount` the test sets. */
  function fakeViewer() {
    const sent = gate();
    const socket = {
      bufferedAmount: 0,
      texts: [] as string[],
      send: (text: string) => {
        socket.texts.push(text);
        sent.open();
      },
    };
    const viewer = new Viewer(socket, () => STATE);
    return { socket, viewer, sent: sent.opened };
  }

  it.each([
    ['many', 50_001, 100],
    ['large', 50, 1024 * 1024],
  ])('gets the full state instead of entries that are too %s', async (_, count, size) => {
    const { socket, viewer, sent } = fakeViewer();
    await sent;
    socket.bufferedAmount = FULL_BYTES;
    for (let seq = 1; seq <= count; seq += 1) viewer.push(entry(seq, size));
    const next = gate();
    socket.send = (text) => {
      socket.texts.push(text);
      next.open();
    };
    socket.bufferedAmount = 0;
    await next.opened;
    expect(socket.texts).toEqual([JSON.stringify(STATE), JSON.stringify(STATE)]);
    viewer.close();
  });

  it('is sent nothing more until it has read what was sent', () => {
    vi.useFakeTimers();
    try {
      const { socket, viewer } = fakeViewer();
      vi.advanceTimersByTime(1_000);
      socket.bufferedAmount = FULL_BYTES;
      viewer.push(entry(1, 100));
      vi.advanceTimersByTime(60_000);
      expect(socket.texts).toEqual([JSON.stringify(STATE)]);
      socket.bufferedAmount = 0;
      vi.advanceTimersByTime(1_000);
      expect(socket.texts).toEqual([STATE, [entry(1, 100)]].map((frame) => JSON.stringify(frame)));
      viewer.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('gets the full state in several frames, with turns of other tasks in between', async () => {
    const all = Array.from({ length: 200 }, (_, at) => entry(at + 1, 100, 'x'.repeat(100_000)));
    const frames: string[] = [];
    const isSent = gate();
    let hasYielded = true;
    const send = (text: string) => {
      expect(hasYielded).toBe(true);
      hasYielded = false;
      setImmediate(() => (hasYielded = true));
      frames.push(text);
      if (text.includes('"last"')) isSent.open();
    };
    const viewer = new Viewer({ bufferedAmount: 0, send }, () => all);
    viewer.push({ type: 'no-chart', id: 'last', why: '' });
    await isSent.opened;
    expect(Math.max(...frames.map(({ length }) => length))).toBeLessThan(1_000_000);
    const messages = frames.flatMap((frame) => JSON.parse(frame) as ServerMessage[]);
    expect(messages.slice(0, -1)).toEqual(all);
    viewer.close();
  });

  it('still gets the answers to its requests', async () => {
    const { socket, viewer, sent } = fakeViewer();
    const answer: ServerMessage = { type: 'no-chart', id: 'c', why: 'a reason' };
    viewer.push(entry(1, 100));
    viewer.push(answer);
    await sent;
    expect(socket.texts).toEqual([JSON.stringify([...STATE, answer])]);
    viewer.close();
  });
});

describe('a chart that a page requests', () => {
  it('is laid out once for all pages', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    const page = await openFakePage(inspector);
    const { chart: id } = await page.actor('x:0');
    page.send({ type: 'chart', id });
    await page.until(({ charts }) => charts.has(id));
    expect(page.charts.get(id)).toMatchObject({
      id,
      nodes: [{ id: 'door' }, { id: 'door:initial' }, { id: 'door.closed' }, { id: 'door.open' }],
    });
    const other = await openFakePage(inspector);
    other.send({ type: 'chart', id });
    await other.until(({ charts }) => charts.has(id));
    expect(other.charts).toEqual(page.charts);
    program.socket.terminate();
  });

  it('is missing while its machine is unknown, and is laid out afterwards', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector);
    // The same machine has the same chart wherever it runs.
    const other = await startTestInspector();
    await openProgram(other, {}, [registration('x:0')]);
    const { chart: id } = await (await openFakePage(other)).actor('x:0');
    page.send({ type: 'chart', id });
    await page.until(({ charts }) => charts.has(id));
    expect(page.charts.get(id)).toBe('its definition is no longer kept');
    program.send(registration('x:0'));
    await program.handled();
    page.send({ type: 'chart', id });
    await page.until(({ charts }) => typeof charts.get(id) === 'object');
  });

  it('is kept as long as an actor has it, however many others are dropped', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0', { id: 'old' })]);
    const page = await openFakePage(inspector);
    for (let at = 1; at <= 1_200; at += 1) {
      const sessionId = `y:${String(at)}`;
      const machine = JSON.stringify({ id: sessionId, initial: 'a', states: { a: {} } });
      program.send(
        registration(sessionId, { machine, state: registration('')['state'] }),
        stop(sessionId),
      );
    }
    await page.until(({ entries }) => entries.length === 2_401);
    const { chart: id } = await page.actor('old');
    page.send({ type: 'chart', id });
    await page.until(({ charts }) => charts.has(id));
    expect(page.charts.get(id)).toMatchObject({ id });
  });
});

describe('an invalid request from a page', () => {
  it.each([
    ...['', 'x', 'null', '[]', '{}', '5', '{"type":"none"}', '{"type":["wire"]}'],
    ...['{"type":"chart"}', '{"type":"chart","id":5}', '{"type":"chart","id":"__proto__"}'],
    ...['{"type":"wire"}', '{"type":"wire","on":"yes"}', '{"type":"wire","on":1}'],
    ...['{"type":"send"}', '{"type":"send","actor":"p1/x:0"}', '{"type":"hello"}'],
    '{"type":"send","actor":"p1/x:0","event":{}}',
    '{"type":"send","actor":"p1/x:0","event":"X"}',
    '{"type":"send","actor":"p1/x:0","event":{"type":5}}',
    '{"type":"send","actor":"","event":{"type":"X"}}',
    '{"type":"send","actor":"p1","event":{"type":"X"}}',
    '{"type":"send","actor":"p9/x:0","event":{"type":"X"}}',
    '{"type":"send","actor":{"toString":1},"event":{"type":"X"}}',
  ])('is ignored: %s', async (text) => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    page.socket.send(text);
    page.socket.send(Buffer.from(text));
    page.send({ type: 'wire', on: true });
    await program.untilRequests(1);
    expect(program.requests).toEqual([{ type: 'wirechart.wire', on: true }]);
    expect(page.helloCount).toBe(1);
  });
});
