/**
 * Inspection by environment variable: `WIRECHART_INSPECT=<url>` reports every protocol machine of the
 * program to an inspector, `WIRECHART_TRACE=<path>` records them to a file, with `WIRECHART_TRACE_WIRE=1` also
 * their messages. An unusable value emits a process warning and never fails a session. A variable never allows
 * the inspector to send events.
 */

import { describe } from '../core/errors.ts';
import { show } from '../core/shape.ts';
import type { Inspect } from './feed.ts';
import { inspectOver } from './inspect-to.ts';
import type { ClientLoader } from './node-transport.ts';
import type { Inspection } from './report.ts';
import { recordTo } from './record-to.ts';

const INSPECTION_VARIABLES: Readonly<Record<string, (value: string) => Inspection>> = {
  WIRECHART_INSPECT: (url) => inspectOver(loadInstalledClient, url),
  WIRECHART_TRACE: (path) => recordTo(path, { wire: isSet('WIRECHART_TRACE_WIRE') }),
};

/** Whether a variable is 1. A warning says so when it is something else, but empty or 0. */
function isSet(variable: string): boolean {
  const value = process.env[variable] ?? '';
  if (value !== '' && value !== '0' && value !== '1') {
    const text = `${variable} is ignored: it is ${show(value)}; set it to 1, or to 0`;
    process.emitWarning(text, 'WirechartWarning');
  }
  return value === '1';
}

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

let client: ReturnType<ClientLoader> | undefined;

/**
 * Loads the WebSocket client from where it is installed. Bundlers do not see which module this is, so
 * that an application's bundle does not hold a client for the case that the variable is set.
 */
const loadInstalledClient: ClientLoader = () => (client ??= loadModule('ws').catch(warnOfAbsence));

const loadModule = async (name: string) =>
  (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as Awaited<
    ReturnType<ClientLoader>
  >;

const warnOfAbsence = (error: unknown): never => {
  const text = `WIRECHART_INSPECT is ignored: install the package ws. ${describe(error)}`;
  process.emitWarning(text, 'WirechartWarning');
  throw error;
};
