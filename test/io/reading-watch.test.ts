/** The warning of a handler that keeps the reader from reading. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lines } from '../../src/index.ts';
import { Inbound } from '../../src/io/inbound.ts';
import { readLoop } from '../../src/io/reader.ts';
import { Stopper } from '../../src/async/stop-signal.ts';
import { type Gate, gate, turn } from '../support/signal.ts';
import { Source } from './source.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Starts a reader whose handler is pending until the test opens the gate of its message. */
async function start() {
  const stream = new Source();
  const inbound = new Inbound(stream, lines().createDecoder({}), { maxMessageBytes: Infinity });
  const gates: Gate[] = [];
  const warn = vi.fn<(text: string) => void>();
  const signal = new Stopper();
  const handle = () => {
    const pending = gate();
    gates.push(pending);
    return pending.opened;
  };
  readLoop(inbound, handle, signal, warn).catch(() => undefined);
  await turn();
  return { stream, gates, warn, signal };
}

describe('a pending handler', () => {
  it.each([
    ['in the same chunk', ['a\nb\n']],
    ['in another chunk', ['a\n', 'b\n']],
  ])('is warned of once, when bytes wait %s', async (_, chunks) => {
    const { stream, warn } = await start();
    await stream.deliver(...chunks);
    vi.advanceTimersByTime(9_999);
    expect(warn).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('onMessage has been pending')]]);
    vi.advanceTimersByTime(100_000);
    expect([warn.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('is not warned of while no bytes wait, and is when they come', async () => {
    const { stream, warn } = await start();
    await stream.deliver('a\n');
    vi.advanceTimersByTime(60_000);
    expect(warn).not.toHaveBeenCalled();
    await stream.deliver('b\n');
    vi.advanceTimersByTime(5_000);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('is not warned of when each of many ends in time, and one timer serves them all', async () => {
    const { stream, gates, warn } = await start();
    await stream.deliver('a\n'.repeat(20));
    for (let at = 0; at < 20; at += 1) {
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(4_000);
      gates[at]?.open();
      await turn();
    }
    vi.advanceTimersByTime(60_000);
    expect([warn.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('leaves no timer when the reader is stopped', async () => {
    const { stream, signal } = await start();
    await stream.deliver('a\nb\n');
    expect(vi.getTimerCount()).toBe(1);
    signal.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
