/** The text of a message in a log record. */

import { cut } from './plain.ts';
import { messageToPlain, type Redacting } from './sanitize.ts';

/** The longest text of one message in a record; the rest is cut. */
const MAX_TEXT_CHARACTERS = 2048;

/** Returns one message, without its secrets, as the text of a record. Never throws. */
export function textOfMessage(message: unknown, definition: Redacting): string {
  const plain = messageToPlain(message, definition);
  return cut(typeof plain === 'string' ? plain : JSON.stringify(plain), MAX_TEXT_CHARACTERS);
}
