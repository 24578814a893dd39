/** Bytes to text and back, where a wrong byte is an error and not a replacement character. */

import { CodecError, describe } from '../core/errors.ts';
import { encodeUtf8 } from './bytes.ts';

// A byte order mark is content: JSON does not allow one, and text lines are handed on unchanged.
const UTF8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of `bytes`.
 *
 * @throws {CodecError} When they are not UTF-8, or more than a string can hold; `raw` holds them.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new CodecError(`The bytes are not UTF-8 text: ${describe(cause)}`, rawOf(bytes), {
      cause,
    });
  }
}

/** The text of `bytes`, or `undefined` where `decodeUtf8()` throws. */
export function tryDecodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The first bytes of a message, as many as `CodecError.raw` keeps; a copy that keeps nothing alive. */
export function rawOf(message: string | Uint8Array): Uint8Array {
  if (typeof message !== 'string') return new Uint8Array(message.subarray(0, 1024));
  // One more character than bytes are kept, so that no surrogate pair among them is cut in two.
  return encodeUtf8(message.slice(0, 1025));
}
