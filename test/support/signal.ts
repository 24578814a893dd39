/** Explicit signals, in the place of sleeps. */

/** A promise that the test settles, and a record of whether it did. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
  readonly fail: (error: unknown) => void;
}

/** A promise that the test settles when it wants. */
export function gate(): Gate {
  let open: Gate['open'] = () => undefined;
  let fail: Gate['fail'] = () => undefined;
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** What a promise rejects with; fails when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`Expected a rejection, but it resolved with ${String(value)}`);
}

/** Whether the promise has settled by now; takes a turn of the event loop. */
export async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  await turn();
  return settled;
}

/** One full turn of the event loop: timers due, I/O, immediates. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      setImmediate(resolve);
    });
  });
}
