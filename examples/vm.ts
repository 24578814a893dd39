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
import { assign, createActor, enqueueActions, raise, setup, waitFor } from 'xstate';
import { findQemu } from '../scripts/programs.ts';
import { ClosedError, printableLines, type SessionOutcome, spawnPeer } from '../src/index.ts';
import { inspectTo } from '../src/inspect/index.ts';
import { createQmpMachine, qmpCommand, qmpEvents, type QmpEventMessage } from '../src/qmp/index.ts';

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
  /** How the last run ended; its `cause` says why it crashed. */
  readonly outcome: SessionOutcome | undefined;
}

type VmEvent =
  | { readonly type: 'POWER_ON' | 'PAUSE' | 'RESUME' | 'POWER_OFF' }
  /** Internal: the QMP session is in RUNNING, and commands can be executed. */
  | { readonly type: 'GREETED' }
  | QmpEventMessage
  | QmpEventMessage<'GUEST_PANICKED'>;

/** The monitor uses file descriptor 3, which the child inherits: no socket file, and no race for it. */
const MONITOR = ['-chardev', 'socket,id=qmp,fd=3,server=off', '-mon', 'chardev=qmp,mode=control'];

/** Starts QEMU. */
export const launchQemu = ({ qemu, args }: VmInput) => spawnPeer(qemu, [...args, ...MONITOR]);

/** What a transition does to QEMU. */
const kill = (reason: string) => ({ actions: { type: 'kill', params: { reason } } }) as const;

/** A command that a state waits for. */
const execute = (command: string) => ({ src: 'command', input: { execute: command } }) as const;

/** A state whose command leads to the next one by the event of QEMU that it causes. */
const attempt = (command: string) =>
  ({ invoke: { ...execute(command), onError: 'idle' } }) as const;

/** A state that is left when its command fails, or has no effect in time. */
const unless = <Otherwise>(command: string, otherwise: Otherwise) => ({
  invoke: { ...execute(command), onError: otherwise },
  after: { powerOffMs: otherwise },
});

/** The chart. Nothing in its context is live, so it can be stored: the machine is crashed when it is restored. */
export const createVm = (launch = launchQemu) =>
  setup({
    types: {
      context: {} as VmContext,
      events: {} as VmEvent,
      input: {} as VmInput,
      children: {} as { monitor: 'monitor' },
    },
    actors: { monitor: createQmpMachine({ once: true }), events: qmpEvents, command: qmpCommand },
    delays: { powerOffMs: ({ context }) => context.powerOffMs },
    guards: { hasFailed: ({ context }) => context.outcome?.cause !== undefined },
    actions: {
      kill: enqueueActions(({ enqueue }, { reason }: { reason: string }) => {
        enqueue.sendTo('monitor', { type: 'FAIL', error: new ClosedError(reason) });
        enqueue.sendTo('monitor', { type: 'DISCONNECT', force: true });
      }),
    },
  }).createMachine({
    id: 'vm',
    context: ({ input }) => ({ ...input, outcome: undefined }),
    initial: 'off',
    states: {
      off: { always: { guard: 'hasFailed', target: 'crashed' }, on: { POWER_ON: 'on' } },
      on: {
        invoke: {
          id: 'monitor',
          src: 'monitor',
          input: ({ context }) => ({ address: () => launch(context).address }),
          onSnapshot: {
            guard: ({ event }) => event.snapshot.hasTag('up'),
            actions: raise({ type: 'GREETED' }),
          },
          onDone: { target: 'off', actions: assign({ outcome: ({ event }) => event.output }) },
        },
        initial: 'launching',
        states: {
          launching: { on: { GREETED: 'up' } },
          up: {
            invoke: { src: 'events' },
            on: {
              POWER_OFF: '.shuttingDown',
              'QMP.SHUTDOWN': '.shuttingDown.quitting',
              'QMP.GUEST_PANICKED': kill('The guest has panicked'),
            },
            initial: 'booting',
            states: {
              booting: {
                invoke: { ...execute('cont'), onError: kill('The guest does not start') },
                on: { 'QMP.RESUME': 'running' },
              },
              running: {
                on: { 'QMP.STOP': 'paused' },
                initial: 'idle',
                states: { idle: { on: { PAUSE: 'pausing' } }, pausing: attempt('stop') },
              },
              paused: {
                on: { 'QMP.RESUME': 'running' },
                initial: 'idle',
                states: { idle: { on: { RESUME: 'resuming' } }, resuming: attempt('cont') },
              },
              shuttingDown: {
                on: { POWER_OFF: '.quitting', 'QMP.*': undefined },
                initial: 'asking',
                states: {
                  asking: unless('system_powerdown', 'quitting'),
                  quitting: unless('quit', kill('QEMU does not quit')),
                },
              },
            },
          },
        },
      },
      crashed: { on: { POWER_ON: 'on' } },
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
