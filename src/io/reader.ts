/** The reader loop: hands the messages of a stream to a handler, one at a time and in order. */

import { setImmediate } from 'node:timers';
import { handlerError } from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { Inbound } from './inbound.ts';
import { type Turns, TURNS } from './turn.ts';
import { ReadingWatch, type Warn, warnOnce } from './reading-watch.ts';

/** Handles a message. While a returned promise is pending, the reader hands over no further one. */
export type Handle<In> = (message: In) => PromiseLike<void> | undefined;

/** Holds the reader up while it is closed, as consumers do that have not asked for a message. */
export interface Gate {
  readonly isOpen: boolean;
  /** Called when it opens. Set by the reader loop. */
  onOpen: (() => void) | undefined;
}

/** The state of one running reader. */
interface Loop<In> {
  readonly inbound: Inbound<In>;
  readonly handle: Handle<In>;
  /** Continues to take messages. */
  readonly run: () => void;
  readonly fail: (error: unknown) => void;
  readonly turns: Turns;
  readonly warn: Warn;
  readonly gate: Gate;
  /** Watches the handlers, from the first one on that is pending. */
  watch: ReadingWatch | undefined;
  /** A copy of `signal.aborted`, which is expensive to read for every message. */
  stopped: boolean;
}

/**
 * Runs until `signal` is aborted, and then leaves the stream paused, for the next reader to
 * continue. Resolves when the peer has ended its side and every message has been handled. Rejects
 * with a `WirechartError` when the stream fails, its bytes are not a message, or the handler fails.
 *
 * @param warn - Is told of a handler that holds up reading. Default: a warning of the process.
 * @param turns - What it shares its time with. Default: all readers of the process.
 * @param gate - What else it waits for before each message. Default: nothing.
 */
export function readLoop<In>(
  inbound: Inbound<In>,
  handle: Handle<In>,
  signal: StopSignal,
  warn: Warn = warnOnce,
  turns: Turns = TURNS,
  gate: Gate = { isOpen: true, onOpen: undefined },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      loop.stopped = true;
      loop.watch?.stop();
      gate.onOpen = undefined;
      inbound.onChange = undefined;
      inbound.pause();
    };
    const end = (): void => {
      signal.removeEventListener('abort', stop);
      if (!loop.stopped) stop();
    };
    const fail = (thrown: unknown): void => {
      const error = handlerError('onMessage', thrown);
      const keep = (): void => {
        inbound.unreportedError ??= error;
      };
      // The rejection of a stopped reader is ignored: of one that was stopped in the middle of a
      // message, and of one that is stopped before its rejection is delivered.
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
    const loop: Loop<In> = {
      ...{ inbound, handle, run, fail, turns, warn, gate },
      watch: undefined,
      stopped: false,
    };
    signal.addEventListener('abort', stop, { once: true });
    // Not at once: the code behind `await connect()` runs first, so that listeners it adds miss nothing.
    setImmediate(() => {
      if (loop.stopped) return;
      gate.onOpen = run;
      run();
    });
  });
}

/** Handles all messages that are there, and arranges the next `run`. Returns true at the end. */
function takeAll<In>(loop: Loop<In>): boolean {
  const { inbound, handle } = loop;
  // Bytes that arrive while a message is being handled must not re-enter this loop.
  inbound.onChange = undefined;
  loop.turns.noteRun();
  while (!loop.stopped && inbound.handling === undefined) {
    if (!loop.gate.isOpen) {
      inbound.pause();
      return false;
    }
    if (loop.turns.mustYield()) {
      yieldTurn(loop);
      return false;
    }
    const message = inbound.next();
    if (message === undefined) {
      if (inbound.isEnded()) return true;
      inbound.onChange = loop.run;
      inbound.resume();
      return false;
    }
    inbound.handling = handle(message);
  }
  if (inbound.handling !== undefined) waitForHandler(loop, inbound.handling);
  return false;
}

/** Continues in a later turn of the event loop, so that a flooding peer cannot starve others. */
function yieldTurn<In>(loop: Loop<In>): void {
  loop.inbound.pause();
  loop.turns.yield(() => {
    if (!loop.stopped) loop.run();
  });
}

/** Pauses the stream until the promise of the handler has settled. */
function waitForHandler<In>(loop: Loop<In>, handling: PromiseLike<void>): void {
  const { inbound } = loop;
  if (!loop.stopped) {
    inbound.pause();
    loop.watch ??= new ReadingWatch(inbound, loop.warn);
    loop.watch.start();
  }
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
