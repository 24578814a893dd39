/** Warns of a handler that keeps the reader from reading, which nothing else would show. */

import type { Inbound } from './inbound.ts';

/** A handler that is seen pending twice at this distance holds up reading. */
const PERIOD_MS = 5_000;

/** Where warnings go. */
export type Warn = (text: string) => void;

/** Watches the handlers of one reader. While none is pending, no timer runs. */
export class ReadingWatch {
  readonly #inbound: Inbound<unknown>;
  readonly #warn: Warn;
  /** Made once and started again, as each handler that is pending would otherwise need its own. */
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isOver = false;
  /** The handler that was pending when the timer fired last. */
  #seen: PromiseLike<void> | undefined;

  constructor(inbound: Inbound<unknown>, warn: Warn) {
    this.#inbound = inbound;
    this.#warn = warn;
  }

  /** To be called when a handler is pending. It does nothing while the timer runs. */
  start(): void {
    if (this.#isRunning || this.#isOver) return;
    this.#isRunning = true;
    this.#timer = this.#timer?.refresh() ?? setTimeout(this.#look, PERIOD_MS).unref();
  }

  /** Stops the timer, for good. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    const { handling, hasUnread } = this.#inbound;
    const isSame = handling === this.#seen;
    this.#seen = handling;
    this.#isRunning = false;
    if (handling === undefined) return;
    if (isSame && hasUnread) {
      this.#isOver = true;
      this.#warn(HELD_UP);
    } else {
      this.start();
    }
  };
}

const HELD_UP =
  `onMessage has been pending for more than ${String(PERIOD_MS / 1000)} seconds, and bytes of the peer wait: ` +
  'while its promise is pending, nothing is read. If it waits for a later message, it waits for ever: ' +
  'do that work without returning its promise.';

let hasWarned = false;

/** Warns on standard error, of the first one in the process only. */
export function warnOnce(text: string): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(text, 'WirechartWarning');
}
