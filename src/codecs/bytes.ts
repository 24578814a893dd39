/**
 * Allocates memory and converts text for the codecs, without any module of Node: codecs run in browsers,
 * too. Node's `Buffer` is used where it exists, because it is faster.
 */

/** `undefined` in a browser. */
const NodeBuffer = /* @__PURE__ */ (() =>
  (globalThis as { readonly Buffer?: typeof Buffer }).Buffer)();
const ENCODER = /* @__PURE__ */ new TextEncoder();

/** Memory with arbitrary content, not from a pool: a view of a pool would keep all of it in memory. */
export const allocate = (bytes: number): Uint8Array =>
  NodeBuffer === undefined ? new Uint8Array(bytes) : NodeBuffer.allocUnsafeSlow(bytes);

/** Memory with arbitrary content for a frame that is sent soon; it may be part of a pool. */
export const allocateFrame = (bytes: number): Uint8Array =>
  NodeBuffer === undefined ? new Uint8Array(bytes) : NodeBuffer.allocUnsafe(bytes);

/** The UTF-8 bytes of a text. */
export const encodeUtf8 = (text: string): Uint8Array => ENCODER.encode(text);

/** How many bytes the UTF-8 of a text has. */
export const utf8Length = (text: string): number =>
  NodeBuffer === undefined ? ENCODER.encode(text).length : NodeBuffer.byteLength(text);

/** Decodes each byte as one character. For a few thousand bytes at most. */
export const latin1Of = (bytes: Uint8Array): string =>
  NodeBuffer?.isBuffer(bytes) === true ? bytes.toString('latin1') : String.fromCharCode(...bytes);

/** From this size on `TextDecoder` is faster. */
const MAX_SHORT_BYTES = 256;

/** The text of a few bytes of ASCII, where that is faster than to decode UTF-8; else `undefined`. */
export function shortAscii(bytes: Uint8Array): string | undefined {
  const { length } = bytes;
  if (length > MAX_SHORT_BYTES || NodeBuffer?.isBuffer(bytes) !== true) return undefined;
  let all = 0;
  for (let at = 0; at < length; at += 1) all |= bytes[at] ?? 0;
  return all < 0x80 ? bytes.toString('latin1') : undefined;
}

/** The reverse of `latin1Of()`. */
export const bytesOfLatin1 = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));
