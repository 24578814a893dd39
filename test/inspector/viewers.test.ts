/** What pages are shown, however early, late or slow they are. */

import { describe, expect, it, vi } from 'vitest';
import type { ServerMessage } from '../../inspector/shared/view.ts';
import { Viewer } from '../../inspector/src/viewer.ts';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { gate } from '../support/signal.ts';
import { begin, inspector, withToken } from './clients.ts';
import { openPage, Page } from './page.ts';
import { event, openTeller, registration, state, stop } from './teller.ts';

expectHomeAfterEach();

/** The numbers of entries, as they must come. */
const numbered = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('a page', () => {
  it('is greeted, and told whether it may send events', async () => {
    const [mute, free] = [await inspector(), await inspector({ control: true })];
    const [one, other] = [await openPage(mute), await openPage(free)];
    expect([one.first, one.control, one.wire]).toEqual(['hello', false, false]);
    expect([other.first, other.control, other.hellos]).toEqual(['hello', true, 1]);
  });

  it('is shown programs, actors and entries, each after what it belongs to', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here, { name: 'house', pid: 7, control: false });
    const wirechart = { at: 1_001, status: 'active', kind: 'actor' };
    teller.say(registration('x:0', { id: 'door' }));
    teller.say(registration('x:1', { parent: 'x:0', wirechart }));
    teller.say(event('x:0', 'OPEN', { origin: 'x:1' }), state('x:0', 'open'), stop('x:1'));
    await page.until(({ entries }) => entries.length === 5);
    const program = await page.program('house');
    expect(program).toEqual({
      ...{ type: 'program', id: 'p1', name: 'house', pid: 7, source: 'live', control: false },
    });
    expect([...page.actors.values()]).toMatchObject([
      {
        id: 'p1/x:0',
        program: 'p1',
        name: 'door',
        kind: 'machine',
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

  it('gets entries in order and without gaps, however many come at once', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here, {}, [registration('x:0')]);
    for (let at = 1; at < 10_000; at += 1) teller.say(event('x:0', `E${String(at)}`));
    await page.until(({ entries }) => entries.length === 10_000);
    expect(page.entries.map(({ seq }) => seq)).toEqual(numbered(10_000));
    expect(page.of('event').map(({ name }) => name)).toEqual(
      numbered(9_999).map((at) => `E${String(at)}`),
    );
    expect(page.hellos).toBe(1);
  });

  it('that comes late sees the same as one that was there from the beginning', async () => {
    const here = await inspector();
    const early = await openPage(here);
    const teller = await openTeller(here);
    teller.say(registration('x:0'), event('x:0', 'OPEN'), state('x:0', 'open'));
    teller.say(registration('x:1'), stop('x:1'), 'garbage');
    await early.until(({ entries }) => entries.length === 6);
    teller.socket.close();
    await early.until(({ programs }) => programs.get('p1')?.source === 'gone');
    const late = await openPage(here);
    await late.until(({ entries }) => entries.length === 6);
    expect(late.entries).toEqual(early.entries);
    expect([...late.actors.values()]).toEqual([...early.actors.values()]);
    expect([...late.programs.values()]).toEqual([...early.programs.values()]);
  });

  it('sees what happens while it is being told what there was', async () => {
    const here = await inspector();
    const teller = await openTeller(here, {}, [registration('x:0')]);
    for (let at = 0; at < 2_000; at += 1) teller.say(state('x:0', 'open'));
    await teller.taken();
    const page = new Page(begin(here, withToken('/viewer')));
    for (let at = 0; at < 2_000; at += 1) teller.say(state('x:0', 'closed'));
    await page.until(({ entries }) => entries.length === 4_001);
    expect(page.entries.map(({ seq }) => seq)).toEqual(numbered(4_001));
  });

  it('loses the oldest entries for the newest', async () => {
    const here = await inspector();
    const teller = await openTeller(here, {}, [registration('x:0')]);
    for (let at = 1; at <= 20_010; at += 1) teller.say(state('x:0', `s${String(at)}`));
    await teller.taken();
    const page = await openPage(here);
    await page.until(({ entries }) => entries.length >= 20_000);
    expect(page.entries).toHaveLength(20_000);
    expect(page.entries[0]).toMatchObject({ seq: 12, state: { value: 's11' } });
    expect(page.actors.get('p1/x:0')).toMatchObject({ start: 0, base: { value: 's10' } });
  });

  it('learns that nobody wants to see messages any more', async () => {
    const here = await inspector();
    const [one, other] = [await openPage(here), await openPage(here)];
    one.say({ type: 'wire', on: true });
    await other.until(({ wire }) => wire);
    other.say({ type: 'wire', on: false });
    await one.until(({ wire }) => !wire);
  });
});

describe('a page that cannot keep up', () => {
  it('is shown everything anew, and no more than is kept', async () => {
    const here = await inspector();
    const teller = await openTeller(here, {}, [registration('x:0')]);
    const page = await openPage(here);
    await page.actor('x:0');
    page.socket.pause();
    const [large, count] = ['x'.repeat(100_000), 730];
    for (let at = 1; at <= count; at += 1)
      teller.say(event('x:0', `E${String(at)}`, { data: large }));
    await teller.taken();
    const swift = await openPage(here);
    page.socket.resume();
    for (const each of [page, swift]) {
      await each.until(({ entries }) => entries.at(-1)?.seq === count + 1);
    }
    expect(page.hellos).toBeGreaterThan(1);
    // What was dropped since it began anew it has to drop itself.
    expect(page.entries.slice(-swift.entries.length)).toEqual(swift.entries);
    const first = page.entries[0]?.seq ?? 0;
    expect(page.entries.map(({ seq }) => seq - first + 1)).toEqual(numbered(page.entries.length));
    // All of it was 73 MB.
    expect(swift.bytes).toBeLessThan(68e6);
  }, 60_000);

  const FULL = 32 * 1024 * 1024;
  const ALL: readonly ServerMessage[] = [{ type: 'hello', control: false, wire: false }];
  const entry = (seq: number, size: number, text = ''): ServerMessage => ({
    ...{ type: 'entry', kind: 'problem', seq, at: 0, actor: 'a', size, text },
  });

  /** A viewer whose socket takes nothing until it is told to. */
  function jammed() {
    const sent = gate();
    const socket = {
      bufferedAmount: 0,
      texts: [] as string[],
      send: (text: string) => {
        socket.texts.push(text);
        sent.open();
      },
    };
    const viewer = new Viewer(socket, () => ALL);
    return { socket, viewer, sent: sent.opened };
  }

  it.each([
    ['many', 50_001, 100],
    ['large', 50, 1024 * 1024],
  ])('has nothing kept for it that is too %s', async (_, count, size) => {
    const { socket, viewer, sent } = jammed();
    await sent;
    socket.bufferedAmount = FULL;
    for (let seq = 1; seq <= count; seq += 1) viewer.push(entry(seq, size));
    const next = gate();
    socket.send = (text) => {
      socket.texts.push(text);
      next.open();
    };
    socket.bufferedAmount = 0;
    await next.opened;
    expect(socket.texts).toEqual([JSON.stringify(ALL), JSON.stringify(ALL)]);
    viewer.close();
  });

  it('is sent nothing more before it has read what it has', () => {
    vi.useFakeTimers();
    try {
      const { socket, viewer } = jammed();
      vi.advanceTimersByTime(1_000);
      socket.bufferedAmount = FULL;
      viewer.push(entry(1, 100));
      vi.advanceTimersByTime(60_000);
      expect(socket.texts).toEqual([JSON.stringify(ALL)]);
      socket.bufferedAmount = 0;
      vi.advanceTimersByTime(1_000);
      expect(socket.texts).toEqual([ALL, [entry(1, 100)]].map((frame) => JSON.stringify(frame)));
      viewer.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is told what there is piece by piece, with turns of others in between', async () => {
    const all = Array.from({ length: 200 }, (_, at) => entry(at + 1, 100, 'x'.repeat(100_000)));
    const frames: string[] = [];
    const isSent = gate();
    let isOthersTurn = true;
    const send = (text: string) => {
      expect(isOthersTurn).toBe(true);
      isOthersTurn = false;
      setImmediate(() => (isOthersTurn = true));
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

  it('still gets what it has asked for', async () => {
    const { socket, viewer, sent } = jammed();
    const answer: ServerMessage = { type: 'no-chart', id: 'c', why: 'of a reason' };
    viewer.push(entry(1, 100));
    viewer.push(answer);
    await sent;
    expect(socket.texts).toEqual([JSON.stringify([...ALL, answer])]);
    viewer.close();
  });
});

describe('the chart that a page asks for', () => {
  it('is laid out, once for all pages', async () => {
    const here = await inspector();
    const teller = await openTeller(here, {}, [registration('x:0')]);
    const page = await openPage(here);
    const { chart: id } = await page.actor('x:0');
    page.say({ type: 'chart', id });
    await page.until(({ charts }) => charts.has(id));
    expect(page.charts.get(id)).toMatchObject({
      id,
      nodes: [{ id: 'door' }, { id: 'door:initial' }, { id: 'door.closed' }, { id: 'door.open' }],
    });
    const other = await openPage(here);
    other.say({ type: 'chart', id });
    await other.until(({ charts }) => charts.has(id));
    expect(other.charts).toEqual(page.charts);
    teller.socket.terminate();
  });

  it('is not there when nobody knows it, and is when somebody has told of it', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here);
    // The same machine has the same chart wherever it runs.
    const other = await inspector();
    await openTeller(other, {}, [registration('x:0')]);
    const { chart: id } = await (await openPage(other)).actor('x:0');
    page.say({ type: 'chart', id });
    await page.until(({ charts }) => charts.has(id));
    expect(page.charts.get(id)).toBe('it is no longer known');
    teller.say(registration('x:0'));
    await teller.taken();
    page.say({ type: 'chart', id });
    await page.until(({ charts }) => typeof charts.get(id) === 'object');
  });

  it('is there as long as an actor has it, however many others have come and gone', async () => {
    const here = await inspector();
    const teller = await openTeller(here, {}, [registration('x:0', { id: 'old' })]);
    const page = await openPage(here);
    for (let at = 1; at <= 1_200; at += 1) {
      const sessionId = `y:${String(at)}`;
      const machine = JSON.stringify({ id: sessionId, initial: 'a', states: { a: {} } });
      teller.say(
        registration(sessionId, { machine, state: registration('')['state'] }),
        stop(sessionId),
      );
    }
    await page.until(({ entries }) => entries.length === 2_401);
    const { chart: id } = await page.actor('old');
    page.say({ type: 'chart', id });
    await page.until(({ charts }) => charts.has(id));
    expect(page.charts.get(id)).toMatchObject({ id });
  });
});

describe('what no page of ours says', () => {
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
  ])('does nothing: %s', async (text) => {
    const here = await inspector({ control: true });
    const page = await openPage(here);
    const teller = await openTeller(here, {}, [registration('x:0')]);
    page.socket.send(text);
    page.socket.send(Buffer.from(text));
    page.say({ type: 'wire', on: true });
    await teller.wished(1);
    expect(teller.wishes).toEqual([{ type: 'wirechart.wire', on: true }]);
    expect(page.hellos).toBe(1);
  });
});
