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

export const linesReference = (limit: number, skipUntil?: string): Reference =>
  afterPreamble({ limit, skipUntil }, (received) =>
    byLine(received, limit, {
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
): Reference =>
  afterPreamble({ limit, skipUntil }, (received) =>
    byLine(received, limit, {
      mayEndWith: isBlank,
      decode: (line) => (isBlank(line) ? [] : [readJson(line, reading)]),
    }),
  );

interface LineFormat {
  /** Whether the stream may end with this rest. */
  readonly mayEndWith: (rest: string) => boolean;
  readonly decode: (line: string) => Outcome[];
}

const isBlank = (line: string): boolean => /^[ \t\r]*$/.test(line);

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
