/** Decodes JSON with exact integers: `JSON.parse` gets integers that it would round as strings. */

import { type Outcome, textOf, wrong } from './outcome.ts';

/** The options of decoding. */
export interface JsonOptions {
  readonly exact: boolean;
  /** Whether a message must be an object. */
  readonly objects: boolean;
}

/** Decodes one message. */
export function readJson(bytes: string, { exact, objects }: JsonOptions): Outcome {
  const text = textOf(bytes);
  if (text === undefined) return wrong('not UTF-8', bytes);
  let message: unknown;
  try {
    message = JSON.parse(text);
    if (exact) message = unmarked(JSON.parse(marked(text)));
  } catch {
    return wrong('not JSON', bytes);
  }
  return objects && !isObject(message) ? wrong('not an object', bytes) : { message };
}

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
