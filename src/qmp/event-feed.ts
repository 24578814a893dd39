/**
 * All events of a client's sessions, for the actors in a statechart that follow them.
 *
 * Such an actor may be started late in a session: when its parent learns of the session, events have arrived
 * already. So a client in a statechart keeps the events of a session until the first actor follows them. The
 * backlog is bounded.
 */

import { Queue } from '../async/queue.ts';
import { ArgumentError } from '../core/errors.ts';
import { checkNames, type Names } from '../core/options.ts';
import { show } from '../core/shape.ts';
import { weightOf } from '../core/weight.ts';
import type { Subscriber, Subscribers } from './subscribers.ts';
import type { QmpEvent } from './types.ts';

/** The bounds of the events that are kept until an actor follows them. */
export interface EventBacklogOptions {
  /** How many events are kept; 0 keeps none. Default 1000. */
  readonly limit?: number | undefined;
  /**
   * How much memory they may take, in bytes: an estimate, as for `EventListenerOptions.maxBytes`. Default
   * 1 MiB (1 048 576).
   */
  readonly maxBytes?: number | undefined;
}

const NAMES: Names<EventBacklogOptions> = { limit: true, maxBytes: true };

/** The default bounds. */
export const EVENT_BACKLOG = { limit: 1000, maxBytes: 1024 * 1024 } as const;

/** Where the feed of a client comes from. */
export interface FeedSource {
  readonly subscribers: Subscribers;
  readonly bounds: EventBacklogOptions | undefined;
  /** Whether the client belongs to a statechart, in which an actor may follow its events later. */
  readonly isEmbedded: () => boolean;
}

/** Passes the events of each session to the actors that follow them. */
export class EventFeed {
  /** How many events were dropped from the backlog. */
  dropped = 0;
  readonly #source: FeedSource;
  readonly #bounds: Readonly<Record<keyof EventBacklogOptions, number>>;
  readonly #followers = new Set<Subscriber>();
  readonly #events = new Queue<QmpEvent>();
  /** The weights of the events, in the same order. */
  readonly #weights = new Queue<number>();
  #bytes = 0;
  /** Receives the events of the session that no actor has followed yet. */
  readonly #keeper: Subscriber = {
    push: (event) => {
      this.#keep(event);
    },
  };
  #isKeeping = false;

  /** @throws {ArgumentError} When a bound cannot be used. */
  constructor(source: FeedSource) {
    this.#source = source;
    this.#bounds = checkBounds(source.bounds);
  }

  /** To be called before the first event of an attempt. */
  begin(): void {
    this.end();
    if (this.#followers.size > 0 || this.#bounds.limit === 0 || !this.#source.isEmbedded()) return;
    this.#isKeeping = true;
    this.#source.subscribers.add(undefined, this.#keeper);
  }

  /** To be called when a session, or an attempt, has ended: forgets the events that are kept. */
  end(): void {
    this.#stopKeeping();
    this.#events.clear();
    this.#weights.clear();
    this.#bytes = 0;
  }

  /**
   * Calls `listener`, which must not throw, with the events that are kept, and with all later ones in this session
   * and others, until the returned function is called.
   */
  follow(listener: (event: QmpEvent) => void): () => void {
    this.#stopKeeping();
    const follower: Subscriber = { push: listener };
    this.#followers.add(follower);
    this.#source.subscribers.add(undefined, follower);
    for (let event = this.#take(); event !== undefined; event = this.#take()) listener(event);
    return () => {
      this.#followers.delete(follower);
      this.#source.subscribers.remove(undefined, follower);
    };
  }

  #stopKeeping(): void {
    if (!this.#isKeeping) return;
    this.#isKeeping = false;
    this.#source.subscribers.remove(undefined, this.#keeper);
  }

  #keep(event: QmpEvent): void {
    const { limit, maxBytes } = this.#bounds;
    const weight = weightOf(event, maxBytes);
    this.#events.push(event);
    this.#weights.push(weight);
    this.#bytes += weight;
    while (this.#events.size > limit || this.#bytes > maxBytes) {
      this.#take();
      this.dropped += 1;
    }
  }

  #take(): QmpEvent | undefined {
    this.#bytes -= this.#weights.take() ?? 0;
    return this.#events.take();
  }
}

/**
 * Returns the bounds, or their defaults.
 *
 * @throws {ArgumentError} When a bound cannot be used.
 */
export function checkBounds(
  given: EventBacklogOptions | undefined,
): Readonly<Record<keyof EventBacklogOptions, number>> {
  checkNames('eventBacklog', given, NAMES);
  const { limit = EVENT_BACKLOG.limit, maxBytes = EVENT_BACKLOG.maxBytes } = given ?? {};
  for (const [name, bound] of Object.entries({ limit, maxBytes })) {
    if (typeof bound === 'number' && bound >= 0) continue;
    throw new ArgumentError(`eventBacklog.${name} must be a number from 0 on, not ${show(bound)}`);
  }
  return { limit, maxBytes };
}

const feeds = /* @__PURE__ */ new WeakMap<object, EventFeed>();

/** Creates the feed of a client. */
export function openFeed(client: object, source: FeedSource): EventFeed {
  const feed = new EventFeed(source);
  feeds.set(client, feed);
  return feed;
}

/** The feed of a client. */
export const feedOf = (client: object | undefined): EventFeed | undefined =>
  client && feeds.get(client);
