/** The ways to be watched, each with an inspection that is ready. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { within } from './measure.ts';
import { type Inspection, inspectTo, recordTo } from './package.ts';
import { type Child, withPeer } from './peer.ts';

const INSPECTOR = new URL('peers/inspector.ts', import.meta.url);
const PATIENCE_MS = 10_000;

/** Inspections that stay as they are until the work is done. */
export interface Ways {
  /** Its inspector is not there, and it has noticed. */
  readonly unwatched: Inspection;
  readonly recorder: Inspection;
  /** Its inspector is another process. */
  readonly connected: Inspection;
  readonly inspector: Child;
}

/**
 * Does `work` with one of each.
 *
 * @param directory - Where to record.
 */
export function withWays<T>(directory: string, work: (ways: Ways) => Promise<T>): Promise<T> {
  return withPeer(INSPECTOR, directory, async (_, inspector) => {
    await using connected = inspectTo(String(await inspector.report()));
    await within(PATIENCE_MS, inspector.report(), 'Connecting to the inspector');
    await using unwatched = await withoutInspector();
    await using recorder = recordTo(join(directory, 'recording.jsonl'));
    return await work({ unwatched, recorder, connected, inspector });
  });
}

/** A report to an address where nobody is any more. */
async function withoutInspector(): Promise<Inspection> {
  const server = createServer((socket) => {
    socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const inspection = inspectTo(
    `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
  );
  await once(server, 'connection');
  // What happens before the first attempt has failed is kept; that there is a second shows that it has.
  await within(PATIENCE_MS, once(server, 'connection'), 'A second attempt');
  server.close();
  return inspection;
}
