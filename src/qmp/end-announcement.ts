/** What says in advance that the server will end the stream: the command `quit`, and the event SHUTDOWN. */

import { cutText, printable } from '../core/printable.ts';
import type { Announce } from '../core/inner-definition.ts';
import type { Shutdown } from '../core/types.ts';
import type { QmpEvent } from './types.ts';

/** The reasons of a SHUTDOWN for which neither the guest nor the host has asked (qapi, "ShutdownCause"). */
const FAILURES: ReadonlySet<unknown> = new Set(['guest-panic', 'host-error']);

/**
 * The events after which a machine that has shut down runs on. QEMU pauses instead of exiting when it was
 * started with `-no-shutdown`, or with `-action shutdown=pause`; it then sends STOP after SHUTDOWN, and
 * sends none when it exits.
 */
const SIGNS_OF_LIFE: ReadonlySet<string> = new Set([
  'STOP',
  'RESUME',
  'RESET',
  'SUSPEND',
  'WAKEUP',
]);

/** Follows the announcements of one session, and passes each change on. */
export class EndAnnouncement {
  readonly #announce: Announce;
  /** How many `quit` commands were sent, and not refused. */
  #quits = 0;
  #shutdown: Shutdown | undefined;

  constructor(announce: Announce) {
    this.#announce = announce;
  }

  /** What was announced, as a text; kept until the next attempt. */
  get text(): string | undefined {
    if (this.#quits > 0) return 'The server was asked to quit';
    return this.#shutdown && `The server has shut down (${this.#shutdown.reason})`;
  }

  /** Whether an event of this name would change what is announced, so that it must not be skipped. */
  wants(name: string): boolean {
    return name === 'SHUTDOWN' || (this.#shutdown !== undefined && SIGNS_OF_LIFE.has(name));
  }

  /** To be called at the start of an attempt. */
  reset(): void {
    this.#quits = 0;
    this.#shutdown = undefined;
  }

  /** To be called when `quit` is about to be sent. */
  onQuit(): void {
    this.#quits += 1;
    this.#announce(true);
  }

  /** To be called when a `quit` was refused, or could not be sent. */
  onQuitRefused(): void {
    this.#quits -= 1;
    this.#withdraw();
  }

  /** To be called with every event that is not skipped. */
  onEvent(event: QmpEvent): void {
    if (!this.wants(event.event)) return;
    const isShutdown = event.event === 'SHUTDOWN' && !FAILURES.has(event.data?.['reason']);
    this.#shutdown = isShutdown ? shutdownIn(event.data) : undefined;
    if (this.#shutdown === undefined) this.#withdraw();
    else this.#announce(this.#shutdown);
  }

  /** Announces again what is left after one announcement has become void. */
  #withdraw(): void {
    this.#announce(false);
    if (this.#shutdown !== undefined) this.#announce(this.#shutdown);
    else if (this.#quits > 0) this.#announce(true);
  }
}

/** QEMU before 2.10 sends no data, and before 4.0 no reason. */
const shutdownIn = (data: QmpEvent['data']): Shutdown => {
  const { guest, reason } = data ?? {};
  const shown = typeof reason === 'string' ? printable(cutText(reason, MAX_REASON)) : 'unknown';
  return { guest: guest === true, reason: shown };
};

/** The longest reason that is kept, in characters. QEMU's are one of a dozen names. */
const MAX_REASON = 256;
