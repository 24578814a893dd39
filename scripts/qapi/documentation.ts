/** The texts of a user's own copy of the schema files, as the lines of comments. */

import type { Definition } from './source.ts';

/** The documentation of one definition. */
export interface Documentation {
  readonly text: readonly string[];
  /** Of its arguments, members or values, by their names. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

/** Starts a part that belongs to the whole definition again. */
const SECTION = /^(Returns|Errors|Since|Notes?|Examples?|TODO|\.\. [\w:-]+):/;

/** Splits the comment of a definition into its text and the texts of its members. */
export function documentationOf({ comment, name }: Definition): Documentation {
  const text: string[] = [];
  const members = new Map<string, string[]>();
  let part = text;
  for (const line of comment.map((each) => each.replace(/^# ?/, ''))) {
    const [, member, rest] = /^@([\w.-]+):\s*(.*)$/.exec(line) ?? [];
    if (member === name && text.length === 0) continue;
    if (member !== undefined) members.set(member, (part = [rest ?? '']));
    else if (line.startsWith('Features:')) part = [];
    else part = SECTION.test(line) ? text : part;
    if (member === undefined) part.push(part === text ? line : line.trim());
  }
  return {
    text: trimmed(text),
    members: new Map([...members].map(([each, lines]) => [each, trimmed(lines)])),
  };
}

/** Without empty lines at the ends, and never more than one in between. */
const trimmed = (lines: readonly string[]): string[] =>
  lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
    .split('\n')
    .filter((line, _, all) => line !== '' || all.length > 1);
