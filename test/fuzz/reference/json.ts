/** JSON, whose integers are exact: by way of `JSON.parse`, which is given no number that it would round. */

import { type Outcome, textOf, wrong } from './outcome.ts';

/** How values are read. */
export interface Reading {
  readonly exact: boolean;
  /** Whether only objects are messages. */
  readonly objects: boolean;
}

/** The message that bytes are, or what is wrong with them. */
export function readJson(bytes: string, { exact, objects }: Reading): Outcome {
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

/** Marks each string by an `s`, and writes each integer that is not safe as a string, without it. */
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

/** What a value is when it was written as JSON, and read again. */
export function rewritten(value: unknown, exact: boolean): unknown {
  if (typeof value === 'bigint') return exact ? value : Number(value);
  if (typeof value === 'number') return rewrittenNumber(value, exact);
  if (Array.isArray(value)) return value.map((member) => rewritten(member, exact));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([name, member]) => [name, rewritten(member, exact)]));
}

function rewrittenNumber(value: number, exact: boolean): unknown {
  if (!Number.isFinite(value)) return null;
  const text = JSON.stringify(value);
  const isRounded = /^-?\d+$/.test(text) && !Number.isSafeInteger(value);
  return exact && isRounded ? BigInt(text) : Number(text);
}
