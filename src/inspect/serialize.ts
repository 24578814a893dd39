/** Serializes messages as lines of JSON. */

import { printableJson } from '../core/printable.ts';
import type { FeedMessage } from './wire.ts';

/** From this length on, comparing a definition with the previous one is faster than quoting it. */
const MIN_CACHED_CHARACTERS = 1_000;

/** A message as one line, without a line terminator, and safe to show in a terminal. */
export const lineOf = (message: FeedMessage): string => printableJson(jsonOf(message));

function jsonOf(message: FeedMessage): string {
  if (message.type !== 'service.register' || message.machine.length < MIN_CACHED_CHARACTERS) {
    return JSON.stringify(message);
  }
  const { machine, ...rest } = message;
  if (last.machine !== machine) last = { machine, json: JSON.stringify(machine) };
  return `${JSON.stringify(rest).slice(0, -1)},"machine":${last.json}}`;
}

/** The latest long definition: consecutive registrations are often of the same machine. */
let last = { machine: '', json: '' };
