/**
 * The parts of the machine of a connection, for charts that add states to it.
 *
 * The config is that of the chart itself, so nothing is said twice. What XState's `createMachine()` returns for an
 * extended config is a plain machine; `complete()` gives it what `createProtocolMachine()` gives its own.
 */

import {
  type AnyStateMachine,
  type EventObject,
  StateMachine,
  type UnknownActorLogic,
} from 'xstate';
import { ArgumentError } from '../core/errors.ts';
import { isSessionLogic } from '../core/session-logic.ts';
import { show } from '../core/shape.ts';
import { withDerivedTag } from './derived-tag.ts';
import type { ProtocolSetup } from './extension-types.ts';
import { checkExtension } from './extension-check.ts';
import { embeddable, linkMakerOf } from './protocol-machine.ts';
import { chartSetup, hasFailed } from './protocol-setup.ts';

type Actors = AnyStateMachine['implementations']['actors'];

/**
 * Returns the parts of a machine that `createMachineOf()` has made.
 *
 * @param base - That machine, or what its `provide()` has returned.
 * @param actors - More actors for the setup.
 * @throws {ArgumentError} When an actor is no actor logic.
 */
export function extensionOf<
  In,
  Out,
  Events extends EventObject,
  Tags extends string,
  Added extends Record<string, UnknownActorLogic>,
>(base: AnyStateMachine, actors: Added | undefined): ProtocolSetup<In, Out, Events, Tags, Added>;
export function extensionOf(base: AnyStateMachine, actors: Actors = {}): object {
  for (const [name, logic] of Object.entries(actors)) {
    if (isSessionLogic(logic)) continue;
    throw new ArgumentError(
      `The actor ${name} of protocolSetup() must be actor logic of XState 5, such as a machine, not ${show(logic)}`,
    );
  }
  return {
    setup: withActors(chartSetup() as object as Setup, {
      ...base.implementations.actors,
      ...actors,
    }),
    config: base.config,
    complete: (machine: unknown) => complete(machine, base),
  };
}

/** What XState's `setup()` returns, as far as it is wrapped. */
interface Setup {
  readonly extend: (given: never) => Setup;
  readonly createMachine: (config: never) => AnyStateMachine;
}

/** The same setup with more actors: XState's `extend()` takes none. */
const withActors = (setup: Setup, actors: Actors): Setup => ({
  ...setup,
  extend: (given) => withActors(setup.extend(given), actors),
  createMachine: (config) => setup.createMachine(config).provide({ actors }),
});

function complete(machine: unknown, base: AnyStateMachine): AnyStateMachine {
  checkExtension(machine, base);
  const createLink = linkMakerOf(base);
  // A new one, because it is changed.
  const own = new StateMachine(machine.config, machine.implementations);
  return embeddable(withDerivedTag(own, 'failed', hasFailed), createLink);
}
