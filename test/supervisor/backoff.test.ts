import { describe, expect, it, vi } from 'vitest';
import type { Backoff } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { Machine, withoutJitter } from './support.ts';

expectIdleAfterEach();

/** The waits after each of so many refused attempts, in ms. */
async function waitsOf(count: number, backoff?: Backoff): Promise<readonly number[]> {
  const machine = new Machine({ backoff });
  for (let attempt = 0; attempt < count; attempt += 1) {
    await machine.refuse();
    await machine.passWait();
  }
  return machine.waits;
}

/** A pseudo-random function with a fixed seed. */
const seeded = (): (() => number) => {
  let state = 42;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
};

describe('the waits', () => {
  it('double from 100 ms up to 30 s', async () => {
    expect(await waitsOf(11, withoutJitter)).toEqual([
      100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000,
    ]);
  });

  it('depend on the options', async () => {
    expect(await waitsOf(5, { ...withoutJitter, initial: 10, factor: 3, max: 200 })).toEqual([
      10, 30, 90, 200, 200,
    ]);
    expect(await waitsOf(3, { ...withoutJitter, initial: 10, factor: 1 })).toEqual([10, 10, 10]);
    expect(await waitsOf(3, { ...withoutJitter, initial: 500, max: 200 })).toEqual([200, 200, 200]);
    expect(await waitsOf(4, { ...withoutJitter, initial: 8, factor: 0.5 })).toEqual([8, 4, 2, 1]);
  });

  it('are random, from 0 to the full length', async () => {
    const random = seeded();
    const expected = [100, 200, 400, 800, 1_600].map((max) => Math.round(random() * max));
    expect(await waitsOf(5, { random: seeded() })).toEqual(expected);
    expect(new Set(expected).size).toBe(5);
    expect(await waitsOf(3, { random: () => 0 })).toEqual([0, 0, 0]);
    expect(await waitsOf(3, { random: () => 0.5 })).toEqual([50, 100, 200]);
  });

  it('use Math.random by default', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.25);
    try {
      expect(await waitsOf(3)).toEqual([25, 50, 100]);
    } finally {
      random.mockRestore();
    }
  });

  it.each<[string, () => number]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['returns NaN', () => NaN],
    ['returns more than 1', () => 7],
    ['returns less than 0', () => -1],
  ])('have the full length when `random` %s', async (_, random) => {
    expect(await waitsOf(2, { random })).toEqual([100, 200]);
  });

  it('are at most the longest delay of a timer, and never NaN', async () => {
    const infinite = { initial: Infinity, max: Infinity };
    expect(await waitsOf(2, { ...withoutJitter, ...infinite })).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
    expect(await waitsOf(2, { random: () => 0, ...infinite })).toEqual([0, 0]);
  });

  it('last exactly as long as emitted', async () => {
    const machine = new Machine({ backoff: withoutJitter });
    await machine.refuse();
    await machine.advance(99);
    expect(machine.state).toBe('WAITING');
    expect(machine.context.wait).toBe(100);
    await machine.advance(1);
    expect(machine.state).toBe('CONNECTING.connecting');
  });

  it('end at once on RETRY, which leaves no timer behind', async () => {
    const machine = new Machine({ backoff: withoutJitter });
    await machine.refuse();
    expect(machine.clock.timers).toBe(1);
    machine.actor.send({ type: 'RETRY' });
    expect(machine.state).toBe('CONNECTING.locating');
    await machine.refuse();
    expect(machine.waits).toEqual([100, 200]);
    expect(machine.clock.timers).toBe(1);
  });
});
