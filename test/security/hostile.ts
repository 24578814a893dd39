/** What a terminal, a log or a reader would obey, and the check that nothing of it is written raw. */

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';

/** Texts that a terminal, a log or a reader is deceived by. Each begins with a word that must be shown. */
const TEXTS: readonly (readonly [string, string])[] = [
  ['escape sequences', 'evil\u001b[2J\u001b[31m\u0007\u0000\u007f'],
  ['OSC 52, which writes the clipboard', 'evil\u001b]52;c;ZXZpbA==\u001b\\'],
  ['C1 controls', 'evil\u009b2J\u009d52;c;ZXZpbA==\u009c'],
  ['directional characters', 'evil\u202elive\u2066\u061c\u200f'],
  ['line ends', 'evil\r\nFORGED 2026-01-01 all is well\u2028FORGED\u0085FORGED'],
  ['invisible characters', 'evil\u{e0041}\u200b\ufeff\u00ad'],
];

/** The same in one text, for outlets that take long. */
export const ALL_TEXTS = [['all at once', TEXTS.map(([, text]) => text).join(' ')]] as const;

const RAW = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Expects of a text that was written that it is one line, in which nothing is hidden. */
function expectLine(text: string): void {
  expect(text.match(RAW)).toBeNull();
}

/** The same of a text of several lines, none of which the peer has begun. */
function expectLines(text: string): void {
  expect(text).not.toMatch(/^FORGED/m);
  expectLine(text.replaceAll('\n', ' '));
}

/** Everything that is printed of an error. */
export const printedOf = (error: unknown): string[] => [
  String(error),
  error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : '',
  inspect(error),
  inspect({ within: [error] }, { depth: Infinity, showHidden: true }),
];

/** The records that show what the peer has said. */
export const evilIn = (records: readonly string[]): string[] =>
  records.filter((each) => each.includes('evil'));

/** What was written where several lines are allowed, and where a text is one line. */
interface Written {
  readonly lines?: readonly string[];
  readonly texts?: readonly string[];
}

/** Lets a peer say something, and resolves with all that was written of it. */
export type Outlet = (said: string) => Promise<Written>;

/** Tests each outlet with each text. */
export function describeOutlets(
  outlets: Readonly<Record<string, Outlet>>,
  texts: readonly (readonly [string, string])[] = TEXTS,
): void {
  describe.each(texts)('%s', (_, said) => {
    it.each(Object.entries(outlets))('reach no terminal and no log: %s', async (__, outlet) => {
      const { lines = [], texts = [] } = await outlet(said);
      expect([...lines, ...texts].join('')).toContain('evil');
      for (const text of texts) expectLine(text);
      for (const text of lines) expectLines(text);
    });
  });
}
