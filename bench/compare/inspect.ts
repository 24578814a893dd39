/** What it costs to be watched: by nobody, by a recorder, by an inspector. */

import { alternate, rate, type Series, type Variant, within } from '../measure.ts';
import { AsyncProtocol, jsonLines, type ProtocolOptions } from '../package.ts';
import { type Child, withPeer } from '../peer.ts';
import { tableOf, type Table } from '../table.ts';
import { type Ways, withWays } from '../watched.ts';
import type { Setting } from './comparison.ts';
import { FLOOD, order } from './inbound.ts';
import { readWith } from './inbound-clients.ts';
import { SINK, timed } from './lifecycle.ts';

/** What the others are compared with. */
const BASE = 'no inspect';

const SIZE = 150;
/** How long the last messages may be on their way to an inspector. */
const SHOWN_MS = 5_000;

/** What to inspect with, by the name of the variant. */
type Inspects = Readonly<Record<string, ProtocolOptions['inspect']>>;
/** Makes what connects and disconnects once. */
type Cycles = (path: string, options: ProtocolOptions) => () => Promise<void>;

export async function* inspect(setting: Setting): AsyncGenerator<Table> {
  for (const [whose, cycles] of Object.entries(CYCLES)) {
    const title = `connect and disconnect, ${whose}: CPU-time of a cycle, lower is better`;
    yield tableOf(title, 'µs', await lifecycles(setting, cycles), 0, BASE);
  }
  yield tableOf(`inbound, ${String(SIZE)} B`, 'messages/s', await messages(setting), 0, BASE);
}

const CYCLES: Readonly<Record<string, Cycles>> = {
  reused: (path, options) => {
    const protocol = new AsyncProtocol({ codec: jsonLines() }, options);
    return () => cycle(protocol, path);
  },
  'a new one': (path, options) => () =>
    cycle(new AsyncProtocol({ codec: jsonLines() }, options), path),
};

async function cycle(protocol: InstanceType<typeof AsyncProtocol>, path: string): Promise<void> {
  await protocol.connect(path);
  await protocol.disconnect();
}

function lifecycles({ plan, directory }: Setting, cycles: Cycles): Promise<Series[]> {
  const variants = (path: string, { unwatched, recorder, connected }: Ways): Variant[] =>
    variantsOf(
      {
        [BASE]: undefined,
        'attached, nobody watches': unwatched.inspect,
        'a callback that does nothing': () => undefined,
        'attached, recorder': recorder.inspect,
        'attached, inspector': connected.inspect,
      },
      100,
      (options) => {
        const once = cycles(path, options);
        return (count) => timed(count, once);
      },
    );
  return withWays(directory, (ways) =>
    withPeer(SINK, directory, (path) => alternate(variants(path, ways), plan)),
  );
}

function messages({ plan, directory }: Setting): Promise<Series[]> {
  const variants = (path: string, peer: Child, { unwatched, recorder, connected }: Ways) =>
    variantsOf(
      {
        [BASE]: undefined,
        'attached, nobody watches': unwatched.inspect,
        'attached, recorder': recorder.inspect,
        'attached, inspector that is shown them': connected.inspect,
      },
      20_000,
      (options) => async (wanted) => {
        const count = await order(peer, 'lines', SIZE, wanted);
        return rate(count, () => readWith(jsonLines(), path, count, options));
      },
    );
  return withWays(directory, (ways) =>
    withPeer(FLOOD, directory, async (path, peer) => {
      await ways.inspector.order({ wire: true });
      const series = await alternate(variants(path, peer, ways), plan);
      await within(SHOWN_MS, ways.inspector.report(), 'Showing a message');
      return series;
    }),
  );
}

const variantsOf = (
  inspects: Inspects,
  count: number,
  runWith: (options: ProtocolOptions) => Variant['run'],
): Variant[] =>
  Object.entries(inspects).map(([name, inspect]) => ({ name, count, run: runWith({ inspect }) }));
