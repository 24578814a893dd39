/** How long a flood of messages keeps the event loop from everybody else. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { alternate, type Run, type Variant } from '../measure.ts';
import { type Child, withPeer } from '../peer.ts';
import { tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';
import { FLOOD, order } from './inbound.ts';
import { inboundClients } from './inbound-clients.ts';

const SIZE = 150;
/** How often the loop is looked at, in ms: that much of each interval is no delay. */
const RESOLUTION = 1;
/** Runs so much longer than others: a percentile needs many intervals. */
const LONGER = 5;

export async function* delay({ plan, directory }: Setting): AsyncGenerator<Table> {
  const longer = { ...plan, targetMs: plan.targetMs * LONGER };
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

/** The least that is told: ratios to nothing say nothing. */
const LEAST = 0.01;

/** Its figures are the median, the 99th percentile and the longest. */
async function delays(work: () => Promise<void>): Promise<Run> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  histogram.enable();
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  histogram.disable();
  const intervals = [histogram.percentile(50), histogram.percentile(99), histogram.max];
  return { ms, figures: intervals.map((interval) => Math.max(LEAST, interval / 1e6 - RESOLUTION)) };
}
