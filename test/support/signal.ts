/** Explicit signals, which replace sleeps. */

/** A promise, and the functions that settle it. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
  readonly fail: (error: unknown) => void;
}

/** Creates a promise that the test settles. */
export function gate(): Gate {
  let open: Gate['open'] = () => undefined;
  let fail: Gate['fail'] = () => undefined;
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** Resolves with the reason of a rejection; rejects when the promise resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`Expected a rejection, but it resolved with ${String(value)}`);
}

/** Whether the promise settles within one turn of the event loop. */
export async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const onSettled = () => {
    settled = true;
  };
  promise.then(onSettled, onSettled);
  await turn();
  return settled;
}

/** Waits for one full turn of the event loop: due timers, I/O, immediates. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      setImmediate(resolve);
    });
  });
}
