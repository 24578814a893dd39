/** A tag that depends on the context, and not on the state alone: XState has tags of states only. */

import type { AnyActorScope, AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';

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
  const { transition, getInitialSnapshot, resolveState, provide } = machine;
  const tagged = (snapshot: AnyMachineSnapshot): AnyMachineSnapshot => {
    // Each snapshot has a set of its own.
    if (holds(snapshot)) snapshot.tags.add(tag);
    return snapshot;
  };
  return Object.assign(machine, {
    transition: (snapshot: AnyMachineSnapshot, event: EventObject, scope: AnyActorScope) =>
      tagged(transition(snapshot, event, scope)),
    getInitialSnapshot: (scope: AnyActorScope, input: unknown) =>
      tagged(getInitialSnapshot(scope, input)),
    resolveState: (config: Parameters<M['resolveState']>[0]) =>
      tagged(resolveState.call(machine, config)),
    provide: (implementations: Parameters<M['provide']>[0]) =>
      withDerivedTag(provide.call(machine, implementations), tag, holds),
  });
}
