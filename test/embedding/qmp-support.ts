/** Charts that have QMP monitors as parts of them. */

import { onTestFinished } from 'vitest';
import { assign, createActor, setup, waitFor } from 'xstate';
import type { Clock, MachineOptions, ProtocolInput, SessionOutcome } from '../../src/index.ts';
import { createQmpMachine, type QmpActorRef } from '../../src/qmp/index.ts';
import { pathOf } from '../machines/support.ts';
import { ManualMonitor } from '../support/qmp.ts';

/** How a host and its monitor's machine are made. */
export interface HostOptions extends MachineOptions, ProtocolInput {
  /** Of the host. */
  readonly clock?: Clock | undefined;
}

/** A chart that has a QMP machine while it is `inside`. It is stopped after the test. */
export function startHost({ address, ...options }: HostOptions = {}) {
  const { clock } = options;
  const machine = setup({
    types: {
      context: {} as { outcome: SessionOutcome | undefined },
      children: {} as { qmp: 'qmp' },
    },
    actors: { qmp: createQmpMachine(options) },
  }).createMachine({
    context: { outcome: undefined },
    initial: 'inside',
    states: {
      inside: {
        invoke: {
          id: 'qmp',
          src: 'qmp',
          input: { address },
          onDone: { target: 'told', actions: assign({ outcome: ({ event }) => event.output }) },
        },
        on: { LEAVE: 'outside' },
      },
      outside: { on: { RETURN: 'inside' } },
      told: { type: 'final' },
    },
  });
  const host = createActor(machine, clock && { clock }).start();
  onTestFinished(() => {
    host.stop();
  });
  const refNow = (): QmpActorRef => {
    const { qmp } = host.getSnapshot().children;
    if (qmp === undefined) throw new Error('The host has no monitor now');
    return qmp;
  };
  const ref = refNow();
  return {
    host,
    ref,
    refNow,
    /** The state of the machine is reached. */
    until: (state: string, which = ref) =>
      waitFor(which, ({ value }) => pathOf(value).startsWith(state)),
    /** The machine for once has ended. */
    outcome: async () => (await waitFor(host, ({ status }) => status === 'done')).context.outcome,
  };
}

/** A host whose machine runs, and its monitor, played by hand. */
export async function running(options: HostOptions = {}) {
  const monitor = new ManualMonitor();
  const established = monitor.establish();
  const made = startHost({ ...options, address: { stream: monitor.stream } });
  await made.until('RUNNING');
  await established;
  return { ...made, monitor };
}
