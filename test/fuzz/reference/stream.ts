/** The reference of `jsonStream()`, which scans byte by byte. */

import { readJson } from './json.ts';
import { type Outcome, type Reference, tooLarge, wrong } from './outcome.ts';

/** The options of the reference. */
export interface StreamOptions {
  readonly limit: number;
  readonly maxDepth: number;
  readonly objects: boolean;
  readonly exact: boolean;
}

const RESET = /[\x00\xff]/;
const IGNORED = /[ \t\r\n\x00\xff]/;

/** The received part of a value. */
interface Value {
  bytes: string;
  depth: number;
  inString: boolean;
  isEscaped: boolean;
  /** Whether it was too deep, which has been reported. */
  rejected: boolean;
}

export const streamReference =
  (options: StreamOptions): Reference =>
  ({ bytes, ended }) => {
    const all: Outcome[] = [];
    let value: Value | undefined;
    let inGarbage = false;
    for (const byte of bytes) {
      if (value === undefined) {
        if (inGarbage) inGarbage = byte !== '\n' && !RESET.test(byte);
        if (inGarbage || IGNORED.test(byte)) continue;
        const begins = byte === '{' || (byte === '[' && !options.objects);
        inGarbage = !begins;
        if (inGarbage) all.push({ error: 'no beginning' });
        if (inGarbage) continue;
        value = { bytes: '', depth: 0, inString: false, isEscaped: false, rejected: false };
      }
      const end = step(value, byte, options, all);
      if (end === 'fatal') return all;
      if (end === 'done') value = undefined;
    }
    if (ended && value?.rejected === false) all.push(wrong('cut', value.bytes));
    return all;
  };

/** Processes one byte of a value. */
function step(
  value: Value,
  byte: string,
  { limit, maxDepth, exact }: StreamOptions,
  all: Outcome[],
): 'continues' | 'done' | 'fatal' {
  value.bytes += byte;
  if (RESET.test(byte)) return 'done';
  if (value.inString && byte === '\n') {
    if (!value.rejected) all.push(wrong('line end', value.bytes));
    return 'done';
  }
  scan(value, byte);
  if (value.depth > maxDepth && !value.rejected) {
    all.push(wrong('too deep', value.bytes));
    value.rejected = true;
  }
  if (value.bytes.length > limit) {
    all.push(tooLarge(limit));
    return 'fatal';
  }
  if (value.depth > 0) return 'continues';
  if (!value.rejected) all.push(readJson(value.bytes, { exact, objects: false }));
  return 'done';
}

function scan(value: Value, byte: string): void {
  if (value.isEscaped) value.isEscaped = false;
  else if (value.inString && byte === '\\') value.isEscaped = true;
  else if (byte === '"') value.inString = !value.inString;
  else if (!value.inString && '{['.includes(byte)) value.depth += 1;
  else if (!value.inString && '}]'.includes(byte)) value.depth -= 1;
}
