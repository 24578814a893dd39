/** The memory that messages take when the peer does not read and the sender does not wait. */

import { runJob } from '../job.ts';
import { alternate, type Variant } from '../measure.ts';
import { withPeer } from '../peer.ts';
import { tableOf, type Table } from '../table.ts';
import { fewer, type Setting } from './comparison.ts';
import { stalledSenders } from './stalled-senders.ts';

const PEER = new URL('../peers/stalled.ts', import.meta.url);

const MESSAGES = 200_000;

export async function* stalled({ plan, directory }: Setting): AsyncGenerator<Table> {
  const variants = (path: string): Variant[] =>
    Object.keys(stalledSenders).map((variant) => ({
      name: variant,
      count: MESSAGES,
      fixed: true,
      run: (count) => runJob({ what: 'stalled', variant, path, count }),
    }));
  const series = await withPeer(PEER, directory, (path) => alternate(variants(path), fewer(plan)));
  const title = `peer that does not read, ${String(MESSAGES)} messages of 150 B queued`;
  yield tableOf(`${title}: RSS above the initial RSS`, 'MB', series, 0);
  yield tableOf(`${title}: in the socket's own buffer`, 'MB', series, 1);
}
