/** What reports to an inspector and to a file have in common. */

import { basename } from 'node:path';
import { type Inspect, now } from './feed.ts';
import type { Sanitize } from './plain.ts';
import type { ProgramMessage } from './wire.ts';

/** The options that every report has. */
export interface ReportOptions {
  /** The program's name in the report. Default: the name of its main file. */
  readonly name?: string | undefined;
  /**
   * Replaces values that must not leave the program. It is called with the key and value of every
   * property of every context, event, error, output and message; its result is reported instead. For a
   * whole value the key is ''. If it throws, the whole value is hidden. Members whose names say that they
   * are secrets, such as `password` and `key`, are hidden without it; see also `setSanitize()`.
   */
  readonly sanitize?: Sanitize | undefined;
}

/** A running report. */
export interface Inspection extends AsyncDisposable {
  /** Pass it as the option `inspect` of what you want to watch, or call `inspect.attach(actor)`. */
  readonly inspect: Inspect;
  /**
   * Ends the report. Resolves when its last message is written or given up; never rejects. It may be
   * called again.
   */
  close(): Promise<void>;
}

/** Identifies this run of the program in all its reports. */
let instance: string | undefined;

/** The first message of a report. */
export const introduction = (name: string | undefined, control: boolean): ProgramMessage => ({
  type: 'wirechart.program',
  version: 1,
  name: name ?? basename(process.argv[1] ?? 'node'),
  pid: process.pid,
  instance: (instance ??= crypto.randomUUID()),
  control,
  at: now(),
});
