/** The comments in the declarations. */

/** The tags that features become; other features change no type. */
const TAGS: Readonly<Record<string, string>> = {
  deprecated: '@deprecated',
  unstable: '@experimental',
};

/** The tags of a command, an event, a type or a member with these features. */
export const tagsOf = (features: readonly string[] = []): string[] =>
  Object.entries(TAGS).flatMap(([feature, tag]) => (features.includes(feature) ? [tag] : []));

/** A comment of these lines before a declaration; nothing if there are none. */
export function comment(lines: readonly string[], indent = ''): string {
  const safe = lines.map((line) => line.replaceAll('*/', '*\u200b/'));
  const [first] = safe;
  if (first === undefined) return '';
  if (safe.length === 1 && first.length < 100) return `${indent}/** ${first} */\n`;
  const body = safe.map((line) => `${indent} * ${line}`.trimEnd());
  return `${indent}/**\n${body.join('\n')}\n${indent} */\n`;
}
