import { describe, expect, it, vi } from 'vitest';
import type { Backoff } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { Machine, steady } from './support.ts';

expectIdleAfterEach();

/** How long it waits after each of so many attempts that are refused. */
async function waitsOf(count: number, backoff?: Backoff): Promise<readonly number[]> {
  const one = new Machine({ backoff });
  for (let attempt = 0; attempt < count; attempt += 1) {
    await one.refuse();
    await one.wait();
  }
  return one.waits;
}

/** Numbers from 0 to 1 that are the same each time. */
const seeded = (): (() => number) => {
  let state = 42;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
};

describe('the waits', () => {
  it('double from 100 ms up to 30 s', async () => {
    expect(await waitsOf(11, steady)).toEqual([
      100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000,
    ]);
  });

  it('are what the options say', async () => {
    expect(await waitsOf(5, { ...steady, initial: 10, factor: 3, max: 200 })).toEqual([
      10, 30, 90, 200, 200,
    ]);
    expect(await waitsOf(3, { ...steady, initial: 10, factor: 1 })).toEqual([10, 10, 10]);
    expect(await waitsOf(3, { ...steady, initial: 500, max: 200 })).toEqual([200, 200, 200]);
    expect(await waitsOf(4, { ...steady, initial: 8, factor: 0.5 })).toEqual([8, 4, 2, 1]);
  });

  it('are anything from 0 to that, by chance', async () => {
    const random = seeded();
    const expected = [100, 200, 400, 800, 1_600].map((most) => Math.round(random() * most));
    expect(await waitsOf(5, { random: seeded() })).toEqual(expected);
    expect(new Set(expected).size).toBe(5);
    expect(await waitsOf(3, { random: () => 0 })).toEqual([0, 0, 0]);
    expect(await waitsOf(3, { random: () => 0.5 })).toEqual([50, 100, 200]);
  });

  it('come from Math.random, where nothing else is said', async () => {
    const chance = vi.spyOn(Math, 'random').mockReturnValue(0.25);
    try {
      expect(await waitsOf(3)).toEqual([25, 50, 100]);
    } finally {
      chance.mockRestore();
    }
  });

  it.each<[string, () => number]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['gives no number', () => NaN],
    ['gives too much', () => 7],
    ['gives less than nothing', () => -1],
  ])('are the longest, where `random` %s', async (_, random) => {
    expect(await waitsOf(2, { random })).toEqual([100, 200]);
  });

  it('are no longer than a timer can be, and none is NaN', async () => {
    const endless = { initial: Infinity, max: Infinity };
    expect(await waitsOf(2, { ...steady, ...endless })).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
    expect(await waitsOf(2, { random: () => 0, ...endless })).toEqual([0, 0]);
  });

  it('last as long as they say', async () => {
    const one = new Machine({ backoff: steady });
    await one.refuse();
    await one.pass(99);
    expect(one.state).toBe('WAITING');
    expect(one.context.wait).toBe(100);
    await one.pass(1);
    expect(one.state).toBe('CONNECTING.connecting');
  });

  it('end at once by RETRY, which leaves no timer behind', async () => {
    const one = new Machine({ backoff: steady });
    await one.refuse();
    expect(one.clock.timers).toBe(1);
    one.actor.send({ type: 'RETRY' });
    expect(one.state).toBe('CONNECTING.locating');
    await one.refuse();
    expect(one.waits).toEqual([100, 200]);
    expect(one.clock.timers).toBe(1);
  });
});
