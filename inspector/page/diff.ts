/** What has changed between two JSON values. */

import type { Json } from '../shared/view.ts';
import { isRecord } from './format.ts';
import { isList, type JsonPath } from './json-path.ts';

/** One difference. */
export interface Change {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly path: JsonPath;
  /** `undefined` when it was added. */
  readonly before: Json | undefined;
  /** `undefined` when it was removed. */
  readonly after: Json | undefined;
}

/** The differences of two values, in the order of the second one. */
export interface Difference {
  readonly changes: readonly Change[];
  /** There was more than was compared: more changes, or more values. */
  readonly isCut: boolean;
}

/** The most that is compared and returned. */
export interface DiffBounds {
  readonly changes: number;
  /** The number of values that are visited. */
  readonly values: number;
}

const DIFF_BOUNDS: DiffBounds = { changes: 200, values: 100_000 };

/**
 * Compares two values. Objects are compared by their properties, in any order. Lists of the same length are
 * compared item by item; in others, what stands between the common beginning and the common end was
 * removed and added. So an item that has moved is removed at one place and added at another.
 */
export function differenceOf(
  before: Json | undefined,
  after: Json | undefined,
  bounds: DiffBounds = DIFF_BOUNDS,
): Difference {
  const comparison = new Comparison(bounds);
  comparison.compare(before, after);
  return { changes: comparison.changes, isCut: comparison.isCut };
}

/** Whether two values are equal, as far as `most` values of them tell: beyond that they count as different. */
export function isEqual(one: Json | undefined, other: Json | undefined, most = 100_000): boolean {
  const comparison = new Comparison({ changes: 0, values: most });
  comparison.compare(one, other);
  return !comparison.isCut;
}

class Comparison {
  readonly changes: Change[] = [];
  isCut = false;
  readonly #most: number;
  /** Where it is now. */
  readonly #path: (string | number)[] = [];
  #values: number;

  constructor({ changes, values }: DiffBounds) {
    this.#most = changes;
    this.#values = values;
  }

  compare(before: Json | undefined, after: Json | undefined): void {
    if (this.isCut || before === after) return;
    this.#values -= 1;
    if (this.#values < 0) this.isCut = true;
    else if (isList(before) && isList(after)) this.#compareLists(before, after);
    else if (isRecord(before) && isRecord(after)) this.#compareObjects(before, after);
    else this.#add(before, after);
  }

  #compareAt(key: string | number, before: Json | undefined, after: Json | undefined): void {
    this.#path.push(key);
    this.compare(before, after);
    this.#path.pop();
  }

  #compareObjects(before: JsonObject, after: JsonObject): void {
    for (const key of Object.keys(before)) {
      if (!Object.hasOwn(after, key)) this.#compareAt(key, before[key], undefined);
    }
    for (const key of Object.keys(after)) {
      if (this.isCut) return;
      const old = Object.hasOwn(before, key) ? before[key] : undefined;
      // Equal texts and numbers are most of what there is.
      if (old !== after[key]) this.#compareAt(key, old, after[key]);
    }
  }

  #compareLists(before: readonly Json[], after: readonly Json[]): void {
    if (before.length === after.length) {
      for (let at = 0; at < after.length && !this.isCut; at += 1) {
        if (before[at] !== after[at]) this.#compareAt(at, before[at], after[at]);
      }
      return;
    }
    const shorter = Math.min(before.length, after.length);
    let start = 0;
    while (start < shorter && this.#isSame(before[start], after[start])) start += 1;
    let end = 0;
    while (end < shorter - start && this.#isSame(before.at(-1 - end), after.at(-1 - end))) end += 1;
    for (let at = start; at < before.length - end && !this.isCut; at += 1)
      this.#compareAt(at, before[at], undefined);
    for (let at = start; at < after.length - end && !this.isCut; at += 1)
      this.#compareAt(at, undefined, after[at]);
  }

  #isSame(one: Json | undefined, other: Json | undefined): boolean {
    if (one === other) return true;
    const inner = new Comparison({ changes: 0, values: this.#values });
    inner.compare(one, other);
    this.#values = inner.#values;
    return !inner.isCut;
  }

  #add(before: Json | undefined, after: Json | undefined): void {
    if (this.changes.length >= this.#most) {
      this.isCut = true;
      return;
    }
    const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    this.changes.push({ kind, path: [...this.#path], before, after });
  }
}

type JsonObject = Readonly<Record<string, Json>>;

/** Two texts without what they have in common at the beginning and at the end. */
export interface TextDifference {
  /** How many characters are the same at the beginning, and at the end. */
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/** Where two texts differ. */
export function textDifferenceOf(before: string, after: string): TextDifference {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const middle = (text: string) => text.slice(start, text.length - end);
  return { start, end, before: middle(before), after: middle(after) };
}
