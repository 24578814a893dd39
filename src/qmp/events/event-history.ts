/** The last events that a listener has received: bounded in their number and in their size. */

import { Queue } from '../../async/queue.ts';
import { weightOf } from '../../core/weight.ts';
import type { QueueBounds } from './event-queue.ts';
import type { QmpEvent } from '../types.ts';

/** Keeps the last events, also the ones that were read. */
export class EventHistory {
  readonly #bounds: QueueBounds;
  readonly #events = new Queue<QmpEvent>();
  /** The weights of the events, in the same order. */
  readonly #weights = new Queue<number>();
  #bytes = 0;

  /** @param bounds - With a `limit` of 0 it keeps none. */
  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  /** The events, the oldest first. */
  get events(): QmpEvent[] {
    return this.#events.toArray();
  }

  /** Keeps an event, and forgets the oldest ones in favour of it. One that exceeds the bound alone is not kept. */
  push(event: QmpEvent): void {
    const { limit, maxBytes } = this.#bounds;
    if (limit === 0) return;
    const weight = maxBytes === Infinity ? 0 : weightOf(event, maxBytes);
    if (weight > maxBytes) return;
    this.#events.push(event);
    this.#weights.push(weight);
    this.#bytes += weight;
    while (this.#events.size > limit || this.#bytes > maxBytes) {
      this.#events.take();
      this.#bytes -= this.#weights.take() ?? 0;
    }
  }
}
