/** Measures the resources that a process holds, which must not grow. */

import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

/** The figures at one moment. */
export interface Sample {
  /** Used heap in bytes, after a full garbage collection. */
  readonly heap: number;
  readonly rss: number;
  /** Open descriptors; `undefined` on systems without /proc. */
  readonly fds: number | undefined;
  readonly timers: number;
  /** Open sockets and listening servers. */
  readonly sockets: number;
  /** Event listeners on `process`, plus those that the phase counts. */
  readonly listeners: number;
}

const SOCKETS = /Pipe|TCP|TLS/;

/** Measures this process. Waits until closed resources have been freed. */
export async function takeSample(listeners = 0): Promise<Sample> {
  const { gc } = globalThis;
  if (gc === undefined)
    throw new Error('The soak needs gc(): run it with node --expose-gc, as npm run soak does');
  // Several rounds, because objects freed in one may have kept others alive.
  for (let round = 0; round < 3; round += 1) {
    await turn();
    await gc({ type: 'major', execution: 'async' });
  }
  const { heapUsed, rss } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const count = (form: RegExp): number => resources.filter((name) => form.test(name)).length;
  return {
    heap: heapUsed,
    rss,
    fds: openDescriptors(),
    timers: count(/Timeout/),
    sockets: count(SOCKETS),
    listeners: listeners + processListeners(),
  };
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

function processListeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}
