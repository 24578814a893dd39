/** The chart as users embed it: its machine, and the types of the machine, its actors and their input. */

import type { ActorRefFrom } from 'xstate';
import type { Address } from '../core/types.ts';
import type { Link } from './link.ts';
import { createChart } from './protocol.ts';

/** What an actor of the machine is given. */
export interface ProtocolInput {
  /** Where to connect to at once; without it the actor is IDLE until it is told. */
  readonly address?: Address | undefined;
}

/** A machine that makes its own link, and dials as soon as it starts where its input has an address. */
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
