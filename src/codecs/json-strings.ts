/** Finds the ends of strings in JSON. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The index after the string whose quote is at `from`; the length of the text if it does not end. */
export function endOfString(text: string, from: number): number {
  const quote = text.indexOf('"', from + 1);
  if (quote === -1) return text.length;
  if (text.charCodeAt(quote - 1) !== BACKSLASH) return quote + 1;
  // The quote may be escaped. Looking for the next quote again and again would be slow for a text of these.
  for (let at = text.indexOf('\\', from + 1); at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}
