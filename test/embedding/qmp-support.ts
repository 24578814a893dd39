/** Parent charts that invoke a QMP machine. */

import { onTestFinished } from 'vitest';
import { assign, createActor, setup, waitFor } from 'xstate';
import type { Clock, MachineOptions, ProtocolInput, SessionOutcome } from '../../src/index.ts';
import { createQmpMachine, type QmpActorRef } from '../../src/qmp/index.ts';
import { pathOf } from '../machines/support.ts';
import { ManualMonitor } from '../support/qmp.ts';

/** The options of a parent and its QMP machine. */
export interface ParentOptions extends MachineOptions, ProtocolInput {
  /** The clock of the parent. */
  readonly clock?: Clock | undefined;
}

/**
 * Starts a parent that invokes a QMP machine while it is `inside`. It is stopped after the test.
 */
export function startParent({ address, clock, ...options }: ParentOptions = {}) {
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
          onDone: { target: 'done', actions: assign({ outcome: ({ event }) => event.output }) },
        },
        on: { LEAVE: 'outside' },
      },
      outside: { on: { RETURN: 'inside' } },
      done: { type: 'final' },
    },
  });
  const parent = createActor(machine, clock && { clock }).start();
  onTestFinished(() => {
    parent.stop();
  });
  const currentRef = (): QmpActorRef => {
    const { qmp } = parent.getSnapshot().children;
    if (qmp === undefined) throw new Error('The parent has no QMP machine now');
    return qmp;
  };
  const ref = currentRef();
  return {
    parent,
    ref,
    currentRef,
    /** Resolves when the machine is in the state. */
    until: (state: string, actor = ref) =>
      waitFor(actor, ({ value }) => pathOf(value).startsWith(state)),
    /** Resolves with the outcome when a machine for a single session has ended. */
    outcome: async () => (await waitFor(parent, ({ status }) => status === 'done')).context.outcome,
  };
}

/** Starts a parent whose QMP machine is RUNNING, with a monitor that the test operates. */
export async function startRunning(options: ParentOptions = {}) {
  const monitor = new ManualMonitor();
  const established = monitor.establish();
  const fixture = startParent({ ...options, address: { stream: monitor.stream } });
  await fixture.until('RUNNING');
  await established;
  return { ...fixture, monitor };
}
