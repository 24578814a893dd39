/** The references of `contentLength()`, `lengthPrefixed()` and `framed()`. */

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

/** A layout of a header. */
export interface Layout {
  readonly type?: 'before' | 'after';
  readonly size: number;
  readonly format: 'big' | 'little' | 'varint';
  /** How many bytes of the header the length counts. */
  readonly counted: number;
}

export const framedReference =
  (limit: number, layout: Layout): Reference =>
  ({ bytes, ended }) => {
    const all: Outcome[] = [];
    let rest = bytes;
    for (;;) {
      const before = layout.type === 'before' ? 1 : 0;
      const length = lengthAt(rest.slice(before), layout);
      if (length === undefined) break;
      if (length.value === undefined || length.value < BigInt(layout.counted))
        return [...all, { fatal: 'header' }];
      const payloadSize = length.value - BigInt(layout.counted);
      if (payloadSize > BigInt(limit)) return [...all, tooLarge(limit)];
      const start = length.size + (layout.type === undefined ? 0 : 1);
      const end = start + Number(payloadSize);
      if (rest.length < end) break;
      const payload = new Uint8Array(Buffer.from(rest.slice(start, end), 'latin1'));
      const type = rest.charCodeAt(before === 1 ? 0 : length.size);
      all.push({ message: layout.type === undefined ? payload : { type, payload } });
      rest = rest.slice(end);
    }
    if (ended && rest !== '') all.push(wrong('cut', rest));
    return all;
  };

/** Returns a length with its size; `undefined` when it is not complete. One that is invalid has no value. */
function lengthAt(text: string, { size, format }: Layout) {
  const bytes = Array.from(text.slice(0, size), (byte) => BigInt(byte.charCodeAt(0)));
  if (format !== 'varint') {
    if (bytes.length < size) return undefined;
    if (format === 'little') bytes.reverse();
    return { size, value: bytes.reduce((sum, byte) => sum * 256n + byte, 0n) };
  }
  const last = bytes.findIndex((byte) => byte < 128n);
  if (last === -1) return bytes.length < size ? undefined : { size, value: undefined };
  const groups = bytes.slice(0, last + 1).map((byte) => byte % 128n);
  return { size: last + 1, value: groups.reduceRight((sum, group) => sum * 128n + group, 0n) };
}
