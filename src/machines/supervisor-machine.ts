/** The machine of a supervisor, as users embed it. */

import type { AnyStateMachine } from 'xstate';
import type { ProtocolMachine } from './protocol-machine.ts';
import { restorable } from './restorable.ts';
import { createSupervisorChart } from './supervisor.ts';
import { supervisorRestoration } from './supervisor-restoration.ts';
import type { Policy } from './supervisor-policy.ts';

/** A machine whose actors can be stored and restored, and whose `synchronizer` can be provided. */
export const createSupervisorMachineOf = <In, Out>(
  connection: ProtocolMachine<In, Out>,
  policy: Policy<In, Out>,
) =>
  restorable(
    withSynchronizer(createSupervisorChart(connection, policy)),
    supervisorRestoration(policy.createLocator),
  );

/**
 * Changes a machine, and what its `provide()` returns, so that a `synchronizer` that is provided runs, also when
 * the options have no `onUp`. Returns the same machine.
 */
function withSynchronizer<M extends AnyStateMachine>(machine: M): M {
  const provide = machine.provide.bind(machine);
  machine.provide = (given) => withSynchronizer(provide(withGuard(machine, given)));
  return machine;
}

type Implementations = Parameters<AnyStateMachine['provide']>[0];

/** A guard decides whether there is something to run: here there is, in every session. */
function withGuard({ implementations }: AnyStateMachine, given: Implementations): Implementations {
  const { isConnected } = implementations.guards;
  if (given.actors?.['synchronizer'] === undefined || isConnected === undefined) return given;
  return { ...given, guards: { isToSynchronize: isConnected, ...given.guards } };
}
