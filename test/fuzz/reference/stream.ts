/** `jsonStream()`: one byte after the other, and nothing known of what comes. */

import { readJson } from './json.ts';
import { type Outcome, type Reference, tooLarge, wrong } from './outcome.ts';

/** The options of a stream. */
export interface Streaming {
  readonly limit: number;
  readonly maxDepth: number;
  readonly objects: boolean;
  readonly exact: boolean;
}

const RESET = /[\x00\xff]/;
const IGNORED = /[ \t\r\n\x00\xff]/;

/** A value, as far as it has come. */
interface Value {
  bytes: string;
  depth: number;
  inString: boolean;
  isEscaped: boolean;
  /** It was too deep, and has been reported. */
  refused: boolean;
}

export const streamReference =
  (options: Streaming): Reference =>
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
        value = { bytes: '', depth: 0, inString: false, isEscaped: false, refused: false };
      }
      const end = step(value, byte, options, all);
      if (end === 'fatal') return all;
      if (end === 'over') value = undefined;
    }
    if (ended && value?.refused === false) all.push(wrong('cut', value.bytes));
    return all;
  };

/** Takes one byte of a value. */
function step(
  value: Value,
  byte: string,
  { limit, maxDepth, exact }: Streaming,
  all: Outcome[],
): 'goes on' | 'over' | 'fatal' {
  value.bytes += byte;
  if (RESET.test(byte)) return 'over';
  if (value.inString && byte === '\n') {
    if (!value.refused) all.push(wrong('line end', value.bytes));
    return 'over';
  }
  follow(value, byte);
  if (value.depth > maxDepth && !value.refused) {
    all.push(wrong('too deep', value.bytes));
    value.refused = true;
  }
  if (value.bytes.length > limit) {
    all.push(tooLarge(limit));
    return 'fatal';
  }
  if (value.depth > 0) return 'goes on';
  if (!value.refused) all.push(readJson(value.bytes, { exact, objects: false }));
  return 'over';
}

function follow(value: Value, byte: string): void {
  if (value.isEscaped) value.isEscaped = false;
  else if (value.inString && byte === '\\') value.isEscaped = true;
  else if (byte === '"') value.inString = !value.inString;
  else if (!value.inString && '{['.includes(byte)) value.depth += 1;
  else if (!value.inString && '}]'.includes(byte)) value.depth -= 1;
}
