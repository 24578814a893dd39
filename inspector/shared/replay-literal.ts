/**
 * Writes values as TypeScript. The values come from recordings, perhaps of strangers, and the text is run:
 * nothing in them may end a literal or a comment.
 */

import type { Json } from './view.ts';

/** A line with a value that is longer than this is broken. */
const MAX_LINE = 90;
/** A longer value is left out. */
const MAX_CHARACTERS = 20_000;

/** Characters that are not visible where they stand, or end a line. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string =>
  [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');

/** A string literal. */
export function quoted(text: string): string {
  const body = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  const inner = body.replaceAll("'", "\\'").replace(INVISIBLE, escaped);
  return `'${inner}'`;
}

/** A text within a comment of one line. */
export const inComment = (text: string): string => {
  const line = text.slice(0, 201).replace(INVISIBLE, '·').replaceAll('*/', '*·');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
};

/** A name of a property. */
export const keyLiteral = (key: string): string =>
  key === '__proto__' ? "['__proto__']" : /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);

/** What a recording shows in place of values that JSON does not have, or that it hides. */
const STAND_IN =
  /^\[(?:undefined|circular|hidden|too (?:deep|large)|cannot be shown|threw |function|actor |Symbol\(|private key|\d+ bytes|redacted)|… \(\d+ characters\)$|\[redacted\]/;

/** Whether a text stands for another value, which the recording does not have. */
export const isStandIn = (value: Json): boolean =>
  typeof value === 'string' && value !== '[undefined]' && STAND_IN.test(value);

/** The literals of a value that stand for others, at most ten. */
export function standInsIn(value: Json, found: string[] = []): string[] {
  if (found.length >= 10) return found;
  if (typeof value === 'string' && isStandIn(value) && !found.includes(value)) found.push(value);
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) standInsIn(inner, found);
  return found;
}

/** Whether a value is too large for a test that is read. */
export const isTooLong = (value: Json): boolean => JSON.stringify(value).length > MAX_CHARACTERS;

/** The literal of a value. `[undefined]` becomes `undefined`. */
export function literal(value: Json, indent = ''): string {
  if (typeof value === 'string') return value === '[undefined]' ? 'undefined' : quoted(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((one: Json) => literal(one, inner))
    : Object.entries(value).map(([key, one]) => `${keyLiteral(key)}: ${literal(one, inner)}`);
  return group(parts, Array.isArray(value) ? ['[', ']'] : ['{ ', ' }'], indent);
}

/** Parts in brackets, on one line if they fit. */
export function group(
  parts: readonly string[],
  [open, close]: readonly [string, string],
  indent: string,
): string {
  if (parts.length === 0) return open.trim() + close.trim();
  const line = `${open}${parts.join(', ')}${close}`;
  if (line.length + indent.length <= MAX_LINE && !line.includes('\n')) return line;
  const lines = parts.map((part) => `${indent}  ${part},\n`);
  return `${open.trim()}\n${lines.join('')}${indent}${close.trim()}`;
}
