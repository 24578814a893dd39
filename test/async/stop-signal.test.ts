/** The signal that ends a wait of the link. */

import { describe, expect, it, vi } from 'vitest';
import { Stopper, toAbortSignal } from '../../src/async/stop-signal.ts';

/** What it throws when it is asked to. */
function thrownBy(signal: Stopper): unknown {
  try {
    signal.throwIfAborted();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('a stop signal', () => {
  it('says that it was stopped, and why, as aborted waits do everywhere', () => {
    const signal = new Stopper();
    expect([signal.aborted, signal.reason, thrownBy(signal)]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    signal.stop();
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(DOMException);
    expect(signal.reason).toMatchObject({ name: 'AbortError', message: 'The wait was stopped' });
    expect(thrownBy(signal)).toBe(signal.reason);
  });

  it('calls each listener once, however often it was added and it is stopped', () => {
    const signal = new Stopper();
    const [one, other] = [vi.fn(), vi.fn()];
    for (const listener of [one, one, other]) signal.addEventListener('abort', listener);
    expect(one).not.toHaveBeenCalled();
    signal.stop();
    signal.stop();
    expect([one.mock.calls, other.mock.calls]).toEqual([[[]], [[]]]);
  });

  it('calls none that was removed, and none that came after the stop', () => {
    const signal = new Stopper();
    const [removed, late] = [vi.fn(), vi.fn()];
    signal.removeEventListener('abort', removed);
    signal.addEventListener('abort', removed);
    signal.removeEventListener('abort', removed);
    signal.addEventListener('abort', () => {
      signal.addEventListener('abort', late);
    });
    signal.stop();
    signal.addEventListener('abort', late);
    signal.stop();
    expect(removed).not.toHaveBeenCalled();
    expect(late).not.toHaveBeenCalled();
  });

  it('is stopped when its listeners hear of it, and one that throws harms nobody', () => {
    const signal = new Stopper();
    const seen: boolean[] = [];
    signal.addEventListener('abort', () => {
      seen.push(signal.aborted);
      throw new Error('broken');
    });
    signal.addEventListener('abort', () => seen.push(signal.aborted));
    signal.stop();
    expect(seen).toEqual([true, true]);
  });
});

describe('toAbortSignal()', () => {
  it('gives an AbortSignal as it is', () => {
    const { signal } = new AbortController();
    expect(toAbortSignal(signal)).toBe(signal);
  });

  it('gives one that is aborted with the other, for its reason', () => {
    const stopper = new Stopper();
    const signal = toAbortSignal(stopper);
    expect([signal instanceof AbortSignal, signal.aborted]).toEqual([true, false]);
    stopper.stop();
    expect([signal.aborted, signal.reason]).toEqual([true, stopper.reason]);
  });

  it('gives one that is aborted where the other was stopped before', () => {
    const stopper = new Stopper();
    stopper.stop();
    const signal = toAbortSignal(stopper);
    expect([signal.aborted, signal.reason]).toEqual([true, stopper.reason]);
  });
});
