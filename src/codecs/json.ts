/** Parses and writes the JSON texts of all JSON codecs. */

import { ArgumentError, CodecError, describe, isWirechartError } from '../core/errors.ts';
import { isThenable, memberOf, show } from '../core/shape.ts';
import { mayHoldBigInteger, stringifyBigInts, toText } from './big-integers.ts';
import { checkChoices, checkKinds, checkNames, type Names } from '../core/options.ts';
import { type BoundOptions, JsonBounds, MAX_DEPTH } from './json-bounds.ts';
import { withoutText } from './json-error.ts';
import { parseLossless } from './lossless-reader.ts';
import { checkPreamble, type PreambleOptions } from './preamble.ts';
import { rawOf } from './utf8.ts';

/** The value of a JSON text; for `bigint` see `JsonOptions.integers`. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

/** A JSON object. A member may be absent, but is never `undefined`. */
export interface JsonObject {
  [member: string]: JsonValue;
}

/** How integers are decoded. To encode them, numbers and bigints are accepted in both modes. */
export interface IntegerOptions {
  /**
   * `'number'` decodes every number like `JSON.parse`: integers above 2^53 lose digits. `'bigint'`
   * decodes integers (without fraction and exponent) that are not safe as a number as bigints, and all
   * other numbers, `-0` included, as numbers; a number with more than 1000 digits is a `CodecError`.
   * Default `'number'`.
   */
  readonly integers?: 'number' | 'bigint' | undefined;
}

/** Which JSON values are messages, how they are decoded and bounded, and what precedes the first one. */
export interface JsonOptions extends IntegerOptions, BoundOptions, PreambleOptions {
  /** Whether messages must be objects; anything else is a `CodecError`. Default `false`. */
  readonly objects?: boolean | undefined;
}

const JSON_OPTIONS: Names<JsonOptions> = {
  skipUntil: true,
  integers: true,
  objects: true,
  maxDepth: true,
  maxValues: true,
};

/**
 * Checks the options of a codec for JSON.
 *
 * @param others - An object whose keys are further names that are known.
 * @throws {ArgumentError} When a name is unknown, or a value cannot be used.
 */
export function checkJsonOptions(owner: string, options: JsonOptions, others: object = {}): void {
  checkNames(owner, options, { ...JSON_OPTIONS, ...others });
  checkChoices(owner, options, { integers: ['number', 'bigint'] });
  checkKinds(owner, options, { objects: 'boolean' });
  checkBound('maxDepth', options.maxDepth);
  checkBound('maxValues', options.maxValues);
  checkPreamble(options);
}

function checkBound(name: string, value: number | undefined): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return;
  throw new ArgumentError(`${name} must be a number above 0, not ${show(value)}`);
}

/** The options of a codec, without what precedes the first message. */
interface ReaderOptions extends IntegerOptions, BoundOptions {
  readonly objects?: boolean | undefined;
}

/** Parses JSON texts with the options of a codec. */
export class JsonReader {
  readonly #isLossless: boolean;
  readonly #objects: boolean;
  readonly #maxDepth: number;
  readonly #bounds: JsonBounds;
  /** Texts that are shorter cannot exceed a bound. */
  readonly #minChecked: number;
  /** Whether the block may have big integers. */
  #big = false;

  constructor(options: ReaderOptions, maxMessageBytes: number) {
    this.#isLossless = options.integers === 'bigint';
    this.#objects = options.objects ?? false;
    this.#maxDepth = options.maxDepth ?? MAX_DEPTH;
    this.#bounds = new JsonBounds(options, maxMessageBytes);
    this.#minChecked = this.#bounds.minCharacters;
  }

  /**
   * Searches a block, which contains all texts to be parsed next, once for what is expensive.
   *
   * @param bytes - The block in UTF-8.
   */
  enter(block: string, bytes: Uint8Array): void {
    this.#big = this.#isLossless && mayHoldBigInteger(block);
    if (bytes.length >= this.#minChecked) this.#bounds.enter(bytes);
  }

  /**
   * Parses one of the texts in the block.
   *
   * @throws {CodecError} When the text is not JSON, or not an object where one is required, or exceeds one
   *   of the bounds; `raw` has its first bytes.
   */
  parse(text: string): unknown {
    const value = this.parseScanned(text);
    if (text.length >= this.#minChecked) this.#bounds.checkDepth(text);
    if (this.#objects && !isObject(value)) {
      throw new CodecError('The message is JSON, but not an object', rawOf(text));
    }
    return value;
  }

  /** The same for a text that is known not to be nested too deeply; the value may be any. */
  parseScanned(text: string): unknown {
    if (text.length >= this.#minChecked) this.#bounds.checkValues(text);
    try {
      return this.#big && mayHoldBigInteger(text)
        ? parseLossless(text, this.#maxDepth)
        : JSON.parse(text);
    } catch (cause) {
      throw invalid(text, cause);
    }
  }
}

function invalid(text: string, thrown: unknown): CodecError {
  if (isCodecError(thrown)) return thrown;
  const cause = withoutText(thrown);
  return new CodecError(`The message is not JSON: ${describe(cause)}`, rawOf(text), { cause });
}

/**
 * Returns the JSON text of a value, as all JSON codecs write it: like `JSON.stringify`, which throws for
 * bigints, with bigints as integers. A nested `NaN` becomes `null`.
 *
 * @param indent - How many spaces each level is indented by; 0 writes one line. Default 0.
 * @throws {CodecError} When the value has no JSON text: `undefined`, a function, `NaN`, a cycle, nesting
 *   too deep for the stack, a bigint with more than 1000 digits.
 */
export function stringifyJson(value: unknown, indent = 0): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new CodecError(`JSON has no number ${String(value)}`);
  }
  const text = textOf(value, indent);
  if (text !== undefined) return text;
  const name = value === undefined ? 'undefined' : `a ${typeof value}`;
  throw new CodecError(`JSON has no value for ${name}`);
}

/**
 * Parses a JSON text without loss: integers that are not safe as a number become bigints, as with the
 * option `integers: 'bigint'` of the codecs.
 *
 * @throws {CodecError} When the text is not JSON, or has a number with more than 1000 digits; `raw` has its
 *   first bytes.
 */
export function parseJson(text: string): JsonValue {
  try {
    return parseLossless(text, Infinity) as JsonValue;
  } catch (cause) {
    throw invalid(text, cause);
  }
}

/**
 * Returns the JSON text of a message.
 *
 * @throws {CodecError} As `stringifyJson()`, and when the text does not begin with one of the characters in
 *   `first`.
 */
export function encodeJson(value: unknown, first?: string): string {
  const text = stringifyJson(value);
  if (text === '{}' && isThenable(value)) {
    throw new CodecError('The message is a promise: await it before you send it');
  }
  // The text decides, and not the value: a `Date` is an object but becomes a string.
  if (first !== undefined && !beginsWithOneOf(text, first)) {
    throw new CodecError(`The message is not an object${first.includes('[') ? ' or array' : ''}`);
  }
  return text;
}

function textOf(value: unknown, indent: number): string | undefined {
  try {
    return stringify(value, indent);
  } catch (cause) {
    throw new CodecError(`The message has no JSON text: ${describe(cause)}`, undefined, { cause });
  }
}

function stringify(value: unknown, indent: number): string | undefined {
  try {
    return indent === 0 ? toText(value) : toText(value, undefined, indent);
  } catch (error) {
    // A bigint and a cycle throw the same error; a cycle throws again in the second attempt.
    if (memberOf(error, 'name') === 'TypeError') return stringifyBigInts(value, indent);
    throw error;
  }
}

/** `first.includes(text.charAt(0))` for one or two characters, faster: it is called for each message. */
export function beginsWithOneOf(text: string, first: string): boolean {
  const begin = text.charCodeAt(0);
  return begin === first.charCodeAt(0) || (first.length > 1 && begin === first.charCodeAt(1));
}

const isCodecError = (error: unknown): error is CodecError =>
  isWirechartError(error) && error.code === 'ERR_CODEC';

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
