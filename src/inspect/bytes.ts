/** What a feed needs to know of bytes, without a module of Node. */

/** The number of bytes of a text in UTF-8. A lone surrogate has three, as Node writes it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // The two halves of a pair have four bytes together.
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(at + 1))) at += 1;
  }
  return bytes;
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** The first bytes of a view, at most `max`. */
export const headOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView, max: number) =>
  new Uint8Array(buffer, byteOffset, Math.min(byteLength, max));

/** Bytes as hexadecimal digits. */
export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Bytes as text, one character each. */
export const latin1Of = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
