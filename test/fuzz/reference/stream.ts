/** The reference of `jsonStream()`, which scans byte by byte. */

import { type JsonBounds, readJson } from './json.ts';
import {
  afterPreamble,
  type Outcome,
  type PreambleOptions,
  type Reference,
  tooLarge,
  wrong,
} from './outcome.ts';

/** The options of the reference. */
export interface StreamOptions extends PreambleOptions, JsonBounds {
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
  /** What has arrived of `true`, `false` or `null`. */
  word: string;
  /** Whether it was too deep, which has been reported. */
  rejected: boolean;
}

export const streamReference = (options: StreamOptions): Reference =>
  afterPreamble(options, ({ bytes, ended }) => {
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
        value = { ...NEW_VALUE };
      }
      const end = step(value, byte, options, all);
      if (end === 'fatal') return all;
      if (end !== 'continues') value = undefined;
      // A line end that is invalid ends its line.
      inGarbage = end === 'garbage' && byte !== '\n';
    }
    if (ended && value?.rejected === false) all.push(wrong('cut', value.bytes));
    return all;
  });

const NEW_VALUE: Value = {
  bytes: '',
  depth: 0,
  inString: false,
  isEscaped: false,
  word: '',
  rejected: false,
};

/** Processes one byte of a value. */
function step(
  value: Value,
  byte: string,
  { limit, maxDepth, maxValues, exact }: StreamOptions,
  all: Outcome[],
): 'continues' | 'done' | 'garbage' | 'fatal' {
  value.bytes += byte;
  if (RESET.test(byte)) return 'done';
  if (value.inString && byte === '\n') {
    if (!value.rejected) all.push(wrong('line end', value.bytes));
    return 'done';
  }
  if (!value.rejected && !mayOccur(value, byte)) {
    all.push(wrong('not JSON', value.bytes));
    return 'garbage';
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
  if (!value.rejected)
    all.push(readJson(value.bytes, { exact, objects: false, maxDepth, maxValues }));
  return 'done';
}

/** Whether JSON may have a byte there, as far as the decoder checks it. */
function mayOccur(value: Value, byte: string): boolean {
  if (value.isEscaped) return '"\\/bfnrtu'.includes(byte);
  if (value.inString) return byte >= ' ';
  const word = value.word + byte;
  const isWord = ['true', 'false', 'null'].includes(word);
  const isPart = ['true', 'false', 'null'].some((whole) => whole.startsWith(word));
  value.word = isPart && !isWord ? word : '';
  return isPart || (word === byte && '{}[]":, \t\r\n+-.eE0123456789'.includes(byte));
}

function scan(value: Value, byte: string): void {
  if (value.isEscaped) value.isEscaped = false;
  else if (value.inString && byte === '\\') value.isEscaped = true;
  else if (byte === '"') value.inString = !value.inString;
  else if (!value.inString && '{['.includes(byte)) value.depth += 1;
  else if (!value.inString && '}]'.includes(byte)) value.depth -= 1;
}
