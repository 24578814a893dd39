/** Decodes UTF-8 strictly: an invalid byte is an error, and not a replacement character. */

import { CodecError, describe } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { encodeUtf8, shortAscii } from './bytes.ts';

// A byte order mark is content: JSON does not allow one, and lines of text are not changed.
const UTF8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes `bytes`.
 *
 * @throws {CodecError} When they are not UTF-8, or too many for a string; `raw` has them.
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

/** Decodes `bytes`; `undefined` where `decodeUtf8()` throws. */
export function tryDecodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return shortAscii(bytes) ?? UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The first bytes of a message for `CodecError.raw`, as a copy: a view would keep the chunk in memory. */
export function rawOf(message: string | Uint8Array): Uint8Array {
  if (typeof message !== 'string') return new Uint8Array(message.subarray(0, 1024));
  // One character more than bytes are kept, so that no surrogate pair among these is split.
  return encodeUtf8(message.slice(0, 1025));
}

/** Names the first bytes in an error text: in quotes, with escapes for what cannot be printed. */
export function quoteBytes(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, MAX_QUOTED_BYTES), shownByte).join('');
  return `'${shown}'${bytes.length > MAX_QUOTED_BYTES ? '…' : ''}`;
}

const MAX_QUOTED_BYTES = 64;

/** Bytes from 0x80 on are shown as numbers: they may be any part of a character, or of none. */
function shownByte(byte: number): string {
  if (byte >= 0x80) return `\\x${byte.toString(16)}`;
  return byte === BACKSLASH ? '\\\\' : printable(String.fromCharCode(byte));
}

const BACKSLASH = 0x5c;
