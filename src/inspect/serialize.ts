/** Serializes messages as lines of JSON. */

import { printableJson } from '../core/printable.ts';
import type { FeedMessage } from './wire.ts';

/** A message as one line, without a line terminator, and safe to show in a terminal. */
export const lineOf = (message: FeedMessage): string => printableJson(JSON.stringify(message));
