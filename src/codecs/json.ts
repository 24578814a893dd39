/** JSON texts and their values, as all JSON codecs read and write them. */

import { CodecError, describe } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import { mayHoldBigInteger, parseLossless, stringifyBigInts, toText } from './big-integers.ts';
import { rawOf } from './utf8.ts';

/** What a JSON text can say; `bigint` for integers, see `JsonOptions.integers`. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

/** A JSON object. A member is there or not, never `undefined`. */
export interface JsonObject {
  [member: string]: JsonValue;
}

/** How integers are read. Written they may be numbers or bigints, in either mode. */
export interface IntegerOptions {
  /**
   * `'number'` reads every number as `JSON.parse` does: integers past 2^53 lose digits. `'bigint'`
   * reads the integers (without fraction and exponent) that are not safe as a number as a bigint,
   * and all other numbers as numbers, `-0` too. Default `'number'`.
   */
  readonly integers?: 'number' | 'bigint' | undefined;
}

/** Which JSON values are messages, and how they are read. */
export interface JsonOptions extends IntegerOptions {
  /** Whether only objects are messages, anything else being a `CodecError`. Default `false`. */
  readonly objects?: boolean | undefined;
}

/** A JSON text to its value, each with the options of a codec. */
export class JsonReader {
  readonly #lossless: boolean;
  readonly #objects: boolean;
  #big = false;

  constructor(options: JsonOptions) {
    this.#lossless = options.integers === 'bigint';
    this.#objects = options.objects ?? false;
  }

  /** Looks once at a text that holds all the texts to be parsed next: one search instead of many. */
  enter(block: string): void {
    this.#big = this.#lossless && mayHoldBigInteger(block);
  }

  /**
   * The value of one of the texts in the block.
   *
   * @throws {CodecError} When the text is not JSON, or not an object where one is asked for; `raw`
   *   holds its bytes.
   */
  parse(text: string): unknown {
    const value = this.#parse(text);
    if (this.#objects && !isObject(value)) {
      throw new CodecError('The message is JSON, but not an object', rawOf(text));
    }
    return value;
  }

  #parse(text: string): unknown {
    try {
      return this.#big && mayHoldBigInteger(text) ? parseLossless(text) : JSON.parse(text);
    } catch (cause) {
      throw new CodecError(`The message is not JSON: ${describe(cause)}`, rawOf(text), { cause });
    }
  }
}

/**
 * The compact JSON text of `value`, as `JSON.stringify` writes it (a nested `NaN` as `null`), with
 * bigints as integers.
 *
 * @throws {CodecError} When there is no such text (`undefined`, a function, `NaN`, a cycle, nesting
 *   too deep for the stack), or when it does not begin with one of the characters `first`.
 */
export function stringifyJson(value: unknown, first?: string): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new CodecError(`JSON has no number ${String(value)}`);
  }
  const text = textOf(value);
  if (text === undefined) throw new CodecError(`JSON has no value for a ${typeof value}`);
  // The text tells what the value was turned into: a `Date` is an object that becomes a string.
  if (first !== undefined && !beginsWithOneOf(text, first)) {
    throw new CodecError(`The message is not an object${first.includes('[') ? ' or array' : ''}`);
  }
  return text;
}

function textOf(value: unknown): string | undefined {
  try {
    return stringify(value);
  } catch (cause) {
    throw new CodecError(`The message has no JSON text: ${describe(cause)}`, undefined, { cause });
  }
}

function stringify(value: unknown): string | undefined {
  try {
    return toText(value);
  } catch (error) {
    // What is thrown for a bigint is thrown for a cycle too, which throws again the second time.
    if (memberOf(error, 'name') === 'TypeError') return stringifyBigInts(value);
    throw error;
  }
}

/** As `first.includes(text.charAt(0))`, for each message: two comparisons cost less than a call. */
export function beginsWithOneOf(text: string, first: string): boolean {
  const begin = text.charCodeAt(0);
  return begin === first.charCodeAt(0) || (first.length > 1 && begin === first.charCodeAt(1));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
