/** What errors keep of a peer's message: all of a usual one, the beginning of a huge one. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { cutText, MAX_KEPT_CHARACTERS } from '../core/printable.ts';

const MAX_KEPT_VALUES = 1_000;

/** The text of a peer, cut if it is huge. */
export const keptText = (text: string): string => cutText(text, MAX_KEPT_CHARACTERS);

/** A JSON object of a peer: as it is, or a copy of its beginning if it is huge. */
export function kept(message: JsonObject): JsonObject;
/** The same for any JSON value. */
export function kept(value: JsonValue): JsonValue;
export function kept(value: JsonValue): JsonValue {
  return keptWithin(value, { characters: MAX_KEPT_CHARACTERS, values: MAX_KEPT_VALUES });
}

/** How much is kept of a value. */
interface KeptBounds {
  readonly characters: number;
  readonly values: number;
}

/** The same with bounds of its own. */
export function keptWithin(message: JsonObject, bounds: KeptBounds): JsonObject;
export function keptWithin(value: JsonValue, bounds: KeptBounds): JsonValue;
export function keptWithin(value: JsonValue, bounds: KeptBounds): JsonValue {
  const copying = new Copying(bounds);
  const copy = copying.copy(value);
  return copying.isComplete ? value : copy;
}

/** Copies a value until there is no room left. */
class Copying {
  isComplete = true;
  #characters: number;
  #values: number;

  constructor({ characters, values }: KeptBounds) {
    this.#characters = characters;
    this.#values = values;
  }

  copy(value: JsonValue): JsonValue {
    this.#values -= 1;
    if (typeof value === 'string') return this.#text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return this.#items(value);
    return this.#members(value);
  }

  #text(text: string): string {
    const room = Math.max(0, this.#characters);
    this.#characters -= text.length;
    if (text.length <= room) return text;
    this.isComplete = false;
    return cutText(text, room);
  }

  #items(items: readonly JsonValue[]): JsonValue[] {
    const copies: JsonValue[] = [];
    for (const item of items) {
      if (this.#isFull()) break;
      copies.push(this.copy(item));
    }
    return copies;
  }

  #members(object: JsonObject): JsonObject {
    const members: [string, JsonValue][] = [];
    for (const name in object) {
      if (this.#isFull()) break;
      // fromEntries() defines members: assigning one that is named __proto__ would set the prototype.
      const value = object[name] ?? null;
      members.push([this.#text(name), this.copy(value)]);
    }
    return Object.fromEntries(members);
  }

  #isFull(): boolean {
    const isFull = this.#values <= 0 || this.#characters <= 0;
    if (isFull) this.isComplete = false;
    return isFull;
  }
}
