/** The references of `contentLength()` and `lengthPrefixed()`. */

import { readJson, type JsonOptions } from './json.ts';
import { afterPreamble, type Outcome, type Reference, tooLarge, wrong } from './outcome.ts';

const MAX_HEADER_BYTES = 8192;

export const contentLengthReference = (
  limit: number,
  reading: JsonOptions,
  skipUntil?: string,
): Reference =>
  afterPreamble({ limit, skipUntil }, ({ bytes, ended }) => {
    const all: Outcome[] = [];
    let rest = bytes;
    for (;;) {
      const header = headerOf(rest, limit);
      if (header !== undefined && 'fatal' in header) return [...all, header];
      if (header === undefined || rest.length < header.end) break;
      all.push(readJson(rest.slice(header.start, header.end), reading));
      rest = rest.slice(header.end);
    }
    if (ended && rest !== '') all.push(wrong('cut', rest));
    return all;
  });

interface Body {
  readonly start: number;
  readonly end: number;
}

/** Returns where the body is; `undefined` if the header is not complete. */
function headerOf(
  bytes: string,
  limit: number,
): Body | Extract<Outcome, { fatal: unknown }> | undefined {
  const blank = /(^|\r\n)\r\n/.exec(bytes.slice(0, MAX_HEADER_BYTES));
  const start = blank === null ? undefined : blank.index + blank[0].length;
  const header = bytes.slice(0, start ?? MAX_HEADER_BYTES);
  if (/(^|[^\r])\n/.test(header)) return { fatal: 'header' };
  if (start === undefined) {
    return bytes.length > MAX_HEADER_BYTES ? tooLarge(MAX_HEADER_BYTES) : undefined;
  }
  const fields = header.slice(0, -2).split('\r\n').slice(0, -1);
  const lengths = fields.filter((field) => /^content-length:/i.test(field));
  const types = fields.filter((field) => /^content-type:/i.test(field));
  const isValid =
    lengths.length === 1 && fields.every((field) => /^[^:]+:/.test(field)) && types.every(isUtf8);
  const digits = /^[^:]*:[ \t]*(\d+)[ \t]*$/.exec(lengths[0] ?? '')?.[1];
  if (!isValid || digits === undefined) return { fatal: 'header' };
  if (BigInt(digits) > BigInt(limit)) return tooLarge(limit);
  return { start, end: start + Number(digits) };
}

function isUtf8(type: string): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(type)?.[1];
  return charset === undefined || ['utf-8', 'utf8'].includes(charset.toLowerCase());
}

export const lengthPrefixedReference =
  (limit: number, size: number, isLittle: boolean): Reference =>
  ({ bytes, ended }) => {
    const all: Outcome[] = [];
    let rest = bytes;
    while (rest.length >= size) {
      const prefix = Array.from(rest.slice(0, size), (byte) => byte.charCodeAt(0));
      if (isLittle) prefix.reverse();
      const length = prefix.reduce((sum, byte) => sum * 256 + byte, 0);
      if (length > limit) return [...all, tooLarge(limit)];
      if (rest.length < size + length) break;
      all.push({ message: new Uint8Array(Buffer.from(rest.slice(size, size + length), 'latin1')) });
      rest = rest.slice(size + length);
    }
    if (ended && rest !== '') all.push(wrong('cut', rest));
    return all;
  };
