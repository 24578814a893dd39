/**
 * A virtual machine as a statechart: off → launching → booting → running ⇄ paused → shuttingDown → off,
 * or crashed, from any state. It embeds the QMP machine over a socketpair. Its state changes when QEMU
 * emits an event, not when a command is sent.
 *
 *   npx tsx examples/vm.ts [--inspect URL] [-- QEMU ARGUMENTS]
 */

import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inspect, parseArgs } from 'node:util';
import { assign, createActor, fromCallback, fromPromise, raise, setup, waitFor } from 'xstate';
import { findQemu } from '../scripts/programs.ts';
import { printableLines, type SessionOutcome, spawnPeer, type SpawnedPeer } from '../src/index.ts';
import { inspectTo } from '../src/inspect/index.ts';
import { createQmpMachine, type QmpActorRef, QmpClient, type QmpEvent } from '../src/qmp/index.ts';

/** How to start the machine. */
export interface VmInput {
  /** The path of QEMU. */
  readonly qemu: string;
  /** The arguments of QEMU, without those of the monitor. */
  readonly args: readonly string[];
  /** How long the guest may take to shut down, and then QEMU to quit, in ms. */
  readonly powerOffMs: number;
}

interface VmContext extends VmInput {
  readonly peer: SpawnedPeer | undefined;
  /** How the last run ended; its `cause` says why it crashed. */
  readonly outcome: SessionOutcome | undefined;
}

type VmEvent =
  | { readonly type: 'POWER_ON' | 'PAUSE' | 'RESUME' | 'POWER_OFF' }
  /** Internal: the QMP session is in RUNNING, and commands can be executed. */
  | { readonly type: 'GREETED' }
  /** Internal: an event of QEMU. */
  | { readonly type: 'QEMU'; readonly event: QmpEvent };

interface OnMonitor {
  readonly monitor: QmpActorRef | undefined;
}

/** The monitor uses file descriptor 3, which the child inherits: no socket file, and no race for it. */
const MONITOR = ['-chardev', 'socket,id=qmp,fd=3,server=off', '-mon', 'chardev=qmp,mode=control'];

const clientOf = ({ monitor }: OnMonitor): QmpClient => {
  if (monitor === undefined) throw new Error('The machine is off');
  return QmpClient.attach(monitor);
};

/** Sends QEMU's events to the chart. */
const listener = fromCallback<VmEvent, OnMonitor>(({ input, sendBack }) => {
  const events = clientOf(input).events();
  const listen = async (): Promise<void> => {
    for await (const event of events) sendBack({ type: 'QEMU', event });
  };
  // The monitor reports the end of the session to the chart.
  listen().catch(() => undefined);
  return () => void events.return();
});

/** Executes one command. */
const command = fromPromise<unknown, OnMonitor & { readonly name: string }>(
  async ({ input, signal }) => clientOf(input).execute(input.name, undefined, { signal }),
);

/** The part of the running chart that the inputs below need. */
interface Running {
  readonly self: { getSnapshot(): { readonly children: { readonly monitor?: QmpActorRef } } };
}
const onMonitor = ({ self }: Running): OnMonitor => ({
  monitor: self.getSnapshot().children.monitor,
});
const named =
  (name: string) =>
  (running: Running): OnMonitor & { readonly name: string } => ({ ...onMonitor(running), name });

/** The guard for an event of QEMU. */
const isQemuEvent = (name: string) => ({ type: 'isQemuEvent', params: { name } }) as const;

/** The chart. */
export const createVm = () =>
  setup({
    types: {
      context: {} as VmContext,
      events: {} as VmEvent,
      input: {} as VmInput,
      children: {} as { monitor: 'monitor' },
    },
    actors: { monitor: createQmpMachine({ once: true }), listener, command },
    delays: { powerOffMs: ({ context }) => context.powerOffMs },
    guards: {
      isQemuEvent: ({ event }, { name }: { name: string }) =>
        event.type === 'QEMU' && event.event.event === name,
      isClean: (_, { outcome }: { outcome: SessionOutcome }) => outcome.cause === undefined,
    },
    actions: {
      launch: assign({
        peer: ({ context: { qemu, args } }) => spawnPeer(qemu, [...args, ...MONITOR]),
        outcome: undefined,
      }),
      record: assign((_, { outcome }: { outcome: SessionOutcome }) => ({ outcome })),
      kill: ({ context }) => context.peer?.kill('SIGKILL'),
    },
  }).createMachine({
    id: 'vm',
    context: ({ input }) => ({ ...input, peer: undefined, outcome: undefined }),
    initial: 'off',
    states: {
      off: { description: 'There is no QEMU.', on: { POWER_ON: 'on' } },
      on: {
        entry: 'launch',
        invoke: {
          id: 'monitor',
          src: 'monitor',
          input: ({ context: { peer } }) => ({ address: peer?.address }),
          onSnapshot: {
            guard: ({ event }) => event.snapshot.hasTag('up'),
            actions: raise({ type: 'GREETED' }),
          },
          onDone: [
            {
              guard: { type: 'isClean', params: ({ event }) => ({ outcome: event.output }) },
              target: 'off',
              actions: { type: 'record', params: ({ event }) => ({ outcome: event.output }) },
            },
            {
              target: 'crashed',
              actions: { type: 'record', params: ({ event }) => ({ outcome: event.output }) },
            },
          ],
          onError: 'crashed',
        },
        initial: 'launching',
        states: {
          launching: {
            description: 'QEMU starts, and its monitor greets.',
            on: { GREETED: 'up' },
          },
          up: {
            invoke: { src: 'listener', input: onMonitor, onError: { actions: 'kill' } },
            on: {
              POWER_OFF: '.shuttingDown',
              QEMU: [
                // The guest has shut down on its own.
                { guard: isQemuEvent('SHUTDOWN'), target: '.shuttingDown.quitting' },
                { guard: isQemuEvent('GUEST_PANICKED'), actions: 'kill' },
              ],
            },
            initial: 'booting',
            states: {
              booting: {
                invoke: { src: 'command', input: named('cont'), onError: { actions: 'kill' } },
                on: { QEMU: { guard: isQemuEvent('RESUME'), target: 'running' } },
              },
              running: {
                initial: 'idle',
                states: {
                  idle: { on: { PAUSE: 'pausing' } },
                  pausing: { invoke: { src: 'command', input: named('stop'), onError: 'idle' } },
                },
                on: { QEMU: { guard: isQemuEvent('STOP'), target: 'paused' } },
              },
              paused: {
                initial: 'idle',
                states: {
                  idle: { on: { RESUME: 'resuming' } },
                  resuming: { invoke: { src: 'command', input: named('cont'), onError: 'idle' } },
                },
                on: { QEMU: { guard: isQemuEvent('RESUME'), target: 'running' } },
              },
              shuttingDown: {
                initial: 'asking',
                states: {
                  asking: {
                    description: 'The guest is asked to shut down, as by its power button.',
                    invoke: {
                      src: 'command',
                      input: named('system_powerdown'),
                      onError: 'quitting',
                    },
                    after: { powerOffMs: 'quitting' },
                  },
                  quitting: {
                    description:
                      'QEMU is told to quit; its exit is then a clean end of the session.',
                    invoke: { src: 'command', input: named('quit'), onError: { actions: 'kill' } },
                    after: { powerOffMs: { actions: 'kill' } },
                  },
                },
                on: { POWER_OFF: '.quitting', QEMU: undefined },
              },
            },
          },
        },
      },
      crashed: {
        description: 'QEMU exited without a request.',
        on: { POWER_ON: 'on' },
      },
    },
  });

/** Switches a machine on, pauses it, resumes it, and switches it off. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { inspect: { type: 'string' } },
  });
  const qemu = findQemu();
  if (qemu === undefined) throw new Error('No qemu-system-* was found on the PATH');
  const inspection = values.inspect === undefined ? undefined : inspectTo(values.inspect);
  const withoutGuest = ['-M', 'none', '-nodefaults'];
  const args = [...(positionals.length > 0 ? positionals : withoutGuest), '-display', 'none', '-S'];
  const vm = createActor(createVm(), { id: 'vm', input: { qemu, args, powerOffMs: 2_000 } });
  inspection?.inspect.attach(vm);
  vm.subscribe(({ value }) => {
    console.log(JSON.stringify(value));
  });
  vm.start();
  vm.send({ type: 'POWER_ON' });
  await waitFor(vm, (snapshot) => snapshot.matches({ on: { up: 'running' } }));
  await delay(500);
  vm.send({ type: 'PAUSE' });
  await waitFor(vm, (snapshot) => snapshot.matches({ on: { up: 'paused' } }));
  await delay(500);
  vm.send({ type: 'RESUME' });
  await waitFor(vm, (snapshot) => snapshot.matches({ on: { up: 'running' } }));
  vm.send({ type: 'POWER_OFF' });
  await waitFor(vm, (snapshot) => snapshot.matches('off') || snapshot.matches('crashed'));
  // QEMU has chosen parts of it.
  console.log(printableLines(inspect(vm.getSnapshot().context.outcome)));
  vm.stop();
  await inspection?.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
