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
/** A larger message is converted when it is weighed, which cuts it: what is remembered are references. */
const MAX_REFERENCED_BYTES = 16 * 1024;
/** For what a converted message takes, besides its text. */
const OVERHEAD_BYTES = 200;

interface Kept extends Passed {
  readonly weight: number;
}

/** A message, and what converts it. */
interface Added extends Omit<Passed, 'shown'> {
  readonly message: unknown;
  readonly show: (message: unknown) => ShownMessage;
}

/**
 * Remembers the last messages that were not reported.
 *
 * Messages of one turn of the event loop are weighed together when it ends: of a thousand that arrive at once,
 * only the last ones are.
 */
export class LastMessages {
  #kept: Kept[] = [];
  #weight = 0;
  #dropped = 0;
  /** Those of this turn, which were not weighed yet. */
  #added: Added[] = [];

  /** Adds a message. The oldest ones are forgotten where there are too many. */
  add(added: Added): void {
    if (this.#added.length === 0) queueMicrotask(this.#weigh);
    this.#added.push(added);
    if (this.#added.length > 2 * MAX_MESSAGES) this.#dropAdded();
  }

  /** Returns the messages in order, with the number of those that were forgotten, and forgets them all. */
  take(): { readonly messages: readonly Passed[]; readonly dropped: number } {
    this.#weigh();
    const taken = { messages: this.#kept, dropped: this.#dropped };
    this.clear();
    return taken;
  }

  clear(): void {
    this.#dropped = 0;
    this.#added = [];
    if (this.#kept.length === 0) return;
    this.#kept = [];
    this.#weight = 0;
  }

  #dropAdded(): void {
    this.#dropped += this.#added.length - MAX_MESSAGES;
    this.#added = this.#added.slice(-MAX_MESSAGES);
  }

  readonly #weigh = (): void => {
    const added = this.#added;
    this.#added = [];
    for (const one of added.slice(-MAX_MESSAGES)) this.#push(keptOf(one));
    this.#dropped += Math.max(0, added.length - MAX_MESSAGES);
  };

  #push(kept: Kept): void {
    this.#kept.push(kept);
    this.#weight += kept.weight;
    while (this.#kept.length > MAX_MESSAGES || this.#weight > MAX_BYTES) {
      this.#weight -= this.#kept.shift()?.weight ?? this.#weight;
      this.#dropped += 1;
    }
  }
}

/** Converts a message that must not be referenced. */
function keptOf({ message, show, ...facts }: Added): Kept {
  const referenced = weighed(message);
  if (referenced !== undefined)
    return { ...facts, shown: () => show(message), weight: referenced + OVERHEAD_BYTES };
  const shown = show(message);
  return { ...facts, shown: () => shown, weight: 2 * shown.text.length + OVERHEAD_BYTES };
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
