/** Lines that consist of white space. */

const SPACE = 0x20;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;

/** Whether a byte, or a UTF-16 code unit, is white space of JSON. */
export const isBlankCode = (code: number): boolean =>
  code === SPACE || code === TAB || code === CR || code === LF;

/** Whether a line has nothing but white space. */
export function isBlank(line: string): boolean {
  let at = 0;
  while (isBlankCode(line.charCodeAt(at))) at++;
  return at === line.length;
}

/** Returns the index after the blank lines at `from`, each of which ends with the character `end`. */
export function skipBlankLines(block: string, from: number, end: number): number {
  const first = block.charCodeAt(from);
  // This decides nearly all cases.
  if (first > SPACE && first !== end) return from;
  let after = from;
  for (let at = from; ; at++) {
    const code = block.charCodeAt(at);
    if (code === end) after = at + 1;
    else if (!isBlankCode(code)) return after;
  }
}
