/** Dialling a UNIX socket whose backlog is full, which a system call without a deadline would wait for. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { parseAddress } from '../../src/io/address.ts';
import { dial } from '../../src/io/dial.ts';
import { fillBacklog, type FullBacklog } from '../support/backlog.ts';
import { useFixture } from '../support/sockets.ts';

const fixture = useFixture();

async function fullListener(): Promise<FullBacklog> {
  const backlog = await fillBacklog(fixture.path);
  fixture.cleanups.push(() => backlog.close());
  return backlog;
}

/** A clock that tells when a timer was set, and whether any is left. */
class WatchedClock extends SimulatedClock {
  readonly delays: number[] = [];
  readonly #ids = new Set<number>();
  #wake: (() => void) | undefined;

  get pending(): number {
    return this.#ids.size;
  }

  /** Resolves when the next timer is set. */
  nextTimer(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  override setTimeout(callback: () => void, ms: number): number {
    this.delays.push(ms);
    const id = super.setTimeout(() => {
      this.#ids.delete(id);
      callback();
    }, ms);
    this.#ids.add(id);
    this.#wake?.();
    return id;
  }

  override clearTimeout(id: number): void {
    this.#ids.delete(id);
    super.clearTimeout(id);
  }
}

describe('dialling a UNIX socket whose backlog is full', () => {
  it('waits, longer each time, and succeeds when there is room', async () => {
    const backlog = await fullListener();
    const clock = new WatchedClock();
    const dialled = dial(parseAddress(fixture.path), new AbortController().signal, { clock });
    for (let pause = 1; pause <= 8; pause += 1) {
      await clock.nextTimer();
      if (pause < 8) clock.increment(clock.delays.at(-1) ?? 0);
    }
    expect(clock.delays).toEqual([5, 10, 20, 40, 80, 160, 250, 250]);
    backlog.release();
    // Real time passes until the listener has accepted the connections before it.
    const again = setInterval(() => {
      clock.increment(250);
    }, 1);
    const stream = await dialled;
    clearInterval(again);
    stream.destroy();
    expect(clock.pending).toBe(0);
  });

  it('gives up when the signal is aborted, and leaves no timer', async () => {
    await fullListener();
    const clock = new WatchedClock();
    const reasons: Error[] = [];
    const controller = new AbortController();
    const timer = clock.nextTimer();
    const dialled = dial(parseAddress(fixture.path), controller.signal, {
      clock,
      onObstacle: (reason) => reasons.push(reason),
    });
    await timer;
    expect(clock.pending).toBe(1);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(dialled).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
    expect(reasons).toMatchObject([
      { code: 'EAGAIN', message: expect.stringContaining('its backlog is full') as string },
    ]);
  });

  it('waits in real time by default', async () => {
    const backlog = await fullListener();
    const stream = await dial(parseAddress(fixture.path), new AbortController().signal, {
      onObstacle: () => {
        backlog.release();
      },
    });
    stream.destroy();
  });
});
