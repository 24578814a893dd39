/** What both ways out of a program have in common: to an inspector, and to a file. */

import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { type Inspect, now } from './feed.ts';
import type { Sanitize } from './plain.ts';
import type { ProgramMessage } from './wire.ts';

/** What is reported, and as whose. */
export interface ReportOptions {
  /** Who reports; the name of the program's main file otherwise. */
  readonly name?: string | undefined;
  /**
   * Replaces what must not leave the program: called with the key and the value of every property
   * of every context, event, error, output and message, and its result is reported instead. The key of a
   * whole value is ''. Where it throws, the whole value is hidden.
   */
  readonly sanitize?: Sanitize | undefined;
}

/** A report under way. */
export interface Inspection extends AsyncDisposable {
  /** For the option `inspect` of whatever is to be watched; for actors that run, `inspect.attach()`. */
  readonly inspect: Inspect;
  /** Ends the report; resolves when the last of it was written. It can be called again. Never rejects. */
  close(): Promise<void>;
}

/** One name for this run of the program, however many reports it makes. */
const instance = randomUUID();

/** How the program introduces itself. */
export const introduction = (name: string | undefined, control: boolean): ProgramMessage => ({
  type: 'wirechart.program',
  version: 1,
  name: name ?? basename(process.argv[1] ?? 'node'),
  pid: process.pid,
  instance,
  control,
  at: now(),
});
