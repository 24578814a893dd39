/** Reader loops under load: they share the time of the process. */

import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Turns } from '../../src/io/turn.ts';
import { startReader } from './reader-support.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const linesOf = (count: number): string =>
  Array.from({ length: count }, (_, at) => `${String(at)}\n`).join('');

/** Starts loops that share their turns and whose handlers take so many ms for each message. */
function busy(msPerMessage: number, count = 1) {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const turns = new Turns();
  return Array.from({ length: count }, () =>
    startReader(() => {
      now += msPerMessage;
      return undefined;
    }, turns),
  );
}

/** How many messages each loop handles in each turn of the event loop, from now until all are handled. */
async function turnsOf(loops: ReturnType<typeof busy>, messages: number): Promise<number[][]> {
  const counts: number[][] = [];
  const total = () => loops.reduce((sum, { handled }) => sum + handled.length, 0);
  while (total() < messages) {
    const before = loops.map(({ handled }) => handled.length);
    await turn();
    counts.push(loops.map(({ handled }, at) => handled.length - (before[at] ?? 0)));
  }
  return counts.filter((each) => each.some((handled) => handled > 0));
}

const sum = (counts: readonly number[]): number => counts.reduce((all, each) => all + each, 0);

describe('a flood', () => {
  it('is handled in one turn when the handler is fast', async () => {
    const loops = busy(0);
    loops[0]?.stream.push(linesOf(100));
    expect(await turnsOf(loops, 100)).toEqual([[100]]);
  });

  it('is interrupted after 6 ms of work, and the clock is read at least every 16 messages', async () => {
    const loops = busy(0.5);
    loops[0]?.stream.push(linesOf(100));
    const [first = [], ...rest] = await turnsOf(loops, 100);
    // The first turn begins with the first look at the clock; sixteen messages later eight ms have passed.
    expect(sum(first)).toBeLessThanOrEqual(16 + 16);
    // Later turns begin at once, and then the clock is read more often, because messages take long.
    for (const counts of rest) expect(sum(counts)).toBeLessThanOrEqual(12 + 4);
  });

  it('is paused during the interruption', async () => {
    const loops = busy(1);
    const [{ stream, signal, handled } = startReader()] = loops;
    stream.push(linesOf(100));
    await turn();
    const before = handled.length;
    expect([before > 0, before < 100, stream.isPaused()]).toEqual([true, true, true]);
    signal.stop();
    await turn();
    expect(handled).toHaveLength(before);
  });

  it('may be left to the next loop during the interruption', async () => {
    const [{ stream, signal, handled, read } = startReader()] = busy(1);
    stream.push(linesOf(40));
    await turn();
    signal.stop();
    // It takes the remaining messages and waits, when the first loop would have continued.
    const next = read();
    await turn();
    await stream.deliver('41\n', null);
    await next.loop;
    expect(handled).toHaveLength(41);
  });
});

describe('the floods of many peers', () => {
  const PEERS = 20;
  const MESSAGES = 60;

  async function flood(msPerMessage: number): Promise<number[][]> {
    const loops = busy(msPerMessage, PEERS);
    for (const { stream } of loops) stream.push(linesOf(MESSAGES));
    return turnsOf(loops, PEERS * MESSAGES);
  }

  it.each([0.1, 0.5, 3, 20])(
    'together take 6 ms of a turn, and what one look at the clock misses (%s ms each)',
    async (msPerMessage) => {
      const [first = [], ...turns] = await flood(msPerMessage);
      // In the first turn, the loops do not know yet how long a message takes.
      expect(sum(first)).toBeLessThanOrEqual(6 / msPerMessage + 16 + 16);
      const missed = Math.min(16, Math.max(1, 2 / msPerMessage));
      for (const counts of turns) {
        expect(sum(counts)).toBeLessThanOrEqual(Math.ceil(6 / msPerMessage + missed) + 1);
      }
    },
  );

  it('are handled in turn: none gets its second slice before the others had their first', async () => {
    const turns = await flood(0.5);
    const handled = Array.from({ length: PEERS }, () => 0);
    for (const counts of turns) {
      for (const [at, count] of counts.entries()) handled[at] = (handled[at] ?? 0) + count;
      // A slice is 1.5 ms, and what one look at the clock misses.
      const [least, most] = [Math.min(...handled), Math.max(...handled)];
      expect(most - least).toBeLessThanOrEqual(2 * (3 + 16));
    }
  });

  it('do not keep a quiet peer waiting for longer than a slice of each', async () => {
    const loops = busy(0.5, PEERS);
    const [quiet = startReader(), ...others] = loops;
    for (const { stream } of others) stream.push(linesOf(MESSAGES));
    await turn();
    quiet.stream.push('ping\n');
    let before = 0;
    while (quiet.handled.length === 0) {
      before = others.reduce((all, { handled }) => all + handled.length, 0);
      await turn();
    }
    expect(before).toBeLessThan((PEERS - 1) * MESSAGES * 0.7);
  });
});
