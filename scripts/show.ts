/** What `npm start -- --inspect` adds: an inspector, and a run slow enough for a person to follow. */

import { setTimeout as delay } from 'node:timers/promises';
import { startInspector } from '../inspector/src/index.ts';
import type { Address } from '../src/index.ts';
import { type Inspection, inspectTo } from '../src/inspect/index.ts';
import { type Peer, UsageError } from './peer.ts';
import { startSlowRelay } from './slow.ts';

/** How long each chunk is delayed on its way: about the time it takes to read a line. */
const STEP_MS = 1_000;
/** How long the run waits for a browser. */
const BROWSER_DEADLINE_MS = 20_000;

/** The inspector of one run. */
export interface Show {
  readonly url: string;
  readonly inspect: Inspection['inspect'];
  /** The address of a slow relay to the peer. */
  readonly address: Address;
  /** Resolves when a browser has opened the page, or the time to wait for one has passed. */
  readonly begun: Promise<void>;
  /** Waits until the last step has been read; `times` as long when there is more to read. */
  pause(times?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts an inspector and a slow relay to the peer.
 *
 * @throws {UsageError} When the peer's address is a stream.
 */
export async function startShow({ address }: Peer): Promise<Show> {
  const relay = await startSlowRelay(targetOf(address), STEP_MS);
  const inspector = await startInspector({ control: true });
  const inspection = inspectTo(inspector.url, { name: 'npm start', control: true });
  return {
    url: inspector.url,
    inspect: inspection.inspect,
    address: relay.address,
    begun: waitForBrowser(inspector.opened),
    pause: (times = 1) => delay(times * STEP_MS),
    close: async () => {
      await inspection.close();
      await inspector.close();
      await relay.close();
    },
  };
}

async function waitForBrowser(opened: Promise<void>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([
    opened,
    delay(BROWSER_DEADLINE_MS, undefined, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
  // Time for the page to draw its first picture.
  await delay(STEP_MS);
}

function targetOf(address: Address) {
  if (typeof address === 'string') return { path: address };
  if ('path' in address) return address;
  if ('port' in address) return { host: address.host ?? '127.0.0.1', port: address.port };
  throw new UsageError('--inspect needs a peer with an address, not an open stream');
}
