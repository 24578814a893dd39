/** The reader loop: hands the messages of a stream to a handler, one at a time and in order. */

import { handlerError } from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { Inbound } from './inbound.ts';

/** Takes a message; a returned promise says when it is ready for the next. */
export type Handle<In> = (message: In) => PromiseLike<void> | undefined;

/** How long one reader may keep the event loop from others, in ms, and how often it looks at the time. */
const MAX_TURN_MS = 6;
const MESSAGES_PER_CLOCK_CHECK = 16;

/** One turn of the event loop, as one reader sees it. */
class Turn {
  #began: number | undefined;

  /** Whether the reader should let others have theirs. */
  get isSpent(): boolean {
    const now = performance.now();
    if (this.#began !== undefined) return now - this.#began > MAX_TURN_MS;
    this.#began = now;
    setImmediate(() => {
      this.#began = undefined;
    });
    return false;
  }
}

/** One reader at work. */
interface Loop<In> {
  readonly inbound: Inbound<In>;
  readonly handle: Handle<In>;
  /** Goes on taking messages. */
  readonly run: () => void;
  readonly fail: (error: unknown) => void;
  readonly turn: Turn;
  /** What `signal.aborted` says, without the price of asking a signal for every message. */
  stopped: boolean;
}

/**
 * Runs until `signal` is aborted, and then leaves the stream paused where it stands, for the next
 * reader. Resolves when the peer has ended its side and every message has been handled; rejects
 * with a `WirechartError` when the stream fails, its bytes are no message, or the handler failed.
 */
export function readLoop<In>(
  inbound: Inbound<In>,
  handle: Handle<In>,
  signal: StopSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      loop.stopped = true;
      inbound.change = undefined;
      inbound.pause();
    };
    const end = (): void => {
      signal.removeEventListener('abort', stop);
      if (!loop.stopped) stop();
    };
    const fail = (thrown: unknown): void => {
      const error = handlerError('onMessage', thrown);
      const keep = (): void => {
        inbound.fault ??= error;
      };
      // A reader that was stopped in the middle of a message is not heard any more, and neither is one
      // that is stopped before its report has arrived.
      if (loop.stopped) keep();
      else signal.addEventListener('abort', keep, { once: true });
      end();
      reject(error);
    };
    const run = (): void => {
      try {
        if (!takeAll(loop)) return;
        end();
        resolve();
      } catch (error) {
        fail(error);
      }
    };
    const loop: Loop<In> = { inbound, handle, run, fail, turn: new Turn(), stopped: false };
    signal.addEventListener('abort', stop, { once: true });
    // Not at once: the former reader may stand below us on the stack, in the middle of a message.
    queueMicrotask(run);
  });
}

/** Handles what is there, sees to it that `run` is called when there is more; true at the end. */
function takeAll<In>(loop: Loop<In>): boolean {
  const { inbound, handle } = loop;
  // Bytes that come while a message is handled must wait for the next turn of this loop.
  inbound.change = undefined;
  let taken = 0;
  while (!loop.stopped && inbound.handling === undefined) {
    if (taken % MESSAGES_PER_CLOCK_CHECK === 0 && taken > 0 && loop.turn.isSpent) {
      yieldTurn(loop);
      return false;
    }
    taken += 1;
    const message = inbound.next();
    if (message === undefined) {
      if (inbound.isOver()) return true;
      inbound.change = loop.run;
      inbound.resume();
      return false;
    }
    inbound.handling = handle(message);
  }
  if (inbound.handling !== undefined) waitForHandler(loop, inbound.handling);
  return false;
}

/** Goes on in the next turn of the event loop: a peer that floods us must not stop all others. */
function yieldTurn<In>(loop: Loop<In>): void {
  loop.inbound.pause();
  setImmediate(() => {
    if (!loop.stopped) loop.run();
  });
}

/** Stops the stream until the handler is ready, or has failed. */
function waitForHandler<In>(loop: Loop<In>, handling: PromiseLike<void>): void {
  const { inbound } = loop;
  if (!loop.stopped) inbound.pause();
  const release = (): void => {
    if (inbound.handling === handling) inbound.handling = undefined;
  };
  handling.then(
    () => {
      release();
      if (!loop.stopped) loop.run();
    },
    (error: unknown) => {
      release();
      loop.fail(error);
    },
  );
}
