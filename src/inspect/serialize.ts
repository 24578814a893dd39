/** Serializes messages as lines of JSON. */

import type { FeedMessage } from './wire.ts';

/** From this length on, comparing a definition with the previous one is faster than quoting it. */
const MIN_CACHED_CHARACTERS = 1_000;

/** A message as one line, without a line terminator. */
export function lineOf(message: FeedMessage): string {
  if (message.type !== 'service.register' || message.machine.length < MIN_CACHED_CHARACTERS) {
    return JSON.stringify(message);
  }
  const { machine, ...rest } = message;
  if (last.machine !== machine) last = { machine, json: JSON.stringify(machine) };
  return `${JSON.stringify(rest).slice(0, -1)},"machine":${last.json}}`;
}

/** The latest long definition: consecutive registrations are often of the same machine. */
let last = { machine: '', json: '' };
