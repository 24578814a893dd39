/** The text of a message in a log record. */

import { printable, printableJson } from '../core/printable.ts';
import { cut } from './plain.ts';
import { messageToPlain, type Redacting } from './sanitize.ts';

/** The longest text of one message in a record; the rest is cut. */
const MAX_TEXT_CHARACTERS = 2048;

/** Returns one message, without its secrets, as the printable text of a record. Never throws. */
export function textOfMessage(message: unknown, definition: Redacting): string {
  const plain = messageToPlain(message, definition);
  if (typeof plain === 'string') return printable(cut(plain, MAX_TEXT_CHARACTERS));
  return printableJson(cut(JSON.stringify(plain), MAX_TEXT_CHARACTERS));
}
