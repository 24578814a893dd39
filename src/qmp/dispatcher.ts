/** Who hears of events: the listeners of one session, and the handlers that stay from one to the next. */

import { ClosedError, HandlerError, TimeoutError } from '../core/errors.ts';
import type { Clock } from '../core/types.ts';
import { checkTimeout, startTimer } from '../async/timer.ts';
import { type EventFilter, EventListener, type EventListenerOptions } from './events.ts';
import { SnapshotMap } from './snapshot-map.ts';
import type { QmpEvent } from './types.ts';

type Handler = (event: QmpEvent) => unknown;

/** How long to wait for one event. */
export interface WaitForOptions {
  /** Gives up the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** A deadline, in ms. Default: none, the session's end is one. */
  readonly timeout?: number | undefined;
}

/** See the module's comment. */
export class Dispatcher {
  readonly #clock: Clock | undefined;
  readonly #onFailure: (error: HandlerError) => void;
  /** Counts sessions: what a handler of an earlier one does is no failure of this one. */
  #session = 0;
  readonly #listeners = new SnapshotMap<EventListener, EventListener>();
  /** By name of the event, then by the function that was registered. */
  readonly #handlers = new Map<string, SnapshotMap<unknown, Handler>>();

  /** @param onFailure - Told when a handler throws, or its promise rejects within the session. */
  constructor(clock: Clock | undefined, onFailure: (error: HandlerError) => void) {
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  /** Whether there is somebody who may want events of a name. */
  wants(name: string): boolean {
    if (this.#handlers.has(name)) return true;
    return this.#listeners.values().some((listener) => listener.wants(name));
  }

  /** @param names - The only ones that a filter, which is a function, can accept. */
  listen(
    filter: EventFilter | undefined,
    options: EventListenerOptions,
    names?: readonly string[],
  ): EventListener {
    const onOver = (over: EventListener) => {
      this.#listeners.delete(over);
    };
    const listener = new EventListener(filter, options, onOver, names);
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
        listener.end({ error: new TimeoutError('wait', timeout ?? Infinity) });
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

  add(name: string, registered: unknown, handler: Handler): void {
    const handlers = this.#handlers.get(name) ?? new SnapshotMap<unknown, Handler>();
    this.#handlers.set(name, handlers.set(registered, handler));
  }

  remove(name: string, registered: unknown): void {
    const handlers = this.#handlers.get(name);
    handlers?.delete(registered);
    if (handlers?.size === 0) this.#handlers.delete(name);
  }

  /** Gives an event to all, also when one of them throws. */
  dispatch(event: QmpEvent): void {
    for (const listener of this.#listeners.values()) listener.push(event);
    for (const handler of this.#handlers.get(event.event)?.values() ?? []) {
      try {
        this.#watch(event, handler(event));
      } catch (error) {
        this.#onFailure(new HandlerError(`on('${event.event}')`, error));
      }
    }
  }

  /**
   * The session is over.
   *
   * @param hasRun - Whether there was one. Who listens from IDLE on waits through failed attempts.
   */
  end(hasRun: boolean): void {
    this.#session += 1;
    if (!hasRun) return;
    for (const listener of this.#listeners.values()) listener.end();
  }

  /** A handler's promise is not waited for: the handler may well be waiting for a reply. */
  #watch(event: QmpEvent, returned: unknown): void {
    if (!(returned instanceof Promise)) return;
    const session = this.#session;
    returned.catch((error: unknown) => {
      if (session !== this.#session) return;
      this.#onFailure(new HandlerError(`on('${event.event}')`, error));
    });
  }
}
