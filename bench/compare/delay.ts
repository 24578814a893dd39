/** How long a flood of messages blocks the event loop for other code. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { alternate, type Run, type Variant } from '../measure.ts';
import { type Child, withPeer } from '../peer.ts';
import { tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';
import { FLOOD, order } from './inbound.ts';
import { inboundClients } from './inbound-clients.ts';

const SIZE = 150;
/** The sampling interval of the histogram; it is subtracted from each measured interval. */
const RESOLUTION_MS = 1;
/** Runs are longer than in other comparisons: a percentile needs many intervals. */
const DURATION_FACTOR = 5;

export async function* delay({ plan, directory }: Setting): AsyncGenerator<Table> {
  const longer = { ...plan, targetMs: plan.targetMs * DURATION_FACTOR };
  const series = await withPeer(FLOOD, directory, (path, peer) =>
    alternate(variants(path, peer), longer),
  );
  for (const [at, figure] of ['p50', 'p99', 'longest'].entries()) {
    yield tableOf(
      `delay of the event loop in a flood: ${figure}, lower is better`,
      'ms',
      series,
      at,
    );
  }
}

function variants(path: string, peer: Child): Variant[] {
  return Object.entries(inboundClients).map(([name, client]) => ({
    name,
    count: 20_000,
    run: async (wanted) => {
      const count = await order(peer, client.framing, SIZE, wanted);
      return delays(() => client.read(path, count));
    },
  }));
}

/** The smallest delay in the table, so that no ratio is to 0. */
const MIN_DELAY_MS = 0.01;

/** The figures are the median, the 99th percentile and the maximum of the delays. */
async function delays(work: () => Promise<void>): Promise<Run> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  histogram.disable();
  const intervals = [histogram.percentile(50), histogram.percentile(99), histogram.max];
  return {
    ms,
    figures: intervals.map((interval) => Math.max(MIN_DELAY_MS, interval / 1e6 - RESOLUTION_MS)),
  };
}
