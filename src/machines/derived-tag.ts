/** A tag that depends on the context, and not on the state alone: XState has tags of states only. */

import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';

/** What XState gives the logic of an actor. */
type Scope = Parameters<AnyStateMachine['getInitialSnapshot']>[0];

/**
 * Changes a machine so that its snapshots have one more tag while `holds` returns true. What its `provide()`
 * returns is changed in the same way. Returns the same machine.
 *
 * @param holds - Must not throw.
 */
export function withDerivedTag<M extends AnyStateMachine>(
  machine: M,
  tag: string,
  holds: (snapshot: AnyMachineSnapshot) => boolean,
): M {
  const transition = machine.transition.bind(machine);
  const initial = machine.getInitialSnapshot.bind(machine);
  const resolveState = machine.resolveState.bind(machine);
  const provide = machine.provide.bind(machine);
  const tagged = (snapshot: AnyMachineSnapshot): AnyMachineSnapshot => {
    // Each snapshot has a set of its own.
    if (holds(snapshot)) snapshot.tags.add(tag);
    return snapshot;
  };
  Object.assign(machine, {
    transition: (snapshot: AnyMachineSnapshot, event: EventObject, scope: Scope) =>
      tagged(transition(snapshot, event, scope)),
    getInitialSnapshot: (scope: Scope, input: unknown) => tagged(initial(scope, input)),
    resolveState: (config: Parameters<typeof resolveState>[0]) => tagged(resolveState(config)),
    provide: (implementations: Parameters<typeof provide>[0]) =>
      withDerivedTag(provide(implementations), tag, holds),
  });
  return machine;
}
