/** Dispatches events to the iterators and waits of one session and to the listeners that outlast sessions. */

import { checkTimeout } from '../../async/timer.ts';
import { type Names, signalOf } from '../../core/options.ts';
import { isThenable } from '../../core/shape.ts';
import type { Clock } from '../../core/types.ts';
import { type EndOfEvents, EventWait, type WaitForOptions, type Wanted } from './event-wait.ts';
import {
  type EventFilter,
  EventListener,
  type EventListenerOptions,
  type Iteration,
} from './events.ts';
import { type Listener, type Subscriber, Subscribers } from './subscribers.ts';
import type { QmpEvent } from '../types.ts';

const WAIT_OPTIONS: Names<WaitForOptions> = { signal: true, timeout: true };

/** Called with what a listener threw, or with what its promise rejected with. Must not throw. */
export type OnListenerError = (error: unknown, event: QmpEvent) => void;

/** All that waits for the events of one client. */
export class Dispatcher {
  readonly #timing: { readonly clock: Clock };
  readonly #onListenerError: OnListenerError;
  /** All that may want events. */
  readonly subscribers = new Subscribers();
  readonly #iterators = new Set<Iteration>();
  readonly #waits = new Set<EventWait>();

  /** @param timing - Has the clock of the deadlines, at the time of each wait. */
  constructor(timing: { readonly clock: Clock }, onListenerError: OnListenerError) {
    this.#timing = timing;
    this.#onListenerError = onListenerError;
  }

  /** Whether anything may want events of this name. */
  wants(name: string): boolean {
    return this.subscribers.has(name);
  }

  /** See `QmpClient.events()`. */
  listen(filter: EventFilter | undefined, options: EventListenerOptions): EventListener {
    const iterator = new EventListener(filter, options, (ended) => {
      this.#iterators.delete(ended);
      this.subscribers.remove(ended.names, ended);
    });
    if (iterator.hasEnded) return iterator;
    this.#iterators.add(iterator);
    this.subscribers.add(iterator.names, iterator);
    return iterator;
  }

  /** See `QmpClient.waitFor()`. */
  waitFor(wanted: Wanted, options: WaitForOptions): Promise<QmpEvent> {
    signalOf('waitFor()', options, WAIT_OPTIONS)?.throwIfAborted();
    checkTimeout(options.timeout);
    const wait = new EventWait(wanted, options, this.#timing.clock, () => {
      this.#waits.delete(wait);
      this.subscribers.remove(wait.names, wait);
    });
    this.#waits.add(wait);
    this.subscribers.add(wait.names, wait);
    return wait.promise;
  }

  /** See `QmpClient.on()`; with `once`, `QmpClient.once()`. */
  add(name: string, listener: Listener, { once = false } = {}): void {
    const remove = () => {
      this.subscribers.remove([name], added);
    };
    const added = new AddedListener(listener, this.#onListenerError, once ? remove : undefined);
    this.subscribers.add([name], added);
  }

  /** Removes this listener; if it was added several times, the one that was added last. */
  remove(name: string, listener: Listener): void {
    const added = this.subscribers.of(name).findLast((each) => each.listener === listener);
    if (added !== undefined) this.subscribers.remove([name], added);
  }

  /** Passes an event to all that want it, even if one of them fails. */
  dispatch(event: QmpEvent): void {
    this.subscribers.push(event);
  }

  /** To be called when a session has ended. Listeners that were added with `add()` outlast it. */
  end(end: EndOfEvents): void {
    const { cause, onTold } = end;
    for (const iterator of [...this.#iterators]) {
      iterator.end(cause === undefined ? {} : { error: cause, onThrown: onTold });
    }
    for (const wait of [...this.#waits]) wait.end(end);
  }
}

/** A function that was added with `on()` or `once()`. */
class AddedListener implements Subscriber {
  readonly listener: Listener;
  readonly #onError: OnListenerError;
  /** For a listener of the next event only: removes it. */
  #remove: (() => void) | undefined;
  #isSpent = false;

  constructor(listener: Listener, onError: OnListenerError, remove: (() => void) | undefined) {
    this.listener = listener;
    this.#onError = onError;
    this.#remove = remove;
  }

  push(event: QmpEvent): void {
    if (this.#isSpent) return;
    if (this.#remove !== undefined) {
      this.#isSpent = true;
      this.#remove();
    }
    const { listener } = this;
    try {
      const returned = listener(event);
      // Not awaited: the listener may be waiting for a reply, which only the reader can bring.
      if (isThenable(returned)) {
        returned.then(undefined, (error: unknown) => {
          this.#onError(error, event);
        });
      }
    } catch (error) {
      this.#onError(error, event);
    }
  }
}
