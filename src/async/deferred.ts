/** A promise with its settling functions beside it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

const ignore = () => undefined;

/** A new, unsettled one. */
export function defer<T>(): Deferred<T> {
  let resolve: (value: T) => void = ignore;
  let reject: (reason: unknown) => void = ignore;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/**
 * One whose rejection nobody need hear: it reaches those who wait for it, and is no unhandled
 * rejection where nobody does.
 */
export function deferHandled<T>(): Deferred<T> {
  const deferred = defer<T>();
  void markHandled(deferred.promise);
  return deferred;
}

/** The same promise; its rejection is no unhandled one where nobody waits for it. */
export function markHandled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

/** The one resolved promise of every `send()` that has room: nothing is allocated, nothing need be awaited. */
export const ACCEPTED: Promise<void> = Promise.resolve();
