/**
 * All events of a client's sessions, for the actors in a statechart that follow them.
 *
 * Such an actor may be started late in a session: when its parent learns of the session, events have arrived
 * already. So a client in a statechart keeps the events of a session until the first actor follows them. The
 * backlog is bounded.
 */

import { Queue } from '../../async/queue.ts';
import { type JsonObject, parseJson } from '../../codecs/json.ts';
import { ArgumentError } from '../../core/errors.ts';
import { checkNames, type Names } from '../../core/options.ts';
import { isBytes, show } from '../../core/shape.ts';
import { weightOf } from '../../core/weight.ts';
import { isEvent } from '../messages.ts';
import type { Subscriber, Subscribers } from './subscribers.ts';
import type { QmpEvent } from '../types.ts';

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
const EVENT_BACKLOG = { limit: 1000, maxBytes: 1024 * 1024 } as const;

/** Where the feed of a client comes from. */
export interface FeedSource {
  readonly subscribers: Subscribers;
  readonly bounds: EventBacklogOptions | undefined;
  /** Whether the client belongs to a statechart, in which an actor may follow its events later. */
  readonly isEmbedded: () => boolean;
}

/** An event, or the line that it was skipped in: most backlogs are never read, so it is decoded late. */
type Kept = QmpEvent | Uint8Array;

/** Passes the events of each session to the actors that follow them. */
export class EventFeed {
  /** How many events were dropped from the backlog. */
  dropped = 0;
  readonly #source: FeedSource;
  readonly #bounds: Readonly<Record<keyof EventBacklogOptions, number>>;
  readonly #followers = new Set<Subscriber>();
  readonly #kept = new Queue<Kept>();
  /** The weights of what is kept, in the same order. */
  readonly #weights = new Queue<number>();
  #bytes = 0;
  #isKeeping = false;

  /** @throws {ArgumentError} When a bound cannot be used. */
  constructor(source: FeedSource) {
    this.#source = source;
    this.#bounds = checkBounds(source.bounds);
  }

  /** Whether the events of the session are kept, because no actor has followed them yet. */
  get isKeeping(): boolean {
    return this.#isKeeping;
  }

  /** To be called before the first event of an attempt. */
  begin(): void {
    this.end();
    const isWanted = this.#followers.size === 0 && this.#bounds.limit > 0;
    this.#isKeeping = isWanted && this.#source.isEmbedded();
  }

  /** To be called when a session, or an attempt, has ended: forgets the events that are kept. */
  end(): void {
    this.#isKeeping = false;
    this.#kept.clear();
    this.#weights.clear();
    this.#bytes = 0;
  }

  /** Keeps an event. Legal while `isKeeping`. */
  keep(event: QmpEvent): void {
    this.#push(event, weightOf(event, this.#bounds.maxBytes));
  }

  /** The same for an event in a line that was not decoded; the bytes must not be a part of a larger buffer. */
  keepLine(line: Uint8Array): void {
    this.#push(line, BYTES_PER_LINE + line.byteLength);
  }

  /**
   * Calls `listener`, which must not throw, with the events that are kept, and with all later ones in this session
   * and others, until the returned function is called.
   */
  follow(listener: (event: QmpEvent) => void): () => void {
    this.#isKeeping = false;
    const follower: Subscriber = { push: listener };
    this.#followers.add(follower);
    this.#source.subscribers.add(undefined, follower);
    for (let kept = this.#take(); kept !== undefined; kept = this.#take()) {
      const event = isBytes(kept) ? decode(kept) : kept;
      if (event === undefined) this.dropped += 1;
      else listener(event);
    }
    return () => {
      this.#followers.delete(follower);
      this.#source.subscribers.remove(undefined, follower);
    };
  }

  #push(kept: Kept, weight: number): void {
    const { limit, maxBytes } = this.#bounds;
    this.#kept.push(kept);
    this.#weights.push(weight);
    this.#bytes += weight;
    while (this.#kept.size > limit || this.#bytes > maxBytes) {
      this.#take();
      this.dropped += 1;
    }
  }

  #take(): Kept | undefined {
    this.#bytes -= this.#weights.take() ?? 0;
    return this.#kept.take();
  }
}

/** What a buffer takes beside its bytes. */
const BYTES_PER_LINE = 128;

/** The event in a line; `undefined` if it has a number that is too long for the codec. */
function decode(line: Uint8Array): QmpEvent | undefined {
  try {
    const message = parseJson(Buffer.from(line).toString('latin1'));
    return isEvent(message as JsonObject) ? (message as JsonObject & QmpEvent) : undefined;
  } catch {
    return undefined;
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
