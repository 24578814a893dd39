/** The subscribers to events, by the name of the event. */

import type { QmpEvent } from '../types.ts';

/** A function that was passed to `on()` or `once()`. */
export type Listener = (event: QmpEvent) => unknown;

/** Receives events. */
export interface Subscriber {
  /** Must not throw. */
  push(event: QmpEvent): void;
  /** What `off()` finds it by. */
  readonly listener?: Listener;
}

/** The names that a subscriber wants; `undefined`: it may want any. */
export type Names = readonly string[] | undefined;

const NONE: readonly Subscriber[] = [];

/**
 * A list that may change while it is iterated: an iteration sees the list as it was at its beginning. The
 * array is copied at most once for each event, not once for each change.
 */
class SubscriberList {
  #members: Subscriber[] = [];
  /** Whether an iteration may be using the array, so that a change must copy it. */
  #isLent = false;

  get isEmpty(): boolean {
    return this.#members.length === 0;
  }

  add(subscriber: Subscriber): void {
    this.#own().push(subscriber);
  }

  /** Removes the subscriber that was added last, if there are several equal ones. */
  remove(subscriber: Subscriber): void {
    const at = this.#members.lastIndexOf(subscriber);
    if (at !== -1) this.#own().splice(at, 1);
  }

  lend(): readonly Subscriber[] {
    this.#isLent = true;
    return this.#members;
  }

  #own(): Subscriber[] {
    if (this.#isLent) this.#members = [...this.#members];
    this.#isLent = false;
    return this.#members;
  }
}

/**
 * The subscribers of one client. The time of `has()` and of `push()` does not depend on how many
 * subscribers there are for events of other names.
 */
export class Subscribers {
  readonly #byName = new Map<string, SubscriberList>();
  readonly #ofAll = new SubscriberList();

  /** Whether any subscriber may want events of this name. */
  has(name: string): boolean {
    return this.#byName.has(name) || !this.#ofAll.isEmpty;
  }

  add(names: Names, subscriber: Subscriber): void {
    if (names === undefined) this.#ofAll.add(subscriber);
    else for (const name of names) this.#listOf(name).add(subscriber);
  }

  remove(names: Names, subscriber: Subscriber): void {
    if (names === undefined) this.#ofAll.remove(subscriber);
    else for (const name of names) this.#removeFrom(name, subscriber);
  }

  /** The subscribers to this name alone, in the order of their registration. */
  of(name: string): readonly Subscriber[] {
    return this.#byName.get(name)?.lend() ?? NONE;
  }

  /** Passes an event to those that want it: first to the subscribers of all events. */
  push(event: QmpEvent): void {
    if (!this.#ofAll.isEmpty) for (const each of this.#ofAll.lend()) each.push(event);
    for (const each of this.of(event.event)) each.push(event);
  }

  #listOf(name: string): SubscriberList {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const list = new SubscriberList();
    this.#byName.set(name, list);
    return list;
  }

  #removeFrom(name: string, subscriber: Subscriber): void {
    const list = this.#byName.get(name);
    list?.remove(subscriber);
    if (list?.isEmpty === true) this.#byName.delete(name);
  }
}
