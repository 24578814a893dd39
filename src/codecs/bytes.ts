/**
 * Memory and text for the codecs, without any module of Node: they run in browsers, too. Where there
 * is a `Buffer` it is used, because there it is faster.
 */

/** `undefined` in a browser. */
const NodeBuffer = /* @__PURE__ */ (() =>
  (globalThis as { readonly Buffer?: typeof Buffer }).Buffer)();
const ENCODER = /* @__PURE__ */ new TextEncoder();

/** Memory of any content, all of it to be overwritten. Large memory is shared with nothing else. */
export const allocate = (bytes: number): Uint8Array =>
  NodeBuffer === undefined ? new Uint8Array(bytes) : NodeBuffer.allocUnsafeSlow(bytes);

/** Memory for a frame that is sent soon; it may be part of a pool. */
export const allocateFrame = (bytes: number): Uint8Array =>
  NodeBuffer === undefined ? new Uint8Array(bytes) : NodeBuffer.allocUnsafe(bytes);

/** The UTF-8 bytes of a text. */
export const encodeUtf8 = (text: string): Uint8Array => ENCODER.encode(text);

/** How many bytes the UTF-8 of a text has. */
export const utf8Length = (text: string): number =>
  NodeBuffer === undefined ? ENCODER.encode(text).length : NodeBuffer.byteLength(text);

/** The bytes as a text of as many characters. Not for more than some thousand bytes. */
export const latin1Of = (bytes: Uint8Array): string =>
  NodeBuffer?.isBuffer(bytes) === true ? bytes.toString('latin1') : String.fromCharCode(...bytes);
