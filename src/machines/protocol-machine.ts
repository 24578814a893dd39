/** The machine that users embed. */

import type { AnyStateMachine } from 'xstate';
import { ArgumentError } from '../core/errors.ts';
import type { Link } from './link.ts';
import { createChart } from './protocol.ts';
import type { ProtocolInput, ProtocolMachine } from './protocol-interface.ts';
import type { FailWith } from './protocol-types.ts';
import { protocolRestoration, type RestoredInput } from './protocol-restoration.ts';
import { restorable } from './restorable.ts';
import { slotted } from './slots.ts';

export type { ProtocolActorRef, ProtocolMachine } from './protocol-interface.ts';

/** The options of such a machine. */
export interface MachineKind {
  readonly once?: boolean | undefined;
  readonly failWith?: FailWith | undefined;
}

/** A machine whose actors make their own link, and dial at once if their input has an address. */
export function createMachineOf<In, Out>(
  createLink: () => Link<In, Out>,
  kind: MachineKind,
): ProtocolMachine<In, Out> {
  const chart = createChart<In, Out, ProtocolInput | undefined>(createLink, {
    ...kind,
    hasSession: true,
    addressOf: (input) => input?.address,
    lostOf: (input: RestoredInput | undefined) => input?.lost,
  });
  linkMakers.set(contextOf(chart), createLink);
  return embeddable(chart, createLink);
}

/** Lets the actors of a machine be stored and restored, and its `provide()` fill the slots. Returns it. */
export const embeddable = <M extends AnyStateMachine>(
  machine: M,
  createLink: () => Link<unknown, unknown>,
): M => restorable(slotted(machine), protocolRestoration(createLink));

/** What makes the links of a machine's actors, by what makes their contexts: `provide()` keeps that. */
const linkMakers = new WeakMap<object, () => Link<unknown, unknown>>();

const contextOf = ({ config }: AnyStateMachine): object => Object(config.context) as object;

/** What makes the links of the actors of such a machine. */
export function linkMakerOf(machine: AnyStateMachine): () => Link<unknown, unknown> {
  const createLink = linkMakers.get(contextOf(machine));
  if (createLink !== undefined) return createLink;
  throw new ArgumentError('protocolSetup() needs a client class whose createMachine() is its own');
}
