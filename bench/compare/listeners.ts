/** What an event costs a program with many listeners: for other events, and for this one. */

import { alternate, type Variant } from '../measure.ts';
import { EVENT } from '../messages.ts';
import { type AnyQapi, QmpClient } from '../package.ts';
import { type Child, withPeer } from '../peer.ts';
import { tableOf, type Table } from '../table.ts';
import { fewer, type Setting } from './comparison.ts';
import { MONITOR } from './events.ts';
import { order } from './inbound.ts';

const SIZE = 150;
const COUNTS = [1, 10, 100] as const;

/** With a schema that allows made-up events. */
type Qmp = InstanceType<typeof QmpClient<AnyQapi>>;

export async function* listeners({ plan, directory }: Setting): AsyncGenerator<Table> {
  const kinds: readonly (readonly [string, (client: Qmp, at: number) => unknown])[] = [
    ['other events', (client, at) => client.on(`OTHER_${String(at)}`, () => undefined)],
    ['this event', (client) => client.on(EVENT, () => undefined)],
  ];
  for (const [what, listen] of kinds) {
    const series = await withPeer(MONITOR, directory, (path, peer) =>
      alternate(variants(path, peer, listen), { ...fewer(plan), warmups: plan.warmups }),
    );
    const title = `events with listeners of ${what}, by their number`;
    yield tableOf(`${title}, lower is better`, 'µs of CPU time', series, 0, String(COUNTS[0]));
  }
}

function variants(path: string, peer: Child, listen: (client: Qmp, at: number) => unknown) {
  return COUNTS.map((listenerCount): Variant => ({
    name: String(listenerCount),
    count: 20_000,
    run: async (wanted) => {
      const count = await order(peer, 'qemu', SIZE, wanted);
      const client = new QmpClient<AnyQapi>();
      for (let at = 0; at < listenerCount; at += 1) listen(client, at);
      await client.connect(path);
      const started = performance.now();
      const before = process.cpuUsage();
      await client.execute('query-status');
      const { user, system } = process.cpuUsage(before);
      const ms = performance.now() - started;
      await client.disconnect({ force: true });
      return { ms, figures: [(user + system) / count] };
    },
  }));
}
