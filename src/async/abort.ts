/** Waits that can be given up with an `AbortSignal`, or with a signal of ours. */

import type { StopSignal } from './stop-signal.ts';

const watched = new WeakMap<StopSignal, Watch>();

interface Watch {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/**
 * Calls back when `signal` is aborted, if it is not already. Any number of waits may share a signal:
 * it has one listener of ours at most, because Node takes more than ten for a leak.
 *
 * @returns A function that takes it back.
 */
export function whenAborted(signal: StopSignal, callback: () => void): () => void {
  const watch = watched.get(signal) ?? watchSignal(signal);
  watch.callbacks.add(callback);
  return () => {
    if (!watch.callbacks.delete(callback) || watch.callbacks.size > 0) return;
    signal.removeEventListener('abort', watch.listener);
    watched.delete(signal);
  };
}

function watchSignal(signal: StopSignal): Watch {
  const callbacks = new Set<() => void>();
  const listener = () => {
    watched.delete(signal);
    for (const callback of [...callbacks]) callback();
  };
  const watch = { callbacks, listener };
  watched.set(signal, watch);
  signal.addEventListener('abort', listener, { once: true });
  return watch;
}

/**
 * The same wait, given up when `signal` is aborted: the promise rejects with `signal.reason` itself,
 * and `onAbort` is told. Without a signal it is `promise` itself.
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: StopSignal | undefined,
  onAbort?: (reason: unknown) => void,
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => {
      onAbort?.(signal.reason);
      reject(signal.reason);
    };
    if (signal.aborted) {
      abort();
      return;
    }
    const forget = whenAborted(signal, abort);
    const settle =
      <V>(settleWith: (value: V) => void) =>
      (value: V) => {
        forget();
        settleWith(value);
      };
    promise.then(settle(resolve), settle(reject));
  });
}
