/**
 * Many virtual machines in one process, each kept by a chart of its own: started, watched, replaced when
 * one crashes, and shut down together.
 *
 *   npx tsx examples/fleet.ts [--count N] [--inspect URL]
 *
 * Where one process is not enough, see docs/fleet.md.
 */

import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type ActorRefFrom, assign, createActor, sendTo, setup, type Subscription } from 'xstate';
import { findQemu } from '../scripts/programs.ts';
import { inspectTo } from '../src/inspect/index.ts';
import { createVm, type VmInput } from './vm.ts';

/** What a QEMU without a guest needs, in bytes, with something to spare. */
const MEMORY = 64 * 1024 * 1024;

/** Keeps one machine running: one that has crashed is switched on again. */
const createKeeper = () =>
  setup({
    types: {
      context: {} as VmInput & { readonly crashes: number },
      events: {} as { readonly type: 'POWER_OFF' },
      input: {} as VmInput,
      children: {} as { vm: 'vm' },
    },
    actors: { vm: createVm() },
  }).createMachine({
    id: 'keeper',
    context: ({ input }) => ({ ...input, crashes: 0 }),
    invoke: {
      id: 'vm',
      src: 'vm',
      input: ({ context: { qemu, args, patience } }) => ({ qemu, args, patience }),
      onSnapshot: {
        guard: ({ event }) => event.snapshot.matches('crashed'),
        actions: [
          assign({ crashes: ({ context }) => context.crashes + 1 }),
          sendTo('vm', { type: 'POWER_ON' }),
        ],
      },
    },
    entry: sendTo('vm', { type: 'POWER_ON' }),
    on: { POWER_OFF: { actions: sendTo('vm', { type: 'POWER_OFF' }) } },
  });

type KeeperRef = ActorRefFrom<ReturnType<typeof createKeeper>>;

/** All of them, as one tree. */
const createFleet = () =>
  setup({
    types: {
      context: {} as { readonly keepers: readonly KeeperRef[] },
      input: {} as VmInput & { readonly count: number },
    },
    actors: { keeper: createKeeper() },
  }).createMachine({
    id: 'fleet',
    context: ({ input: { count, ...vm }, spawn }) => ({
      keepers: Array.from({ length: count }, (_, at) =>
        spawn('keeper', { id: `vm${String(at + 1)}`, input: vm }),
      ),
    }),
  });

const vmOf = (keeper: KeeperRef) => keeper.getSnapshot().children.vm?.getSnapshot();
const isRunning = (keeper: KeeperRef): boolean =>
  vmOf(keeper)?.matches({ on: { up: 'running' } }) ?? false;
const isOff = (keeper: KeeperRef): boolean => vmOf(keeper)?.matches('off') ?? false;
const pidOf = (keeper: KeeperRef): number | undefined => vmOf(keeper)?.context.peer?.pid;

/** Resolves when all keepers are so. */
function allAre(
  keepers: readonly KeeperRef[],
  isSo: (keeper: KeeperRef) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const subscriptions: Subscription[] = [];
    const check = (): void => {
      if (!keepers.every(isSo)) return;
      for (const subscription of subscriptions) subscription.unsubscribe();
      resolve();
    };
    for (const keeper of keepers) {
      const vm = keeper.getSnapshot().children.vm;
      if (vm !== undefined) subscriptions.push(vm.subscribe(check));
    }
    check();
  });
}

/** What a run of a fleet has shown. */
export interface FleetReport {
  readonly count: number;
  /** The process ids of the machine that was killed, before and after. */
  readonly replaced: readonly [number | undefined, number | undefined];
  readonly crashes: number;
}

/** Starts a fleet, kills one of its machines, sees it replaced, and shuts all of them down. */
export async function runFleet(
  input: VmInput & { readonly count: number },
  say: (text: string) => void,
  inspect?: (fleet: ReturnType<typeof createActor>) => void,
): Promise<FleetReport> {
  const fleet = createActor(createFleet(), { id: 'fleet', input });
  inspect?.(fleet);
  fleet.start();
  const { keepers } = fleet.getSnapshot().context;
  await allAre(keepers, isRunning);
  say(`${String(keepers.length)} machines are running`);

  const victim = keepers[Math.floor(keepers.length / 2)];
  const before = victim && pidOf(victim);
  const peer = victim && vmOf(victim)?.context.peer;
  peer?.kill('SIGKILL');
  await peer?.exited;
  await allAre(
    keepers,
    (keeper) => isRunning(keeper) && (keeper !== victim || pidOf(keeper) !== before),
  );
  const after = victim && pidOf(victim);
  say(
    `${victim?.id ?? 'none'} was killed (pid ${String(before)}) and replaced (pid ${String(after)})`,
  );

  const exits = keepers.flatMap((keeper) => vmOf(keeper)?.context.peer?.exited ?? []);
  for (const keeper of keepers) keeper.send({ type: 'POWER_OFF' });
  await allAre(keepers, isOff);
  await Promise.all(exits);
  say('all of them are off');
  const crashes = keepers.reduce((sum, keeper) => sum + keeper.getSnapshot().context.crashes, 0);
  fleet.stop();
  return { count: keepers.length, replaced: [before, after], crashes };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '50' }, inspect: { type: 'string' } },
  });
  const qemu = findQemu();
  if (qemu === undefined) throw new Error('No qemu-system-* is installed');
  const wanted = Number(values.count);
  if (!Number.isInteger(wanted) || wanted < 1) throw new Error(`'${values.count}' is no count`);
  const count = Math.min(wanted, Math.max(1, Math.floor(freemem() / MEMORY)));
  if (count < wanted) console.log(`There is memory for ${String(count)} machines only`);
  const inspection = values.inspect === undefined ? undefined : inspectTo(values.inspect);
  const args = ['-M', 'none', '-nodefaults', '-display', 'none', '-S'];
  await runFleet(
    { qemu, args, patience: 500, count },
    (text) => {
      console.log(text);
    },
    inspection?.inspect.attach,
  );
  await inspection?.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
