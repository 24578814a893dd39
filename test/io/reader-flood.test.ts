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

  /** Starts a loop whose handler takes so many ms for each message. */
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
    const count = () => {
      counts.push(handled.length - counts.reduce((sum, each) => sum + each, 0));
      if (handled.length < 100) setImmediate(count);
    };
    stream.push(MANY);
    await new Promise<void>((resolve) => {
      stream.once('data', () => {
        process.nextTick(() => {
          count();
          resolve();
        });
      });
    });
    while (handled.length < 100) await turn();
    await turn();
    return counts;
  }

  it('is handled in one turn when the handler is fast', async () => {
    expect(await turnsOf(busy(0))).toEqual([100]);
  });

  it('is interrupted after 6 ms of work, checked every 16 messages', async () => {
    const counts = await turnsOf(busy(0.5));
    // A turn begins with the first check; sixteen messages later eight ms have passed.
    expect(counts.filter((each) => each > 0)).toEqual([32, 32, 32, 4]);
  });

  /** Resolves when the first messages have been handed over. */
  const firstTurn = (stream: Source) =>
    new Promise<void>((resolve) => {
      stream.once('data', () => {
        process.nextTick(resolve);
      });
    });

  it('is paused during the interruption', async () => {
    const running = busy(1);
    running.stream.push(MANY);
    await firstTurn(running.stream);
    expect(running.handled).toHaveLength(32);
    expect(running.stream.isPaused()).toBe(true);
    running.signal.stop();
    await turn();
    expect(running.handled).toHaveLength(32);
  });

  it('may be left to the next loop during the interruption', async () => {
    const { stream, signal, handled, read } = busy(1);
    stream.push(MANY.split('\n', 40).join('\n') + '\n');
    await firstTurn(stream);
    signal.stop();
    // It takes the eight remaining messages and waits, when the first loop would have continued.
    const next = read();
    await turn();
    await stream.deliver('41\n', null);
    await next.loop;
    expect(handled).toHaveLength(41);
  });
});
