/** Finds integers above 2^53 in JSON, and writes them: QMP has 64-bit integers. */

import { MAX_DIGITS } from './lossless-reader.ts';

/** The shortest integer that is not safe as a number has this many digits. */
const MIN_BIG_DIGITS = 16;

/** Whether `text` contains enough consecutive digits for an integer that is not safe as a number. */
export function mayHoldBigInteger(text: string): boolean {
  // So many consecutive digits include at least one of the characters that are checked.
  for (let at = MIN_BIG_DIGITS - 1; at < text.length; at += MIN_BIG_DIGITS) {
    if (isDigit(text, at) && digitsAround(text, at) >= MIN_BIG_DIGITS) return true;
  }
  return false;
}

function digitsAround(text: string, at: number): number {
  let from = at;
  while (isDigit(text, from - 1)) from--;
  let to = at + 1;
  while (to - from < MIN_BIG_DIGITS && isDigit(text, to)) to++;
  return to - from;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/**
 * Returns the JSON text of a value like `JSON.stringify`, but with bigints as integers.
 *
 * A bigint is first written as a string, its digits followed by the mark `\u0001n`; then the quotes and
 * the mark are removed from the text. A string that looks like this gets one more `n`, which is removed
 * again. Member names are never changed: a colon follows them.
 *
 * @throws {TypeError} When the value has a cycle.
 * @throws {RangeError} When it is nested too deeply for the stack, or has a bigint with too many digits.
 */
export function stringifyBigInts(value: unknown, indent = 0): string | undefined {
  const mark = (_name: string, member: unknown): unknown => {
    if (typeof member === 'bigint') return `${digitsOf(member)}\u0001n`;
    return typeof member === 'string' && /^-?\d+\u0001n+$/.test(member) ? `${member}n` : member;
  };
  const text = toText(value, mark, indent);
  // This finds whole strings only, because a quote within a string follows a backslash.
  return text?.replace(
    /(?<!\\)"(-?\d+)\\u0001n(n*)"(?!:)/g,
    (_string, digits: string, more: string) => (more === '' ? digits : `"${digits}\\u0001${more}"`),
  );
}

/** To write more digits would take time with the square of their number, and no reader would accept them. */
const TOO_LARGE = /* @__PURE__ */ ((): bigint => 10n ** BigInt(MAX_DIGITS))();

function digitsOf(value: bigint): string {
  if (value < TOO_LARGE && value > -TOO_LARGE) return String(value);
  throw new RangeError(`it has a bigint with more than ${String(MAX_DIGITS)} digits`);
}

/** `JSON.stringify` with its true type: some values have no text. */
export function toText(
  value: unknown,
  replacer?: (name: string, member: unknown) => unknown,
  indent?: number,
): string | undefined {
  return JSON.stringify(value, replacer, indent);
}
