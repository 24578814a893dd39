/** The reader loop: hands the messages of a stream to a handler, one at a time and in order. */

import { handlerError } from '../errors.ts';
import type { Inbound } from './inbound.ts';

/** Takes a message; a returned promise says when it is ready for the next. */
export type Handle<In> = (message: In) => PromiseLike<void> | undefined;

/**
 * Runs until `signal` is aborted, and then leaves the stream paused where it stands, for the next
 * reader. Resolves when the peer has ended its side and every message has been handled; rejects
 * with a `WirechartError` when the stream fails, its bytes are no message, or the handler failed.
 */
export function readLoop<In>(
  inbound: Inbound<In>,
  handle: Handle<In>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      inbound.change = undefined;
      inbound.pause();
    };
    const end = (): void => {
      signal.removeEventListener('abort', stop);
      if (!signal.aborted) stop();
    };
    const fail = (thrown: unknown): void => {
      end();
      const error = handlerError('onMessage', thrown);
      // A reader that was stopped in the middle of a message is not heard any more.
      if (signal.aborted) inbound.fault ??= error;
      reject(error);
    };
    const run = (): void => {
      try {
        if (!takeAll(inbound, handle, signal, run, fail)) return;
        end();
        resolve();
      } catch (error) {
        fail(error);
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    // Not at once: the former reader may stand below us on the stack, in the middle of a message.
    queueMicrotask(run);
  });
}

/** Handles what is there, sees to it that `run` is called when there is more; true at the end. */
function takeAll<In>(
  inbound: Inbound<In>,
  handle: Handle<In>,
  signal: AbortSignal,
  run: () => void,
  fail: (error: unknown) => void,
): boolean {
  // Bytes that come while a message is handled must wait for the next turn of this loop.
  inbound.change = undefined;
  while (!signal.aborted && inbound.handling === undefined) {
    const message = inbound.next();
    if (message === undefined) {
      if (inbound.isOver()) return true;
      inbound.change = run;
      inbound.resume();
      return false;
    }
    inbound.handling = handle(message);
  }
  if (inbound.handling !== undefined) waitForHandler(inbound, inbound.handling, signal, run, fail);
  return false;
}

/** Stops the stream until the handler is ready, or has failed. */
function waitForHandler<In>(
  inbound: Inbound<In>,
  handling: PromiseLike<void>,
  signal: AbortSignal,
  run: () => void,
  fail: (error: unknown) => void,
): void {
  if (!signal.aborted) inbound.pause();
  const release = (): void => {
    if (inbound.handling === handling) inbound.handling = undefined;
  };
  handling.then(
    () => {
      release();
      if (!signal.aborted) run();
    },
    (error: unknown) => {
      release();
      fail(error);
    },
  );
}
