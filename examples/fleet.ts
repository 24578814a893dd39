/**
 * Runs many virtual machines from one process. Each has a statechart that starts it and restarts it after
 * a crash; all are shut down together.
 *
 *   npx tsx examples/fleet.ts [--count N] [--inspect URL]
 *
 * See docs/fleet.md for fleets that one process cannot run.
 */

import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type ActorRefFrom, assign, createActor, sendTo, setup, type Subscription } from 'xstate';
import { findQemu } from '../scripts/programs.ts';
import { inspectTo } from '../src/inspect/index.ts';
import { QmpClient } from '../src/qmp/index.ts';
import { createVm, type VmInput } from './vm.ts';

/** The memory of a QEMU without a guest, rounded up. */
const BYTES_PER_VM = 64 * 1024 * 1024;

/** The chart of one machine: switches it on again after a crash. */
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
      input: ({ context: { qemu, args, powerOffMs } }) => ({ qemu, args, powerOffMs }),
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

/** The fleet: one actor tree with all keepers. */
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
/** The process id of QEMU, which is the peer of the monitor. */
const pidOf = (keeper: KeeperRef): number | undefined => {
  const monitor = vmOf(keeper)?.children.monitor;
  return monitor && QmpClient.attach(monitor).remote?.pid;
};

/** Resolves when the condition holds for all keepers. */
function untilAll(
  keepers: readonly KeeperRef[],
  condition: (keeper: KeeperRef) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const subscriptions: Subscription[] = [];
    const check = (): void => {
      if (!keepers.every(condition)) return;
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

/** The result of `runFleet()`. */
export interface FleetReport {
  readonly count: number;
  /** The process id of the machine that was killed, and of its replacement. */
  readonly replaced: readonly [number | undefined, number | undefined];
  readonly crashes: number;
}

/** Starts a fleet, kills one of its machines, waits for its replacement, and shuts all machines down. */
export async function runFleet(
  input: VmInput & { readonly count: number },
  print: (text: string) => void,
  inspect?: (fleet: ReturnType<typeof createActor>) => void,
): Promise<FleetReport> {
  const fleet = createActor(createFleet(), { id: 'fleet', input });
  inspect?.(fleet);
  fleet.start();
  const { keepers } = fleet.getSnapshot().context;
  await untilAll(keepers, isRunning);
  print(`${String(keepers.length)} machines are running`);

  const victim = keepers[Math.floor(keepers.length / 2)];
  const before = victim && pidOf(victim);
  if (before !== undefined) process.kill(before, 'SIGKILL');
  await untilAll(
    keepers,
    (keeper) => isRunning(keeper) && (keeper !== victim || pidOf(keeper) !== before),
  );
  const after = victim && pidOf(victim);
  print(
    `${victim?.id ?? 'none'} was killed (pid ${String(before)}) and replaced (pid ${String(after)})`,
  );

  for (const keeper of keepers) keeper.send({ type: 'POWER_OFF' });
  await untilAll(keepers, isOff);
  print('all machines are off');
  const crashes = keepers.reduce((sum, keeper) => sum + keeper.getSnapshot().context.crashes, 0);
  fleet.stop();
  return { count: keepers.length, replaced: [before, after], crashes };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '50' }, inspect: { type: 'string' } },
  });
  const qemu = findQemu();
  if (qemu === undefined) throw new Error('No qemu-system-* was found on the PATH');
  const wanted = Number(values.count);
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new Error(`--count must be a positive integer, not '${values.count}'`);
  const count = Math.min(wanted, Math.max(1, Math.floor(freemem() / BYTES_PER_VM)));
  if (count < wanted)
    console.log(`Starting ${String(count)} machines only: there is no memory for more`);
  const inspection = values.inspect === undefined ? undefined : inspectTo(values.inspect);
  const args = ['-M', 'none', '-nodefaults', '-display', 'none', '-S'];
  await runFleet(
    { qemu, args, powerOffMs: 500, count },
    (text) => {
      console.log(text);
    },
    inspection?.inspect.attach,
  );
  await inspection?.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
