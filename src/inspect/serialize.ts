/** Messages as lines of JSON. */

import type { FeedMessage } from './wire.ts';

/** A definition that takes longer to be put in quotes than to be compared with the one before. */
const MIN_LONG_CHARACTERS = 1_000;

/** The line of a message, without the line's end. */
export function lineOf(message: FeedMessage): string {
  if (message.type !== 'service.register' || message.machine.length < MIN_LONG_CHARACTERS) {
    return JSON.stringify(message);
  }
  const { machine, ...rest } = message;
  if (last.machine !== machine) last = { machine, json: JSON.stringify(machine) };
  return `${JSON.stringify(rest).slice(0, -1)},"machine":${last.json}}`;
}

/** Where machines come and go, the next is often of the same kind. */
let last = { machine: '', json: '' };
