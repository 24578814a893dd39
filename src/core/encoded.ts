/** Checks what a user's codec returned: it may be written in JavaScript, or hide its types. */

import type { Decoder } from './codec.ts';
import { CodecError } from './errors.ts';
import { isBytes, isThenable, memberOf, show } from './shape.ts';

/**
 * Checks what `encode()` returned.
 *
 * @throws {CodecError} When it is not text, bytes, or an array of bytes.
 */
export function checkEncoded(encoded: unknown): void {
  if (typeof encoded === 'string' || isBytes(encoded) || isArrayOfBytes(encoded)) return;
  if (isThenable(encoded)) {
    // Its rejection is the caller's error, too, and must not end the process.
    encoded.then(undefined, () => undefined);
  }
  throw new CodecError(
    `The codec's encode() returned ${nameOfValue(encoded)}; it must return a string, a Uint8Array ` +
      `or an array of Uint8Arrays${isThenable(encoded) ? ', at once: a codec cannot wait' : ''}.`,
  );
}

const isArrayOfBytes = (value: unknown): boolean => Array.isArray(value) && value.every(isBytes);

/** Every decoder that a session has used. */
const used = /* @__PURE__ */ new WeakSet();

/**
 * Returns what `createDecoder()` returned for a new session.
 *
 * @throws {CodecError} When it is not a decoder, or that of another session, whose bytes it would mix in.
 */
export function checkDecoder<In>(decoder: Decoder<In>): Decoder<In> {
  const missing = (['write', 'read', 'end'] as const).filter(
    (method) => typeof memberOf(decoder, method) !== 'function',
  );
  if (used.has(decoder)) {
    throw new CodecError(
      "The codec's createDecoder() returned the decoder of another session; it must create one each time.",
    );
  }
  if (missing.length === 0) {
    used.add(decoder);
    return decoder;
  }
  throw new CodecError(
    `The codec's createDecoder() returned ${nameOfValue(decoder)} without ${missing.join(', ')}(); ` +
      'a decoder has the methods write(), read() and end().',
  );
}

/** Names a value in an error text. The content of a text is not shown: it may be a message. */
export function nameOfValue(value: unknown): string {
  if (typeof value === 'string') return 'a string';
  if (isThenable(value)) return 'a promise';
  const wrong = Array.isArray(value) ? value.findIndex((part) => !isBytes(part)) : -1;
  return wrong === -1 || !Array.isArray(value)
    ? show(value)
    : `an array whose element ${String(wrong)} is ${nameOfValue(value[wrong])}`;
}
