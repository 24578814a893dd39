/** What a process holds, in figures that must not grow. */

import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

/** The figures of one moment. */
export interface Sample {
  /** Bytes, after everything that can be was collected. */
  readonly heap: number;
  readonly rss: number;
  /** Open descriptors; `undefined` where there is no /proc. */
  readonly fds: number | undefined;
  readonly timers: number;
  /** Sockets and servers. */
  readonly sockets: number;
  /** Listeners of the process, and those that the phase counts. */
  readonly listeners: number;
}

const SOCKETS = /Pipe|TCP|TLS/;

/** Looks at this process, once what was closed has gone. */
export async function takeSample(listeners = 0): Promise<Sample> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Run it with node --expose-gc');
  // What one collection and one turn free may be what held the rest.
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
