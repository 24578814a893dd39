/** Waits that can be given up with an `AbortSignal` or a `StopSignal`. */

import type { StopSignal } from './stop-signal.ts';

/** The signals that have our listener now. */
const watches = new WeakMap<StopSignal, Watch>();

/** Our one listener on a signal, and the callbacks that it calls. */
interface Watch {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/**
 * Calls `callback` when `signal` is aborted; never, if it is aborted already. Any number of waits
 * may share a signal: they share one listener, because Node warns of a leak at more than ten.
 *
 * @returns A function that removes the callback.
 */
export function whenAborted(signal: StopSignal, callback: () => void): () => void {
  const watch = watches.get(signal) ?? watchSignal(signal);
  watch.callbacks.add(callback);
  return () => {
    if (!watch.callbacks.delete(callback) || watch.callbacks.size > 0) return;
    signal.removeEventListener('abort', watch.listener);
    watches.delete(signal);
  };
}

function watchSignal(signal: StopSignal): Watch {
  const callbacks = new Set<() => void>();
  const listener = () => {
    watches.delete(signal);
    for (const callback of [...callbacks]) callback();
  };
  const watch = { callbacks, listener };
  watches.set(signal, watch);
  signal.addEventListener('abort', listener, { once: true });
  return watch;
}

/**
 * Returns a promise that settles as `promise` does, or rejects with `signal.reason` itself, after
 * calling `onAbort`, as soon as `signal` is aborted. Without a signal, returns `promise` itself.
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
    const unwatch = whenAborted(signal, abort);
    const settle =
      <V>(settleWith: (value: V) => void) =>
      (value: V) => {
        unwatch();
        settleWith(value);
      };
    promise.then(settle(resolve), settle(reject));
  });
}
