/** Prepares the inspections that are compared. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { within } from './measure.ts';
import { type Inspection, inspectTo, recordTo } from './package.ts';
import { type Child, withPeer } from './peer.ts';

const INSPECTOR = new URL('peers/inspector.ts', import.meta.url);
const DEADLINE_MS = 10_000;

/** Inspections that do not change their state while they are measured. */
export interface Inspections {
  /** Its inspector is absent, and a first attempt to connect has failed. */
  readonly unconnected: Inspection;
  readonly recorder: Inspection;
  /** It is connected to `inspector`. */
  readonly connected: Inspection;
  readonly inspector: Child;
}

/**
 * Prepares the inspections, calls `work`, and closes them afterwards.
 *
 * @param directory - The directory for the recording.
 */
export function withInspections<T>(
  directory: string,
  work: (inspections: Inspections) => Promise<T>,
): Promise<T> {
  return withPeer(INSPECTOR, directory, async (_, inspector) => {
    await using connected = inspectTo(String(await inspector.report()));
    await within(DEADLINE_MS, inspector.report(), 'Connecting to the inspector');
    await using unconnected = await withoutInspector();
    await using recorder = recordTo(join(directory, 'recording.jsonl'));
    return await work({ unconnected, recorder, connected, inspector });
  });
}

/** Returns an inspection whose inspector no longer listens. */
async function withoutInspector(): Promise<Inspection> {
  const server = createServer((socket) => {
    socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const inspection = inspectTo(
    `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
  );
  await once(server, 'connection');
  // Until the first attempt has failed, messages are queued. A second attempt shows that it has failed.
  await within(DEADLINE_MS, once(server, 'connection'), 'A second attempt');
  server.close();
  return inspection;
}
