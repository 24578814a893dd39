/** Parses JSON in one pass, without rounding integers above 2^53: QMP has 64-bit integers. */

import { CodecError } from '../core/errors.ts';
import { endOfString } from './json-strings.ts';
import { tooDeep } from './json-bounds.ts';
import { rawOf } from './utf8.ts';

/** The longest number that is read, and the longest bigint that is written: in digits. */
export const MAX_DIGITS = 1000;

/**
 * Parses a JSON text like `JSON.parse`, but every unsafe integer becomes a bigint.
 *
 * @param maxDepth - How many levels of objects and arrays it may have.
 * @throws {SyntaxError} When the text is not JSON.
 * @throws {CodecError} When it is JSON with too many levels, or with a number that is too long.
 * @throws {RangeError} When it is nested too deeply for the stack.
 */
export function parseLossless(text: string, maxDepth: number): unknown {
  const reader = new LosslessReader(text);
  let value: unknown;
  try {
    value = reader.read(maxDepth);
  } catch (error) {
    // Its error says what is wrong, and where. What is not JSON is reported as such, however deep it is.
    JSON.parse(text);
    throw reader.isTooDeep ? tooDeep(text, error) : error;
  }
  if (reader.hasLongNumber) throw longNumber(text);
  return value;
}

/** To convert it would take time with the square of its length. */
const longNumber = (text: string): CodecError =>
  new CodecError(
    `The message has a number with more than ${String(MAX_DIGITS)} digits`,
    rawOf(text),
  );

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const SMALL_E = 0x65;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** V8 copies a slice that is not longer; a longer one would keep the whole text in memory. */
const MAX_COPIED_CHARACTERS = 12;
/** A number with at most so many digits is exact in each step of its calculation. */
const MAX_EXACT_DIGITS = 15;
/** No integer with more digits is safe as a number. */
const MAX_SAFE_DIGITS = 16;

const WORDS: ReadonlyMap<number, readonly [word: string, value: boolean | null]> =
  /* @__PURE__ */ new Map([
    [0x74, ['true', true]],
    [0x66, ['false', false]],
    [0x6e, ['null', null]],
  ] as const);

class LosslessReader {
  /** Whether a number was too long: it was not converted. */
  hasLongNumber = false;
  /** Whether it has stopped because of the levels. */
  isTooDeep = false;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(maxDepth: number): unknown {
    this.#peek();
    const value = this.#value(maxDepth);
    this.#peek();
    if (this.#at !== this.#text.length) throw unexpected();
    return value;
  }

  /** @param levels - How many levels it may have. */
  #value(levels: number): unknown {
    const first = this.#text.charCodeAt(this.#at);
    if (first === QUOTE) return this.#string();
    if (first === OPEN_OBJECT) return this.#object(levels);
    if (first === OPEN_ARRAY) return this.#array(levels);
    return first === MINUS || isDigit(first) ? this.#number() : this.#word(first);
  }

  /** Skips white space, and returns the next character; `NaN` at the end. */
  #peek(): number {
    let code = this.#text.charCodeAt(this.#at);
    while (code <= SPACE && isBlank(code)) code = this.#text.charCodeAt(++this.#at);
    return code;
  }

  #object(levels: number): object {
    if (levels <= 0) throw this.#tooDeep();
    const object: Record<string, unknown> = {};
    this.#at++;
    if (this.#peek() === CLOSE_OBJECT) this.#at++;
    else
      do {
        if (this.#peek() !== QUOTE) throw unexpected();
        const name = this.#string();
        if (this.#peek() !== COLON) throw unexpected();
        this.#at++;
        this.#peek();
        const value = this.#value(levels - 1);
        if (name === '__proto__') define(object, name, value);
        else object[name] = value;
      } while (this.#hasMore(CLOSE_OBJECT));
    return object;
  }

  #array(levels: number): unknown[] {
    if (levels <= 0) throw this.#tooDeep();
    const array: unknown[] = [];
    this.#at++;
    if (this.#peek() === CLOSE_ARRAY) this.#at++;
    else
      do {
        this.#peek();
        array.push(this.#value(levels - 1));
      } while (this.#hasMore(CLOSE_ARRAY));
    return array;
  }

  /** Moves past a comma and returns true, or past the end of the object or array and returns false. */
  #hasMore(close: number): boolean {
    const next = this.#peek();
    this.#at++;
    if (next !== COMMA && next !== close) throw unexpected();
    return next === COMMA;
  }

  #string(): string {
    const from = this.#at + 1;
    const last = from + MAX_COPIED_CHARACTERS;
    let at = from;
    let code = this.#text.charCodeAt(at);
    while (code >= SPACE && code !== QUOTE && code !== BACKSLASH && at < last)
      code = this.#text.charCodeAt(++at);
    if (code !== QUOTE) return this.#longString(from - 1);
    this.#at = at + 1;
    return this.#text.slice(from, at);
  }

  /** Leaves a long string, or one with escapes, to `JSON.parse`, which takes many characters at once. */
  #longString(from: number): string {
    this.#at = endOfString(this.#text, from);
    return String(JSON.parse(this.#text.slice(from, this.#at)));
  }

  #number(): number | bigint {
    const from = this.#at;
    const first = this.#text.charCodeAt(from) === MINUS ? from + 1 : from;
    const end = this.#text.charCodeAt(first) === ZERO ? first + 1 : this.#skipDigits(first);
    this.#at = this.#skipExponent(this.#skipFraction(end));
    const isInteger = this.#at === end;
    const size = this.#at - first;
    if (isInteger && size <= MAX_EXACT_DIGITS) {
      const value = this.#digits(first, end);
      return first === from ? value : -value;
    }
    this.hasLongNumber ||= size > MAX_DIGITS;
    if (this.hasLongNumber) return 0;
    const literal = this.#text.slice(from, this.#at);
    if (isInteger && size > MAX_SAFE_DIGITS) return BigInt(literal);
    const value = Number(literal);
    return !isInteger || Number.isSafeInteger(value) ? value : BigInt(literal);
  }

  #skipFraction(at: number): number {
    return this.#text.charCodeAt(at) === DOT ? this.#skipDigits(at + 1) : at;
  }

  #skipExponent(at: number): number {
    // The letter, in lower case.
    if ((this.#text.charCodeAt(at) | 0x20) !== SMALL_E) return at;
    const sign = this.#text.charCodeAt(at + 1);
    return this.#skipDigits(sign === PLUS || sign === MINUS ? at + 2 : at + 1);
  }

  /** Returns the index after the digits at `from`, of which there must be one at least. */
  #skipDigits(from: number): number {
    let at = from;
    while (isDigit(this.#text.charCodeAt(at))) at++;
    if (at === from) throw unexpected();
    return at;
  }

  #digits(from: number, to: number): number {
    let value = 0;
    for (let at = from; at < to; at++) value = value * 10 + this.#text.charCodeAt(at) - ZERO;
    return value;
  }

  #tooDeep(): RangeError {
    this.isTooDeep = true;
    return new RangeError('The option maxDepth of the codec allows fewer levels');
  }

  #word(first: number): boolean | null {
    const word = WORDS.get(first);
    if (word === undefined || !this.#text.startsWith(word[0], this.#at)) throw unexpected();
    this.#at += word[0].length;
    return word[1];
  }
}

const isDigit = (code: number): boolean => code >= ZERO && code <= 0x39;

const isBlank = (code: number): boolean =>
  code === SPACE || code === LF || code === CR || code === TAB;

/** Its text is never shown: `JSON.parse` finds the same error. */
const unexpected = (): SyntaxError => new SyntaxError('Unexpected character');

/** Adds a property as `JSON.parse` does; assigning to `__proto__` would set the prototype instead. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
