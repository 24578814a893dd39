/**
 * Any value as plain JSON that can be looked at: what a machine has in its context is the user's, and
 * may be cyclic, huge, secret, or throw when it is touched. Nothing here throws.
 */

import { EventEmitter } from 'node:events';
import type { Json } from './wire.ts';

/**
 * Replaces what must not be shown: called, before anything else looks at it, with the key and the
 * value of each property of each value that is reported; the key of a whole value is ''. Where it throws,
 * nothing of the whole value is shown.
 */
export type Sanitize = (key: string, value: unknown) => unknown;

/** Beyond these a value is cut, and says so. */
const MAX_TEXT_CHARACTERS = 16_384;
const MAX_SHOWN_BYTES = 64;
const MAX_DEPTH = 16;
const MAX_VALUES = 5_000;
/** Of all texts and names in it together, about. */
const MAX_CHARACTERS = 524_288;

/** A value as JSON, cut where it is too large. */
export function toPlain(value: unknown, sanitize?: Sanitize): Json {
  try {
    return new Flattening(sanitize).flatten('', value);
  } catch (error) {
    return error instanceof SanitizeError ? `[${error.message}]` : '[cannot be shown]';
  }
}

/** A text, cut where it is too long. */
export function cut(text: string, longest = MAX_TEXT_CHARACTERS): string {
  return text.length <= longest
    ? text
    : `${text.slice(0, longest)}… (${String(text.length)} characters)`;
}

/** Tells the one failure that must hide the whole value from those that hide a part. */
class SanitizeError extends Error {}

class Flattening {
  readonly #sanitize: Sanitize | undefined;
  readonly #ancestors: object[] = [];
  #left = MAX_VALUES;
  #room = MAX_CHARACTERS;

  constructor(sanitize: Sanitize | undefined) {
    this.#sanitize = sanitize;
  }

  flatten(key: string, raw: unknown): Json {
    const value = this.#sanitized(key, raw);
    switch (typeof value) {
      case 'string':
        return value.includes('PRIVATE KEY-----') ? '[a private key]' : this.#text(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.#flattenObject(key, value);
      case 'undefined':
        return '[undefined]';
      case 'bigint':
        return `${this.#text(value.toString())}n`;
      case 'function':
        return functionText(value);
      case 'symbol':
        return `[${String(value)}]`;
    }
  }

  #sanitized(key: string, value: unknown): unknown {
    if (this.#sanitize === undefined) return value;
    try {
      return this.#sanitize(key, value);
    } catch {
      throw new SanitizeError('hidden, because sanitize threw');
    }
  }

  #text(value: string): string {
    const shown = cut(value, Math.min(MAX_TEXT_CHARACTERS, Math.max(this.#room, 0)));
    this.#room -= shown.length;
    return shown;
  }

  #flattenObject(key: string, value: object): Json {
    if (this.#ancestors.includes(value)) return '[circular]';
    if (this.#ancestors.length >= MAX_DEPTH) return '[too deep]';
    if (this.#left <= 0 || this.#room <= 0) return '[too much]';
    this.#left -= 1;
    this.#ancestors.push(value);
    try {
      return this.#structure(key, value);
    } catch (error) {
      if (error instanceof SanitizeError) throw error;
      return '[threw when it was looked at]';
    } finally {
      this.#ancestors.pop();
    }
  }

  #structure(key: string, value: object): Json {
    if (Array.isArray(value)) return this.#items(value);
    if (value instanceof Error) return this.#error(value);
    if (value instanceof Map) {
      return { [`Map(${String(value.size)})`]: this.#items(value.entries()) };
    }
    if (value instanceof Set) return { [`Set(${String(value.size)})`]: this.#items(value) };
    if (ArrayBuffer.isView(value)) return bytesOf(value);
    // Sockets and the like: what they hold is Node's, and nobody's business.
    if (value instanceof EventEmitter) return `[${value.constructor.name}]`;
    if (isActor(value)) return `[actor ${value.id} ${value.sessionId}]`;
    if (hasToJson(value)) return this.flatten(key, value.toJSON(key));
    return this.#properties(value);
  }

  #items(values: Iterable<unknown>): Json {
    const items: Json[] = [];
    for (const value of values) {
      if (this.#isSpent()) return [...items, '[too much]'];
      items.push(this.flatten(String(items.length), value));
    }
    return items;
  }

  #properties(object: object): Record<string, Json> {
    const properties: Record<string, Json> = {};
    for (const key of Object.keys(object)) {
      if (this.#isSpent()) return { ...properties, '…': '[too much]' };
      const property = readProperty(object, key);
      if (property === undefined) continue;
      this.#room -= key.length;
      const value = this.flatten(key, property);
      // A property that is called __proto__ is one like any other, but cannot be assigned.
      if (key !== '__proto__') properties[key] = value;
      else Object.defineProperty(properties, key, { value, enumerable: true, configurable: true });
    }
    return properties;
  }

  /** What an error says of itself, which is no property that is enumerated. */
  #error(error: Error): Json {
    const own = ['name', 'message', 'code', 'cause', 'errors', 'stack'] as const;
    const hidden = own.map((key): [string, unknown] => [key, readProperty(error, key)]);
    const told = hidden.filter(([, value]) => value !== undefined);
    const facts = Object.fromEntries(told.map(([key, value]) => [key, this.flatten(key, value)]));
    return { ...facts, ...this.#rest(error, facts) };
  }

  #rest(error: Error, facts: object): Record<string, Json> {
    const keys = Object.keys(error).filter((key) => !Object.hasOwn(facts, key));
    return this.#properties(Object.fromEntries(keys.map((key) => [key, readProperty(error, key)])));
  }

  #isSpent(): boolean {
    this.#left -= 1;
    return this.#left <= 0 || this.#room <= 0;
  }
}

/** Its name may be anything, and reading it may throw. */
function functionText(value: object): string {
  const name = readProperty(value, 'name');
  return typeof name === 'string' && name !== '' && name !== UNREADABLE
    ? `[function ${name}]`
    : '[function]';
}

const UNREADABLE = '[threw when it was read]';

/** A getter is the user's code. */
function readProperty(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return UNREADABLE;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const head = Buffer.from(buffer, byteOffset, Math.min(byteLength, 10)).toString('latin1');
  if (head === '-----BEGIN') return `[${String(byteLength)} bytes of PEM]`;
  const shown = Buffer.from(buffer, byteOffset, Math.min(byteLength, MAX_SHOWN_BYTES));
  const more = byteLength > MAX_SHOWN_BYTES ? '…' : '';
  return `[${String(byteLength)} bytes ${shown.toString('hex')}${more}]`;
}

const hasToJson = (value: object): value is { toJSON(key: string): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function';

/** An actor in a context stands for itself; what it holds is told where it is registered. */
const isActor = (value: object): value is { id: string; sessionId: string } =>
  'sessionId' in value &&
  typeof value.sessionId === 'string' &&
  'id' in value &&
  typeof value.id === 'string' &&
  'getSnapshot' in value;
