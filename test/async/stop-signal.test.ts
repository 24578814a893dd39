/** The signal that ends a wait of the link. */

import { describe, expect, it, vi } from 'vitest';
import { Stopper, toAbortSignal } from '../../src/async/stop-signal.ts';

/** Returns what `throwIfAborted()` throws. */
function thrownBy(signal: Stopper): unknown {
  try {
    signal.throwIfAborted();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('a stop signal', () => {
  it('is aborted by stop(), with an AbortError as its reason', () => {
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

  it('calls each listener once, even if it was added or stopped twice', () => {
    const signal = new Stopper();
    const [one, other] = [vi.fn(), vi.fn()];
    for (const listener of [one, one, other]) signal.addEventListener('abort', listener);
    expect(one).not.toHaveBeenCalled();
    signal.stop();
    signal.stop();
    expect([one.mock.calls, other.mock.calls]).toEqual([[[]], [[]]]);
  });

  it('calls no listener that was removed, or added after the stop', () => {
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

  it('is aborted when it calls the listeners, of which one may throw', () => {
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
  it('returns an AbortSignal as it is', () => {
    const { signal } = new AbortController();
    expect(toAbortSignal(signal)).toBe(signal);
  });

  it('returns a signal that is aborted with the Stopper, for its reason', () => {
    const stopper = new Stopper();
    const signal = toAbortSignal(stopper);
    expect([signal instanceof AbortSignal, signal.aborted]).toEqual([true, false]);
    stopper.stop();
    expect([signal.aborted, signal.reason]).toEqual([true, stopper.reason]);
  });

  it('returns an aborted signal for a Stopper that was stopped before', () => {
    const stopper = new Stopper();
    stopper.stop();
    const signal = toAbortSignal(stopper);
    expect([signal.aborted, signal.reason]).toEqual([true, stopper.reason]);
  });
});
