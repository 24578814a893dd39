/** The machine of a supervisor, as users embed it. */

import type { AnyActorScope, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { ProtocolMachine } from './protocol-machine.ts';
import { restorable } from './restorable.ts';
import { createSupervisorChart } from './supervisor.ts';
import type { Policy } from './supervisor-policy.ts';
import { supervisorRestoration } from './supervisor-restoration.ts';
import { watchConnection } from './supervisor-watch.ts';

/** A machine whose actors watch their connection, and can be stored and restored. */
export const createSupervisorMachineOf = <In, Out>(
  connection: ProtocolMachine<In, Out>,
  policy: Policy<In, Out>,
) =>
  completed(
    restorable(
      createSupervisorChart(connection, policy),
      supervisorRestoration(policy.createLocator),
    ),
  );

/**
 * Changes a machine, and what its `provide()` returns, in two ways. An actor watches its connection as soon as it
 * has started that, also when it is started again. And a `synchronizer` that is provided runs, also when the
 * options have no `onUp`. Returns the same machine.
 */
function completed<M extends AnyStateMachine>(machine: M): M {
  const provide = machine.provide.bind(machine);
  const start: Start = machine.start.bind(machine);
  machine.provide = (given) => completed(provide(withGuard(machine, given)));
  // XState's types do not say that it passes the scope.
  machine.start = (snapshot: AnyMachineSnapshot, scope?: AnyActorScope) => {
    start(snapshot, scope);
    if (scope !== undefined) watchConnection(scope.self);
  };
  return machine;
}

type Start = (snapshot: AnyMachineSnapshot, scope: AnyActorScope | undefined) => void;

type Implementations = Parameters<AnyStateMachine['provide']>[0];

/** A guard decides whether there is something to run: here there is, in every session. */
function withGuard({ implementations }: AnyStateMachine, given: Implementations): Implementations {
  const { isConnected } = implementations.guards;
  if (given.actors?.['synchronizer'] === undefined || isConnected === undefined) return given;
  return { ...given, guards: { isToSynchronize: isConnected, ...given.guards } };
}
