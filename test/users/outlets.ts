/** Everything that shows, writes or keeps what happens in a program, to be searched for planted secrets. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { LogRecord } from 'wirechart';
import { recordTo } from 'wirechart/inspect';
import { expect, onTestFinished } from 'vitest';
import type { InspectionEvent } from 'xstate';

/** The beginning of all planted secrets, and what its bytes look like as hex and in base64. */
const PLANTED = ['PLANTED', '504c414e544544', 'UExBTlRFR'];

/** The lines of a key in PEM without the first and the last. */
export const bodyOf = (pem: string): string[] =>
  pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));

/** Expects of each outlet that it holds something, and no planted secret. */
export function expectNoneIn(
  outlets: Readonly<Record<string, string>>,
  others: readonly string[] = [],
): void {
  for (const [outlet, text] of Object.entries(outlets)) {
    expect(text, outlet).not.toBe('');
    for (const planted of [...PLANTED, ...others]) expect(text, outlet).not.toContain(planted);
  }
}

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wirechart-users-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** What people print of an object. */
export const printed = (value: unknown, depth = Infinity): string =>
  [inspect(value, { depth, showHidden: true }), inspect(value), String(value)].join('\n');

/** Every outlet that a protocol, a client, a server or a supervisor can be given. */
export function outlets() {
  const path = join(temporaryFolder(), 'trace.jsonl');
  const recording = recordTo(path);
  const texts: string[] = [];
  const records: LogRecord[] = [];
  const inspected: string[] = [];
  const log = (...args: unknown[]) => texts.push(args.map(String).join(' '));
  return {
    recording,
    texts: { debug: log, info: log, warn: log, error: log },
    records: (record: LogRecord) => records.push(record),
    /** As Stately's inspector does it: each event as JSON. */
    inspect: (event: InspectionEvent) => {
      const snapshot = 'snapshot' in event ? event.snapshot : undefined;
      inspected.push(JSON.stringify([event.type, 'event' in event && event.event, snapshot]));
    },
    read: async () => {
      await recording.close();
      return {
        recording: readFileSync(path, 'utf8'),
        texts: texts.join('\n'),
        records: printed(records) + JSON.stringify(records),
        inspected: inspected.join('\n'),
      };
    },
  };
}
