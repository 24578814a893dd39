/** Recordings that are longer than the history of a program that reports: they are kept whole. */

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RECORDING_BOUNDS, TOTAL_BOUNDS } from '../../inspector/shared/history.ts';
import { totalHistoryBounds } from '../../inspector/src/bounds.ts';
import { Hub } from '../../inspector/src/hub.ts';
import { RecordingReader } from '../../inspector/src/recording-reader.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { startTestInspector } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { event, introduction, openProgram, registration, state } from './fake-program.ts';
import { largeRecording } from './large-recording.ts';

expectIdleAfterEach();

const MEBI = 1024 * 1024;
const lineOf = (message: object): string => `${JSON.stringify(message)}\n`;

describe('a long recording', () => {
  it('is kept whole, and displaces nothing of a program that is connected', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, { name: 'live' }, [registration('x:0')]);
    program.send(event('x:0', 'BEFORE'));
    await program.handled();
    const count = 45_000;
    const text =
      lineOf(introduction()) +
      lineOf(registration('x:0')) +
      lineOf(event('x:0', 'FIRST')) +
      lineOf(event('x:0', 'E')).repeat(count) +
      lineOf(state('x:0', 'open'));
    await inspector.open('long.jsonl', [text]);
    program.send(event('x:0', 'AFTER'));
    await program.handled();
    const page = await openFakePage(inspector);
    await page.until((it) => it.of('event', { id: 'p1/x:0' }).length === 2);
    expect(page.summaryOf({ id: 'p1/x:0' })).toEqual(['start', 'event BEFORE', 'event AFTER']);
    const recorded = page.summaryOf({ id: 'p2/x:0' });
    expect(recorded).toHaveLength(count + 3);
    expect([recorded[1], recorded.at(-1)]).toEqual(['event FIRST', 'state open']);
    for (const view of page.programs.values()) expect(view).not.toHaveProperty('dropped');
  });

  it('says how much has been read, and when that is all', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const text = largeRecording(3 * MEBI, 20);
    await inspector.open('large.jsonl', [text]);
    await page.until(({ openings }) => openings.at(-1)?.isDone === true);
    const { openings } = page;
    expect(openings.length).toBeGreaterThan(2);
    expect(openings.filter(({ isDone }) => isDone)).toEqual([
      { type: 'opening', id: 1, name: 'large.jsonl', bytes: Buffer.byteLength(text), isDone: true },
    ]);
    const bytes = openings.map((one) => one.bytes);
    expect(bytes).toEqual(bytes.toSorted((one, other) => one - other));
    await inspector.open('other.jsonl', [text]);
    await page.until((it) => it.openings.at(-1)?.id === 2 && it.openings.at(-1)?.isDone === true);
  });

  it('says that it is over when it cannot be read to its end', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    function* failing() {
      yield largeRecording(2 * MEBI, 20);
      throw new Error('The disk has failed');
    }
    await expect(inspector.open('half.jsonl', failing())).rejects.toThrow('The disk has failed');
    await page.until(({ openings }) => openings.at(-1)?.isDone === true);
  });

  it('waits for a page that is behind, and goes on when that has caught up', async () => {
    const hub = new Hub(false);
    cleanUp(() => hub.close());
    const sent: string[] = [];
    const socket = { bufferedAmount: 8 * MEBI, send: (text: string) => void sent.push(text) };
    const viewer = hub.addViewer(socket);
    let isRead = false;
    const opening = new RecordingReader(hub).open('large', [largeRecording(2 * MEBI, 20)]);
    void opening.then(() => {
      isRead = true;
    });
    // It reads 256 KiB between two waits.
    for (let turns = 0; turns < 100; turns += 1) await turn();
    expect(isRead).toBe(false);
    socket.bufferedAmount = 0;
    await opening;
    hub.removeViewer(viewer);
  });
});

describe('a program that was connected for long', () => {
  it('says to a page that opens how many older entries are no longer kept', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    for (let at = 0; at < 20_100; at += 1) program.send(event('x:0', 'E'));
    await program.handled();
    const page = await openFakePage(inspector);
    expect((await page.program('program')).dropped).toBe(101);
  });
});

describe('all histories together', () => {
  it('are bounded by what Node may use, and have room for a whole recording', () => {
    const { size, entries } = totalHistoryBounds();
    expect(entries).toBe(TOTAL_BOUNDS.entries);
    expect(size).toBeLessThanOrEqual(TOTAL_BOUNDS.size);
    expect(size).toBeGreaterThan(64 * MEBI);
    expect(RECORDING_BOUNDS.size).toBeGreaterThan(64 * MEBI);
  });
});
