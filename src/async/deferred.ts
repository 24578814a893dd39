/** A promise together with the functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

const ignore = () => undefined;

/** Creates a pending promise. */
export function defer<T>(): Deferred<T> {
  let resolve: (value: T) => void = ignore;
  let reject: (reason: unknown) => void = ignore;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Creates a pending promise that is marked as handled (see `markHandled()`). */
export function deferHandled<T>(): Deferred<T> {
  const deferred = defer<T>();
  void markHandled(deferred.promise);
  return deferred;
}

/** Marks a promise as handled: its rejection is no unhandled one, even if it is never awaited. */
export function markHandled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

/** Returns a rejected promise that is marked as handled. */
export function rejectHandled(reason: unknown): Promise<never> {
  const rejected = deferHandled<never>();
  rejected.reject(reason);
  return rejected.promise;
}

/**
 * A promise that knows whether anything waits for it: `await` calls the `then` of a subclass. It is marked
 * as handled.
 */
export class ObservedPromise extends Promise<undefined> {
  /** Promises that are derived from it are ordinary ones. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Creates a pending one, and the functions that settle it. */
  static defer(): Deferred<undefined> & { readonly promise: ObservedPromise } {
    let resolve: (value: undefined) => void = ignore;
    let reject: (reason: unknown) => void = ignore;
    const promise = new ObservedPromise((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    void markHandled(promise);
    promise.isObserved = false;
    return { promise, resolve, reject };
  }

  isObserved = false;

  override then<A = undefined, B = never>(
    onFulfilled?: ((value: undefined) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isObserved = true;
    return super.then(onFulfilled, onRejected);
  }
}

/** The one resolved promise that every `send()` with room returns, so that it allocates none. */
export const ACCEPTED: Promise<void> = /* @__PURE__ */ Promise.resolve();
