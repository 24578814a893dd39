/**
 * Slots: actor logic that `provide()` gives a machine in place of its protocol's handshake, session or farewell.
 *
 * What the machine invokes under these names stays its own actor, which converts errors, obeys the deadline and
 * ends the session's object; it runs the given logic with the input `{ session }`, as a child. So every arrow in
 * and out of a slot is that of the chart.
 */

import type { AnyActorLogic, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { ArgumentError } from '../core/errors.ts';
import {
  isSessionLogic,
  type SessionCallbackName,
  type SessionLogic,
  type SessionSlots,
} from '../core/session-logic.ts';
import { show } from '../core/shape.ts';
import { linkIn } from '../core/link-handle.ts';
import { isInHandshake } from './in-handshake.ts';
import type { Link } from './link.ts';
import { farewell, handshake, session } from './protocol-actors.ts';

const OWN = { handshake, session, farewell };
const NAMES = ['handshake', 'session', 'farewell'] as const satisfies SessionCallbackName[];

/** The logic in a slot, by the actor that runs it. */
const contents = new WeakMap<object, SessionLogic<never, unknown>>();

/** The actors by name that a machine is given. */
type Actors = Readonly<Record<string, unknown>>;

/**
 * Changes a machine, and what its `provide()` returns, so that logic of others under the names of slots runs in
 * them. Returns the same machine.
 *
 * @throws {ArgumentError} When what a slot is given is no actor logic; `provide()` throws it, too.
 */
export function slotted<M extends AnyStateMachine>(machine: M): M {
  const provide = machine.provide.bind(machine);
  const initial = machine.getInitialSnapshot.bind(machine);
  const { implementations } = machine;
  implementations.actors = { ...implementations.actors, ...filled(implementations.actors) };
  const slots = slotsIn(implementations.actors);
  const converses = Object.values(implementations.actors).some(isInHandshake);
  const members = { ...(slots && { slots }), ...(converses && { converses }) };
  Object.assign(machine, {
    provide: (given: Parameters<typeof provide>[0]) => slotted(provide(given)),
    ...((slots ?? converses) && {
      getInitialSnapshot: (...args: Parameters<typeof initial>) =>
        withMembers(initial(...args), members),
    }),
  });
  return machine;
}

/** What a link is told of its machine. */
type Members = Pick<Link<never, never>, 'slots' | 'converses'>;

/** The same snapshot, of an actor that starts, whose link knows what else it runs. */
function withMembers(snapshot: AnyMachineSnapshot, members: Members): AnyMachineSnapshot {
  const link = linkIn(snapshot.context);
  if (typeof link === 'object' && link !== null) Object.assign(link, members);
  return snapshot;
}

/** The actors that run what was given under the names of slots. */
function filled(actors: Actors): Record<string, AnyActorLogic> {
  const slots: Record<string, AnyActorLogic> = {};
  for (const name of NAMES) {
    const given = actors[name];
    if (given === undefined || given === OWN[name] || contentOf(given) !== undefined) continue;
    if (!isSessionLogic(given)) {
      throw new ArgumentError(
        `The actor ${name} of provide() must be actor logic of XState 5, such as a machine, not ${show(given)}`,
      );
    }
    const slot = { ...OWN[name] };
    contents.set(slot, given);
    slots[name] = slot;
  }
  return slots;
}

/** What was given for the slots; `undefined` if nothing was. */
function slotsIn(actors: Actors): SessionSlots | undefined {
  const given = NAMES.map((name) => [name, contentOf(actors[name])] as const);
  const full = given.filter(([, content]) => content !== undefined);
  return full.length === 0 ? undefined : Object.fromEntries(full);
}

const contentOf = (actor: unknown): SessionLogic<never, unknown> | undefined =>
  typeof actor === 'object' && actor !== null ? contents.get(actor) : undefined;
