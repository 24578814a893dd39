/** The references of `lines()` and `jsonLines()`. */

import { readJson, type JsonOptions } from './json.ts';
import {
  afterPreamble,
  type Outcome,
  type Received,
  type Reference,
  tooLarge,
  textOf,
  wrong,
} from './outcome.ts';

/** @param terminator - What ends a line, as latin1. Default: a line feed, and maybe a carriage return. */
export const linesReference = (limit: number, skipUntil?: string, terminator?: string): Reference =>
  afterPreamble({ limit, skipUntil }, (received) =>
    split(received, limit, terminator, {
      mayEndWith: (line) => line === '',
      decode: (line) => {
        const text = textOf(line);
        return [text === undefined ? wrong('not UTF-8', line) : { message: text }];
      },
    }),
  );

export const jsonLinesReference = (
  limit: number,
  reading: JsonOptions,
  skipUntil?: string,
  terminator?: string,
): Reference =>
  afterPreamble({ limit, skipUntil }, (received) =>
    split(received, limit, terminator, {
      mayEndWith: isBlank,
      decode: (line) => (isBlank(line) ? [] : [readJson(line, reading)]),
    }),
  );

interface LineFormat {
  /** Whether the stream may end with this rest. */
  readonly mayEndWith: (rest: string) => boolean;
  readonly decode: (line: string) => Outcome[];
}

const isBlank = (line: string): boolean => /^[ \t\r\n]*$/.test(line);

const split = (
  received: Received,
  limit: number,
  terminator: string | undefined,
  format: LineFormat,
): Outcome[] =>
  terminator === undefined
    ? byLine(received, limit, format)
    : byTerminator(received, limit, terminator, format);

function byTerminator(
  { bytes, ended }: Received,
  limit: number,
  terminator: string,
  { mayEndWith, decode }: LineFormat,
): Outcome[] {
  const all: Outcome[] = [];
  const lines = bytes.split(terminator);
  const rest = lines.pop() ?? '';
  for (const line of lines) {
    if (line.length > limit) return [...all, tooLarge(limit)];
    all.push(...decode(line));
  }
  if (rest.length - sizeOfBeginning(rest, terminator) > limit) return [...all, tooLarge(limit)];
  return ended && !mayEndWith(rest) ? [...all, wrong('cut', rest)] : all;
}

/** How many characters of a terminator a text ends with. */
function sizeOfBeginning(text: string, terminator: string): number {
  let size = terminator.length - 1;
  while (!text.endsWith(terminator.slice(0, size))) size--;
  return size;
}

function byLine(
  { bytes, ended }: Received,
  limit: number,
  { mayEndWith, decode }: LineFormat,
): Outcome[] {
  const all: Outcome[] = [];
  const lines = bytes.split('\n');
  for (const [at, whole] of lines.entries()) {
    const line = whole.replace(/\r$/, '');
    if (line.length > limit) return [...all, tooLarge(limit)];
    if (at < lines.length - 1) all.push(...decode(line));
    else if (ended && !mayEndWith(whole)) all.push(wrong('cut', whole));
  }
  return all;
}
