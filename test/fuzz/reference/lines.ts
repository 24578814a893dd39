/** Lines, and JSON in lines. */

import { readJson, type Reading } from './json.ts';
import { type Outcome, type Received, type Reference, tooLarge, textOf, wrong } from './outcome.ts';

/** `lines()`. */
export const linesReference =
  (limit: number): Reference =>
  (received) =>
    byLine(received, limit, {
      isNothing: (line) => line === '',
      take: (line) => {
        const text = textOf(line);
        return [text === undefined ? wrong('not UTF-8', line) : { message: text }];
      },
    });

/** `jsonLines()`. */
export const jsonLinesReference =
  (limit: number, reading: Reading): Reference =>
  (received) =>
    byLine(received, limit, {
      isNothing: isBlank,
      take: (line) => (isBlank(line) ? [] : [readJson(line, reading)]),
    });

interface Kind {
  /** Whether the stream may end with that. */
  readonly isNothing: (rest: string) => boolean;
  readonly take: (line: string) => Outcome[];
}

const isBlank = (line: string): boolean => /^[ \t\r]*$/.test(line);

function byLine({ bytes, ended }: Received, limit: number, { isNothing, take }: Kind): Outcome[] {
  const all: Outcome[] = [];
  const lines = bytes.split('\n');
  for (const [at, whole] of lines.entries()) {
    const line = whole.replace(/\r$/, '');
    if (line.length > limit) return [...all, tooLarge(limit)];
    if (at < lines.length - 1) all.push(...take(line));
    else if (ended && !isNothing(whole)) all.push(wrong('cut', whole));
  }
  return all;
}
