/**
 * Inspection by environment variable: `WIRECHART_INSPECT=<url>` reports every protocol machine of the
 * program to an inspector, `WIRECHART_TRACE=<path>` records them to a file. An unusable value emits a
 * process warning and never fails a session.
 */

import { describe } from '../core/errors.ts';
import type { Inspect } from './feed.ts';
import { inspectTo } from './inspect-to.ts';
import type { Inspection } from './report.ts';
import { recordTo } from './record-to.ts';

const INSPECTION_VARIABLES: Readonly<Record<string, (value: string) => Inspection>> = {
  WIRECHART_INSPECT: inspectTo,
  WIRECHART_TRACE: recordTo,
};

let inspects: readonly Inspect[] | undefined;

/** The watchers that the environment asks for. It is read once, at the first call. */
export function ambientInspects(): readonly Inspect[] {
  inspects ??= Object.keys(INSPECTION_VARIABLES).flatMap(inspectOf);
  return inspects;
}

function inspectOf(variable: string): Inspect[] {
  const value = process.env[variable];
  const start = INSPECTION_VARIABLES[variable];
  if (value === undefined || value === '' || start === undefined) return [];
  try {
    return [start(value).inspect];
  } catch (error) {
    process.emitWarning(`${variable} is ignored: ${describe(error)}`, 'WirechartWarning');
    return [];
  }
}
