/** The parts of a JSON value that are shown below it, in ranges where they are many. */

import type { Json } from '../shared/view.ts';
import { isList, type JsonPath } from './json-path.ts';

/** The most rows that are shown below another. */
export const MAX_ROWS = 100;

/** A property, an item, or a range of them. */
export interface Part {
  /** Unique among the parts of a value. */
  readonly id: string;
  /** The name or the index; for a range, the first and the last index. */
  readonly label: string;
  /** The key of a property or item; `undefined` for a range. */
  readonly key: string | number | undefined;
  /** What is shown of it. */
  readonly content: Content;
}

/** A value, or a range of the parts of a value. */
export interface Content {
  readonly value: Json;
  /** The first part, and the one after the last; of the whole value when `undefined`. */
  readonly range?: readonly [from: number, to: number];
}

/** Whether there is anything below a value. */
export function hasParts({ value }: Content): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isList(value)) return value.length > 0;
  for (const _ in value) return true;
  return false;
}

/** The parts of a value or of a range, at most `MAX_ROWS`. */
export function partsOf({ value, range }: Content): Part[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = isList(value) ? undefined : Object.keys(value);
  const [from, to] = range ?? [0, keys?.length ?? (isList(value) ? value.length : 0)];
  if (to - from > MAX_ROWS) return rangesOf(value, from, to);
  const parts: Part[] = [];
  for (let at = from; at < to; at += 1) {
    const key = keys === undefined ? at : keys[at];
    const inner = key === undefined ? undefined : valueOf(value, key);
    if (key === undefined || inner === undefined) continue;
    parts.push({ id: String(key), label: String(key), key, content: { value: inner } });
  }
  return parts;
}

const valueOf = (
  value: readonly Json[] | Readonly<Record<string, Json>>,
  key: string | number,
): Json | undefined => {
  if (isList(value)) return typeof key === 'number' ? value[key] : undefined;
  return value[String(key)];
};

function rangesOf(value: Json, from: number, to: number): Part[] {
  const size = rangeSize(to - from);
  const parts: Part[] = [];
  for (let at = from; at < to; at += size) {
    const end = Math.min(at + size, to);
    const label = `${String(at)} … ${String(end - 1)}`;
    parts.push({
      id: `range ${label}`,
      label,
      key: undefined,
      content: { value, range: [at, end] },
    });
  }
  return parts;
}

/** The size of ranges that are at most `MAX_ROWS` in number. */
function rangeSize(count: number): number {
  let size = MAX_ROWS;
  while (count / size > MAX_ROWS) size *= MAX_ROWS;
  return size;
}

/** Values that are visited by a search, and what it finds at most. */
const MAX_SEARCHED = 200_000;
const MAX_FOUND = 500;

/** The paths of values whose names or texts contain a text, whatever its case. */
export function searchIn(value: Json, text: string): JsonPath[] {
  const wanted = text.toLowerCase();
  const found: JsonPath[] = [];
  let left = MAX_SEARCHED;
  const visit = (inner: Json, path: JsonPath): void => {
    if (typeof inner !== 'object' || inner === null) return;
    const isItems = isList(inner);
    for (const [key, part] of Object.entries(inner)) {
      left -= 1;
      if (left < 0 || found.length >= MAX_FOUND) return;
      const next = [...path, isItems ? Number(key) : key];
      if ((!isItems && contains(key, wanted)) || contains(part, wanted)) found.push(next);
      visit(part, next);
    }
  };
  if (wanted !== '') visit(value, []);
  return found;
}

function contains(value: Json, wanted: string): boolean {
  if (typeof value === 'object' && value !== null) return false;
  return String(value).toLowerCase().includes(wanted);
}
