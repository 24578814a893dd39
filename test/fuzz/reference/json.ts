/** Decodes JSON with exact integers: `JSON.parse` gets integers that it would round as strings. */

import { type Outcome, textOf, wrong } from './outcome.ts';

/** The options of decoding. */
export interface JsonOptions extends JsonBounds {
  readonly exact: boolean;
  /** Whether a message must be an object. */
  readonly objects: boolean;
}

/** What a message may have at most. */
export interface JsonBounds {
  readonly maxDepth?: number | undefined;
  readonly maxValues?: number | undefined;
}

/** Decodes one message. */
export function readJson(bytes: string, options: JsonOptions): Outcome {
  const { exact, objects, maxDepth = 1024, maxValues = 262_144 } = options;
  const text = textOf(bytes);
  if (text === undefined) return wrong('not UTF-8', bytes);
  if (countValues(text) > maxValues) {
    const trimmed = text.trim();
    const isEnclosed = ['[]', '{}'].includes(trimmed.charAt(0) + trimmed.slice(-1));
    return wrong(isEnclosed ? 'too many values' : 'not JSON', bytes);
  }
  let message: unknown;
  try {
    message = JSON.parse(text);
    if (depthOf(message) > maxDepth) return wrong('too deep', bytes);
    if (exact && hasLongNumber(text)) return wrong('long number', bytes);
    if (exact) message = unmarked(JSON.parse(marked(text)));
  } catch {
    return wrong('not JSON', bytes);
  }
  return objects && !isObject(message) ? wrong('not an object', bytes) : { message };
}

const STRING = /"(?:[^"\\]|\\.?)*("|$)/gs;

/**
 * The values of a text, with the names of members: in JSON, there is one at the beginning, one after each
 * comma and colon, and one in each object and array that is not empty.
 */
const countValues = (text: string): number =>
  1 + (text.replace(STRING, '""').match(/[,:]|[[{](?=[\0- ]*[^\]}\0- ])/g) ?? []).length;

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((most, each) => Math.max(most, depthOf(each)), 0);
}

const hasLongNumber = (text: string): boolean =>
  (text.replace(STRING, '""').match(/[\d.eE+-]+/g) ?? []).some(
    (number) => number.replace(/^-/, '').length > 1000,
  );

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Prefixes each string with `s`, and turns each integer that is not safe into a string without it.
 */
const marked = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|[-\d.eE+]+/g, (token) => {
    if (token.startsWith('"')) return `"s${token.slice(1)}`;
    return /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token;
  });

function unmarked(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith('s') ? value.slice(1) : BigInt(value);
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([name, member]) => [name.slice(1), unmarked(member)]));
}

/** Returns a value as it is after encoding and decoding. */
export function roundTrip(value: unknown, exact: boolean): unknown {
  if (typeof value === 'bigint') return exact ? value : Number(value);
  if (typeof value === 'number') return numberRoundTrip(value, exact);
  if (Array.isArray(value)) return value.map((member) => roundTrip(member, exact));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([name, member]) => [name, roundTrip(member, exact)]));
}

function numberRoundTrip(value: number, exact: boolean): unknown {
  if (!Number.isFinite(value)) return null;
  const text = JSON.stringify(value);
  const isRounded = /^-?\d+$/.test(text) && !Number.isSafeInteger(value);
  return exact && isRounded ? BigInt(text) : Number(text);
}
