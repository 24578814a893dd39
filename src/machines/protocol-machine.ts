/** The machine that users embed, and the types of it, its actors and their input. */

import type { ActorRefFrom } from 'xstate';
import type { Address } from '../core/types.ts';
import type { Link } from './link.ts';
import { createChart } from './protocol.ts';

/** The input of an actor of the machine. */
export interface ProtocolInput {
  /** Where to dial as soon as the actor starts. Without it the actor is IDLE until it gets an event. */
  readonly address?: Address | undefined;
}

/** A machine whose actors make their own link, and dial at once if their input has an address. */
export const createMachineOf = <In, Out>(
  createLink: () => Link<In, Out>,
  once: boolean | undefined,
) =>
  createChart<In, Out, ProtocolInput | undefined>(createLink, {
    addressOf: (input) => input?.address,
    once,
  });

/** The machine that `createProtocolMachine()` makes. */
export interface ProtocolMachine<In, Out = In> extends ReturnType<
  typeof createMachineOf<In, Out>
> {}

/** A running actor of it. */
export type ProtocolActorRef<In, Out = In> = ActorRefFrom<ProtocolMachine<In, Out>>;
