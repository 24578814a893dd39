/**
 * Inspection without a change of code: `WIRECHART_INSPECT=<url>` reports every protocol machine of the
 * program to an inspector, `WIRECHART_TRACE=<path>` records them to a file. A value that cannot be
 * used is a warning of the process, never an error of a session.
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

/** Who watches every machine of this program. The environment is read once, at the first call. */
export function ambientInspects(): readonly Inspect[] {
  inspects ??= Object.keys(INSPECTION_VARIABLES).flatMap(inspectOf);
  return inspects;
}

function inspectOf(variable: string): Inspect[] {
  const value = process.env[variable];
  const way = INSPECTION_VARIABLES[variable];
  if (value === undefined || value === '' || way === undefined) return [];
  try {
    return [way(value).inspect];
  } catch (error) {
    process.emitWarning(`${variable} is ignored. ${describe(error)}`, 'WirechartWarning');
    return [];
  }
}
