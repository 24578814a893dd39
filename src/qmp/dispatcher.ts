/** Dispatches events to the listeners of one session and to the handlers that outlast sessions. */

import { ClosedError, HandlerError, TimeoutError } from '../core/errors.ts';
import { isThenable } from '../core/shape.ts';
import type { Clock } from '../core/types.ts';
import { checkTimeout, startTimer } from '../async/timer.ts';
import { type EventFilter, EventListener, type EventListenerOptions } from './events.ts';
import { SnapshotMap } from './snapshot-map.ts';
import type { QmpEvent } from './types.ts';

type Handler = (event: QmpEvent) => unknown;

/** The options of `waitFor()`. */
export interface WaitForOptions {
  /** Gives up the wait when it is aborted; the promise then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** A deadline, in ms. Default: none; the wait ends with the session. */
  readonly timeout?: number | undefined;
}

/** The listeners, handlers and waits of one client. */
export class Dispatcher {
  readonly #clock: Clock | undefined;
  readonly #onFailure: (error: HandlerError) => void;
  /** A handler's promise that rejects after its session has ended is not a failure of the next one. */
  #sessionCount = 0;
  readonly #listeners = new SnapshotMap<EventListener, EventListener>();
  /** By the name of the event, then by the function that was passed to `on()`. */
  readonly #handlers = new Map<string, SnapshotMap<unknown, Handler>>();

  /** @param onFailure - Called when a handler throws, or its promise rejects within the session. */
  constructor(clock: Clock | undefined, onFailure: (error: HandlerError) => void) {
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  /** Whether any listener or handler may want events of this name. */
  wants(name: string): boolean {
    if (this.#handlers.has(name)) return true;
    return this.#listeners.values().some((listener) => listener.wants(name));
  }

  /** @param names - The only names that a filter function can accept. Default: unknown. */
  listen(
    filter: EventFilter | undefined,
    options: EventListenerOptions,
    names?: readonly string[],
  ): EventListener {
    const onEnd = (ended: EventListener) => {
      this.#listeners.delete(ended);
    };
    const listener = new EventListener(filter, options, onEnd, names);
    this.#listeners.set(listener, listener);
    return listener;
  }

  async waitFor(
    name: string,
    accepts: (event: QmpEvent) => boolean,
    { signal, timeout }: WaitForOptions,
  ): Promise<QmpEvent> {
    signal?.throwIfAborted();
    checkTimeout(timeout);
    const filter = (event: QmpEvent) => event.event === name && accepts(event);
    const listener = this.listen(filter, { signal }, [name]);
    const cancel = startTimer(
      timeout,
      () => {
        const ms = timeout ?? Infinity;
        const text = `No event ${name} within ${String(ms)} ms`;
        listener.end({ error: new TimeoutError('wait', ms, text) });
      },
      this.#clock,
    );
    try {
      const next = await listener.next();
      if (next.done === true) throw new ClosedError(`The session ended before the event ${name}`);
      return next.value;
    } finally {
      cancel();
      await listener.return();
    }
  }

  /** @param registered - The function that was passed to `on()`: the key for `remove()`. */
  add(name: string, registered: unknown, handler: Handler): void {
    const handlers = this.#handlers.get(name) ?? new SnapshotMap<unknown, Handler>();
    this.#handlers.set(name, handlers.set(registered, handler));
  }

  remove(name: string, registered: unknown): void {
    const handlers = this.#handlers.get(name);
    handlers?.delete(registered);
    if (handlers?.size === 0) this.#handlers.delete(name);
  }

  /** Passes an event to all listeners and handlers, even if one of them throws. */
  dispatch(event: QmpEvent): void {
    for (const listener of this.#listeners.values()) listener.push(event);
    for (const handler of this.#handlers.get(event.event)?.values() ?? []) {
      try {
        this.#reportRejection(event, handler(event));
      } catch (error) {
        this.#onFailure(new HandlerError(`on('${event.event}')`, error));
      }
    }
  }

  /**
   * To be called when a session, or an attempt at one, has ended.
   *
   * @param hasRun - Whether there was a session. Listeners added in IDLE outlast failed attempts.
   */
  end(hasRun: boolean): void {
    this.#sessionCount += 1;
    if (!hasRun) return;
    for (const listener of this.#listeners.values()) listener.end();
  }

  /** The promise of a handler is not awaited, because the handler may be waiting for a reply. */
  #reportRejection(event: QmpEvent, returned: unknown): void {
    if (!isThenable(returned)) return;
    const session = this.#sessionCount;
    returned.then(undefined, (error: unknown) => {
      if (session !== this.#sessionCount) return;
      this.#onFailure(new HandlerError(`on('${event.event}')`, error));
    });
  }
}
