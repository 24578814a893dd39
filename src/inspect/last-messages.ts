/** The last messages of a connection, remembered in case that it fails, within bounds. */

import { isBytes } from '../core/shape.ts';
import { weightOf } from '../core/weight.ts';
import type { Timestamp } from './wire.ts';

/** What is shown of a message. */
export interface ShownMessage {
  readonly text: string;
  /** As in `WireMessage`. */
  readonly bytes: number;
}

/** A message that has been sent or received. */
export interface Passed {
  readonly direction: 'in' | 'out';
  readonly at: Timestamp;
  /** Converts it, at the first call. */
  readonly shown: () => ShownMessage;
}

const MAX_MESSAGES = 20;
/** Of all remembered messages of a connection together, in memory. */
const MAX_BYTES = 64 * 1024;
/** A larger message is converted at once, which cuts it: what is remembered are references. */
const MAX_REFERENCED_BYTES = 16 * 1024;
/** For what a converted message takes, besides its text. */
const OVERHEAD_BYTES = 200;

interface Kept extends Passed {
  readonly weight: number;
}

/** Remembers the last messages that were not reported. */
export class LastMessages {
  #kept: Kept[] = [];
  #weight = 0;
  #dropped = 0;

  /**
   * Adds a message. The oldest ones are forgotten where there are too many.
   *
   * @param show - Converts the message.
   */
  add(
    message: unknown,
    {
      show,
      ...facts
    }: Omit<Passed, 'shown'> & { readonly show: (message: unknown) => ShownMessage },
  ): void {
    const referenced = weighed(message);
    if (referenced === undefined) {
      const shown = show(message);
      const weight = 2 * shown.text.length + OVERHEAD_BYTES;
      this.#push({ ...facts, shown: () => shown, weight });
    } else {
      this.#push({ ...facts, shown: () => show(message), weight: referenced + OVERHEAD_BYTES });
    }
  }

  /** Returns the messages in order, with the number of those that were forgotten, and forgets them all. */
  take(): { readonly messages: readonly Passed[]; readonly dropped: number } {
    const taken = { messages: this.#kept, dropped: this.#dropped };
    this.clear();
    return taken;
  }

  clear(): void {
    this.#dropped = 0;
    if (this.#kept.length === 0) return;
    this.#kept = [];
    this.#weight = 0;
  }

  #push(kept: Kept): void {
    this.#kept.push(kept);
    this.#weight += kept.weight;
    while (this.#kept.length > MAX_MESSAGES || this.#weight > MAX_BYTES) {
      this.#weight -= this.#kept.shift()?.weight ?? this.#weight;
      this.#dropped += 1;
    }
  }
}

/** What a message takes in memory; `undefined` where that is too much, or cannot be told. */
function weighed(message: unknown): number | undefined {
  try {
    const weight = isBytes(message) ? message.byteLength : weightOfPlain(message);
    return weight <= MAX_REFERENCED_BYTES ? weight : undefined;
  } catch {
    return undefined;
  }
}

const weightOfPlain = (message: unknown): number =>
  typeof message !== 'object' || message === null || isPlain(message)
    ? weightOf(message, MAX_REFERENCED_BYTES)
    : Infinity;

/** Of an instance of a class, such as a Map, the members do not tell the size. */
function isPlain(message: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(message);
  return prototype === Object.prototype || prototype === null || Array.isArray(message);
}
