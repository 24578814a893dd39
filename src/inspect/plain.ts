/**
 * Converts any value to plain JSON for display, without ever throwing. The contexts and events of a
 * user's machine may be cyclic, huge or secret, and their properties may throw when read.
 */

import {
  isLabelledSecret,
  isNamedByItem,
  isSecret,
  REDACTED,
  redactText,
} from '../core/secrets.ts';
import { redacted, redactorOf } from '../core/redactors.ts';
import { bigintText, isThenable, memberOf } from '../core/shape.ts';
import { headOf, hexOf, latin1Of } from './bytes.ts';
import { isErrorObject, isMap, isSet } from './kinds.ts';
import type { Json } from './wire.ts';

/**
 * Replaces values that must not be shown. It is called with the key and value of each property of each
 * reported value, before anything else reads the value; for a whole value the key is ''. What it returns is
 * shown instead; a value that it returns unchanged is still hidden if its name says that it is a secret. If
 * it throws, nothing of the whole value is shown.
 */
export type Sanitize = (key: string, value: unknown) => unknown;

/** A value is cut at these bounds, and says so. */
const MAX_TEXT_CHARACTERS = 16_384;
const MAX_BINARY_BYTES = 64;
const MAX_DEPTH = 16;
const MAX_VALUES = 5_000;
/** The approximate total of all texts and property names in one value. */
const MAX_CHARACTERS = 524_288;

/**
 * Converts a value to JSON, hides secrets, and cuts it where it is too large.
 *
 * @param isRedacted - Whether the protocol has already replaced the secrets in it; then only private keys
 *   in PEM are.
 */
export function toPlain(value: unknown, sanitize?: Sanitize, isRedacted = false): Json {
  try {
    return new Flattening(sanitize, isRedacted).flatten('', value);
  } catch (error) {
    return error instanceof SanitizeError ? `[${error.message}]` : '[cannot be shown]';
  }
}

/** Cuts a text that is too long, and adds its length. */
export function cut(text: string, maxCharacters = MAX_TEXT_CHARACTERS): string {
  return text.length <= maxCharacters
    ? text
    : `${text.slice(0, maxCharacters)}… (${String(text.length)} characters)`;
}

/** The failure that must hide the whole value; any other hides only the part that threw. */
class SanitizeError extends Error {}

const hiddenBySanitize = () => new SanitizeError('hidden, because sanitize threw');

/** One conversion: the recursion, and what is left of its bounds. */
class Flattening {
  readonly #sanitize: Sanitize | undefined;
  #isRedacted: boolean;
  readonly #ancestors: object[] = [];
  #valuesLeft = MAX_VALUES;
  #charactersLeft = MAX_CHARACTERS;

  constructor(sanitize: Sanitize | undefined, isRedacted: boolean) {
    this.#sanitize = sanitize;
    this.#isRedacted = isRedacted;
  }

  /** @param holder - The object whose property it is; its other properties may call it a secret. */
  flatten(key: string, raw: unknown, holder?: object): Json {
    const redactor = this.#isRedacted ? undefined : redactorOf(raw);
    if (redactor !== undefined) return this.#flattenRedacted(key, redacted(raw, redactor));
    const value = this.#sanitized(key, raw);
    // What the user's function has chosen to show is shown.
    const isHidden = value === raw && !this.#isRedacted && isSecretOf(key, value, holder);
    return isHidden ? REDACTED : this.#convert(key, value);
  }

  /** A message of a protocol, without the secrets that the protocol knows. */
  #flattenRedacted(key: string, value: unknown): Json {
    this.#isRedacted = true;
    try {
      return this.flatten(key, value);
    } finally {
      this.#isRedacted = false;
    }
  }

  #convert(key: string, value: unknown): Json {
    switch (typeof value) {
      case 'string':
        return value.includes('PRIVATE KEY-----') ? '[private key]' : this.#text(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.#flattenObject(key, value);
      case 'undefined':
        return '[undefined]';
      case 'bigint':
        return this.#bigint(bigintText(value));
      case 'function':
        return functionText(value);
      case 'symbol':
        return `[${String(value)}]`;
    }
  }

  #sanitized(key: string, value: unknown): unknown {
    if (this.#sanitize === undefined) return value;
    let replaced: unknown;
    try {
      replaced = this.#sanitize(key, value);
    } catch {
      throw hiddenBySanitize();
    }
    if (replaced === value || !isThenable(replaced)) return replaced;
    // An async function cannot be waited for.
    replaced.then(undefined, () => undefined);
    throw hiddenBySanitize();
  }

  #text(value: string): string {
    const shown = cut(value, Math.min(MAX_TEXT_CHARACTERS, Math.max(this.#charactersLeft, 0)));
    this.#charactersLeft -= shown.length;
    return this.#isRedacted ? shown : redactText(shown);
  }

  #bigint(text: string): string {
    return text.endsWith('n') ? `${this.#text(text.slice(0, -1))}n` : text;
  }

  #flattenObject(key: string, value: object): Json {
    if (this.#ancestors.includes(value)) return '[circular]';
    if (this.#ancestors.length >= MAX_DEPTH) return '[too deep]';
    if (this.#valuesLeft <= 0 || this.#charactersLeft <= 0) return '[too large]';
    this.#valuesLeft -= 1;
    this.#ancestors.push(value);
    try {
      return this.#structure(key, value);
    } catch (error) {
      if (error instanceof SanitizeError) throw error;
      return '[threw while it was read]';
    } finally {
      this.#ancestors.pop();
    }
  }

  #structure(key: string, value: object): Json {
    if (Array.isArray(value)) return this.#items(value);
    if (isErrorObject(value)) return this.#error(value);
    if (isMap(value)) {
      return { [`Map(${String(value.size)})`]: this.#mapEntries(value) };
    }
    if (isSet(value)) return { [`Set(${String(value.size)})`]: this.#items(value) };
    if (ArrayBuffer.isView(value)) return bytesOf(value);
    // Sockets and the like hold Node's internals.
    if (isEmitter(value)) return `[${value.constructor.name}]`;
    if (isActor(value)) return `[actor ${value.id} ${value.sessionId}]`;
    if (hasToJson(value)) return this.flatten(key, value.toJSON(key));
    return this.#properties(value);
  }

  #items(values: Iterable<unknown>): Json {
    const items: Json[] = [];
    let before: unknown;
    for (const value of values) {
      if (this.#isSpent()) return [...items, '[too large]'];
      const isHidden = !this.#isRedacted && typeof value === 'string' && isNamedByItem(before);
      items.push(isHidden ? REDACTED : this.flatten(String(items.length), value));
      before = value;
    }
    return items;
  }

  #mapEntries(map: ReadonlyMap<unknown, unknown>): Json {
    const entries: Json[] = [];
    for (const [key, value] of map) {
      if (this.#isSpent()) return [...entries, '[too large]'];
      const name = typeof key === 'string' ? key : '1';
      entries.push([this.flatten('0', key), this.flatten(name, value)]);
    }
    return entries;
  }

  #properties(object: object): Record<string, Json> {
    const properties: Record<string, Json> = {};
    for (const key of Object.keys(object)) {
      if (this.#isSpent()) return { ...properties, '…': '[too large]' };
      const property = readProperty(object, key);
      if (property === undefined) continue;
      this.#charactersLeft -= Math.min(key.length, MAX_TEXT_CHARACTERS);
      const value = this.flatten(key, property, object);
      // Assigning a property named __proto__ would set the prototype instead.
      if (key !== '__proto__') properties[cut(key)] = value;
      else Object.defineProperty(properties, key, { value, enumerable: true, configurable: true });
    }
    return properties;
  }

  /** Adds the properties of errors that are not enumerable. */
  #error(error: Error): Json {
    const keys = ['name', 'message', 'code', 'cause', 'errors', 'stack', 'received', 'raw'];
    const all = keys.map((key): [string, unknown] => [key, readProperty(error, key)]);
    const defined = all.filter(([, value]) => value !== undefined);
    const facts = Object.fromEntries(defined.map(([key, value]) => [key, this.#fact(key, value)]));
    return { ...facts, ...this.#rest(error, facts) };
  }

  /** The bytes that could not be read are a message, in which no secret can be recognized. */
  #fact(key: string, value: unknown): Json {
    const isMessage = key === 'raw' && ArrayBuffer.isView(value);
    return isMessage ? `[${String(value.byteLength)} bytes]` : this.flatten(key, value);
  }

  #rest(error: Error, facts: object): Record<string, Json> {
    const keys = Object.keys(error).filter((key) => !Object.hasOwn(facts, key));
    return this.#properties(Object.fromEntries(keys.map((key) => [key, readProperty(error, key)])));
  }

  #isSpent(): boolean {
    this.#valuesLeft -= 1;
    return this.#valuesLeft <= 0 || this.#charactersLeft <= 0;
  }
}

/** A function's name may be any value, and reading it may throw. */
function functionText(value: object): string {
  const name = readProperty(value, 'name');
  return typeof name === 'string' && name !== '' && name !== UNREADABLE
    ? `[function ${name}]`
    : '[function]';
}

/** Whether the name of a property, or another property of its object, says that it is a secret. */
const isSecretOf = (key: string, value: unknown, holder: object | undefined): boolean =>
  isSecret(key, value) ||
  (holder !== undefined && isLabelledSecret(key, (name) => readProperty(holder, name)));

const UNREADABLE = '[threw while it was read]';

/** Reads a property whose getter may throw. */
function readProperty(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return UNREADABLE;
  }
}

function bytesOf(view: ArrayBufferView): string {
  const size = `${String(view.byteLength)} bytes`;
  if (latin1Of(headOf(view, 10)) === '-----BEGIN') return `[${size} of PEM]`;
  const more = view.byteLength > MAX_BINARY_BYTES ? '…' : '';
  return `[${size} ${hexOf(headOf(view, MAX_BINARY_BYTES))}${more}]`;
}

/** Whether a value looks like an `EventEmitter` of Node. */
const isEmitter = (value: object): boolean =>
  ['on', 'emit', 'listenerCount', 'removeListener'].every(
    (name) => typeof memberOf(value, name) === 'function',
  );

const hasToJson = (value: object): value is { toJSON(key: string): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function';

/** An actor in a context is shown by its id: its own registration has the details. */
const isActor = (value: object): value is { id: string; sessionId: string } =>
  'sessionId' in value &&
  typeof value.sessionId === 'string' &&
  'id' in value &&
  typeof value.id === 'string' &&
  'getSnapshot' in value;
