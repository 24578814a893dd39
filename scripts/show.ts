/** What `npm start -- --inspect` adds: an inspector, and a run that a person can follow. */

import { setTimeout as delay } from 'node:timers/promises';
import { startInspector } from '../inspector/src/index.ts';
import type { Address } from '../src/index.ts';
import { type Inspection, inspectTo } from '../src/inspect/index.ts';
import { type Peer, UsageError } from './peer.ts';
import { slowWayTo } from './slow.ts';

/** How long each piece of what is said is held up, in ms: about the time to read a line. */
const PACE = 1_000;
/** How long a browser is waited for, in ms. */
const PATIENCE = 20_000;

/** An inspector for one run. */
export interface Show {
  readonly url: string;
  readonly inspect: Inspection['inspect'];
  /** The way to the peer on which everything takes longer. */
  readonly address: Address;
  /** Resolves when somebody looks, or nobody has come for long enough. */
  readonly begun: Promise<void>;
  /** Resolves when what was last done has been seen; `times` as long where there is more to see. */
  pause(times?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts an inspector for a run against a peer.
 *
 * @throws {UsageError} When the peer cannot be slowed.
 */
export async function startShow({ address }: Peer): Promise<Show> {
  const way = await slowWayTo(targetOf(address), PACE);
  const inspector = await startInspector({ control: true });
  const inspection = inspectTo(inspector.url, { name: 'npm start' });
  return {
    url: inspector.url,
    inspect: inspection.inspect,
    address: way.address,
    begun: begun(inspector.opened),
    pause: (times = 1) => delay(times * PACE),
    close: async () => {
      await inspection.close();
      await inspector.close();
      await way.close();
    },
  };
}

async function begun(opened: Promise<void>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([
    opened,
    delay(PATIENCE, undefined, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
  // The page draws its first picture.
  await delay(PACE);
}

function targetOf(address: Address) {
  if (typeof address === 'string') return { path: address };
  if ('path' in address) return address;
  if ('port' in address) return { host: address.host ?? '127.0.0.1', port: address.port };
  throw new UsageError('A stream cannot be slowed');
}
