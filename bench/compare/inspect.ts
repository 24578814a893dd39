/** The cost of inspection: without an inspector, with a recorder, with an inspector. */

import { alternate, rate, type Series, type Variant, within } from '../measure.ts';
import { AsyncProtocol, jsonLines, type ProtocolOptions } from '../package.ts';
import { type Child, withPeer } from '../peer.ts';
import { tableOf, type Table } from '../table.ts';
import { type Inspections, withInspections } from '../inspections.ts';
import type { Setting } from './comparison.ts';
import { FLOOD, order } from './inbound.ts';
import { readWith } from './inbound-clients.ts';
import { SINK, timed } from './lifecycle.ts';

/** The variant that the others are compared with. */
const BASE = 'no inspect';

const SIZE = 150;
/** How long a message may take to reach the inspector. */
const SHOW_DEADLINE_MS = 5_000;

/** The option `inspect` of each variant. */
type InspectOptions = Readonly<Record<string, ProtocolOptions['inspect']>>;
/** Returns a function that connects and disconnects once. */
type CreateCycle = (path: string, options: ProtocolOptions) => () => Promise<void>;

export async function* inspect(setting: Setting): AsyncGenerator<Table> {
  for (const [protocol, createCycle] of Object.entries(CYCLES)) {
    const title = `connect and disconnect, ${protocol}: CPU time of a cycle, lower is better`;
    yield tableOf(title, 'µs', await lifecycles(setting, createCycle), 0, BASE);
  }
  yield tableOf(`inbound, ${String(SIZE)} B`, 'messages/s', await messages(setting), 0, BASE);
}

const CYCLES: Readonly<Record<string, CreateCycle>> = {
  'reused protocol': (path, options) => {
    const protocol = new AsyncProtocol({ codec: jsonLines() }, options);
    return () => cycle(protocol, path);
  },
  'new protocol': (path, options) => () =>
    cycle(new AsyncProtocol({ codec: jsonLines() }, options), path),
};

async function cycle(protocol: InstanceType<typeof AsyncProtocol>, path: string): Promise<void> {
  await protocol.connect(path);
  await protocol.disconnect();
}

function lifecycles({ plan, directory }: Setting, createCycle: CreateCycle): Promise<Series[]> {
  const variants = (path: string, { unconnected, recorder, connected }: Inspections): Variant[] =>
    variantsOf(
      {
        [BASE]: undefined,
        'attached, no inspector': unconnected.inspect,
        'empty callback': () => undefined,
        'attached, recorder': recorder.inspect,
        'attached, inspector': connected.inspect,
      },
      100,
      (options) => {
        const cycleOnce = createCycle(path, options);
        return (count) => timed(count, cycleOnce);
      },
    );
  return withInspections(directory, (inspections) =>
    withPeer(SINK, directory, (path) => alternate(variants(path, inspections), plan)),
  );
}

function messages({ plan, directory }: Setting): Promise<Series[]> {
  const variants = (path: string, peer: Child, { unconnected, recorder, connected }: Inspections) =>
    variantsOf(
      {
        [BASE]: undefined,
        'attached, no inspector': unconnected.inspect,
        'attached, recorder': recorder.inspect,
        'attached, inspector that is sent the messages': connected.inspect,
      },
      20_000,
      (options) => async (wanted) => {
        const count = await order(peer, 'lines', SIZE, wanted);
        return rate(count, () => readWith(jsonLines(), path, count, options));
      },
    );
  return withInspections(directory, (inspections) =>
    withPeer(FLOOD, directory, async (path, peer) => {
      await inspections.inspector.order({ wire: true });
      const series = await alternate(variants(path, peer, inspections), plan);
      await within(SHOW_DEADLINE_MS, inspections.inspector.report(), 'Showing a message');
      return series;
    }),
  );
}

const variantsOf = (
  inspects: InspectOptions,
  count: number,
  runWith: (options: ProtocolOptions) => Variant['run'],
): Variant[] =>
  Object.entries(inspects).map(([name, inspect]) => ({ name, count, run: runWith({ inspect }) }));
