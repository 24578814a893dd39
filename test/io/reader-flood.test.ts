/** The reader loop under load. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { turn } from '../support/signal.ts';
import { startReader } from './reader-support.ts';
import type { Source } from './source.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a flood', () => {
  const MANY = Array.from({ length: 100 }, (_, at) => `${String(at)}\n`).join('');

  /** A loop for which each message takes so many ms. */
  function busy(msPerMessage: number) {
    let now = 1000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    return startReader(() => {
      now += msPerMessage;
      return undefined;
    });
  }

  /** How many messages were handed over in each turn of the event loop. */
  async function turnsOf({ stream, handled }: ReturnType<typeof startReader>): Promise<number[]> {
    const counts: number[] = [];
    const note = () => {
      counts.push(handled.length - counts.reduce((sum, count) => sum + count, 0));
      if (handled.length < 100) setImmediate(note);
    };
    stream.push(MANY);
    await new Promise<void>((resolve) => {
      stream.once('data', () => {
        process.nextTick(() => {
          note();
          resolve();
        });
      });
    });
    while (handled.length < 100) await turn();
    await turn();
    return counts;
  }

  it('is taken in one go where it is quick', async () => {
    expect(await turnsOf(busy(0))).toEqual([100]);
  });

  it('gives way to others after six ms of work, looked at every sixteen messages', async () => {
    const counts = await turnsOf(busy(0.5));
    // A turn begins with the first look; sixteen messages later eight ms have gone.
    expect(counts.filter((count) => count > 0)).toEqual([32, 32, 32, 4]);
  });

  /** The first part of it has been handed over. */
  const pausedFirst = (stream: Source) =>
    new Promise<void>((resolve) => {
      stream.once('data', () => {
        process.nextTick(resolve);
      });
    });

  it('is paused while others have their turn', async () => {
    const running = busy(1);
    running.stream.push(MANY);
    await pausedFirst(running.stream);
    expect(running.handled).toHaveLength(32);
    expect(running.stream.isPaused()).toBe(true);
    running.signal.stop();
    await turn();
    expect(running.handled).toHaveLength(32);
  });

  it('may be left in such a pause to the next, who then hears of all that comes', async () => {
    const { stream, signal, handled, read } = busy(1);
    stream.push(MANY.split('\n', 40).join('\n') + '\n');
    await pausedFirst(stream);
    signal.stop();
    // It takes the eight that are left, and waits, when the first one's turn would come.
    const next = read();
    await turn();
    await stream.say('41\n', null);
    await next.loop;
    expect(handled).toHaveLength(41);
  });
});
