/** Those who have come and for whom there is no place yet, the first first. */

import type { Clock } from '../core/types.ts';
import type { PendingConnection } from '../machines/server-port.ts';
import { startTimer } from '../async/timer.ts';

/** How long it may become, and how long one may wait. */
export interface BacklogOptions {
  readonly limit: number;
  readonly ms: number;
  readonly clock: Clock | undefined;
  /** Told of one that has waited too long; it is not in the backlog any more, and still open. */
  readonly onOverdue: (arrival: PendingConnection) => void;
}

/** See the module's comment. Who goes away by themselves is forgotten. */
export class Backlog {
  readonly #options: BacklogOptions;
  /** Each with what cancels its deadline, in the order of arrival. */
  readonly #waiting = new Map<PendingConnection, () => void>();

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @returns Whether there was room. */
  add(arrival: PendingConnection): boolean {
    const { limit, ms, clock, onOverdue } = this.#options;
    if (this.#waiting.size >= limit) return false;
    const expire = (): void => {
      if (this.#remove(arrival)) onOverdue(arrival);
    };
    this.#waiting.set(arrival, startTimer(ms, expire, clock));
    void arrival.gone.then(() => this.#remove(arrival));
    return true;
  }

  /** Takes the first out, if there is one. */
  take(): PendingConnection | undefined {
    const [first] = this.#waiting.keys();
    if (first !== undefined) this.#remove(first);
    return first;
  }

  /** Sends everybody away. */
  clear(): void {
    for (const arrival of [...this.#waiting.keys()]) {
      this.#remove(arrival);
      arrival.close();
    }
  }

  #remove(arrival: PendingConnection): boolean {
    this.#waiting.get(arrival)?.();
    return this.#waiting.delete(arrival);
  }
}
