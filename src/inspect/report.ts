/** What reports to an inspector and to a file have in common. */

import { type Inspect, now } from './actor-feed.ts';
import type { Sanitize } from './plain.ts';
import type { ProgramMessage } from './wire.ts';

/** The options that every report has. */
export interface ReportOptions {
  /**
   * The program's name in the report. Default: the name of its main file; in a browser, the title of the
   * page, or its host and path without one.
   */
  readonly name?: string | undefined;
  /**
   * Replaces values that must not leave the program. It is called with the key and value of every
   * property of every context, event, error, output and message; its result is reported instead. For a
   * whole value the key is ''. If it throws, the whole value is hidden. Members whose names say that they
   * are secrets, such as `password` and `key`, are hidden without it; see also `setSanitize()`.
   */
  readonly sanitize?: Sanitize | undefined;
}

/** The options of a report to an inspector. */
export interface InspectOptions extends ReportOptions {
  /**
   * Whether the inspector may send events to the program's actors. It does so only if it was itself
   * started with control. Refused all the same: the events that XState itself sends, and all events for
   * connections, servers and supervisors except those that end them (DISCONNECT, CLOSE, STOP), START and
   * RETRY. Default `false`.
   */
  readonly control?: boolean | undefined;
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

/** Where the identity of this run is kept, so that all copies of this package in a program have the same. */
const INSTANCE = /* @__PURE__ */ Symbol.for('wirechart.instance');

/** Identifies this run of the program in all its reports. */
function instance(): string {
  const known: unknown = Reflect.get(globalThis, INSTANCE);
  if (typeof known === 'string') return known;
  const created = crypto.randomUUID();
  Reflect.set(globalThis, INSTANCE, created);
  return created;
}

/** The first message of a report. A page has no process, and so no `pid`. */
export const introductionOf = (program: {
  readonly name: string;
  readonly pid?: number;
  readonly control: boolean;
}): ProgramMessage => ({
  type: 'wirechart.program',
  version: 1,
  ...program,
  instance: instance(),
  at: now(),
});
