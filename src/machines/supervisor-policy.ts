/** What the user of a supervisor decides. */

import type { WirechartError } from '../core/errors.ts';
import type { Address } from '../core/types.ts';
import type { LivenessPolicy } from './liveness-setup.ts';
import type { ProtocolActorRef } from './protocol-machine.ts';
import type { FailWith } from './protocol-types.ts';
import type { Locator, ResumedAddress } from './supervisor-types.ts';

/** After which ends of a session there is another one. */
export type RestartPolicy = 'on-failure' | 'always';

/** What the supervisor's user decides. Every number has been checked. */
export interface Policy<In, Out> {
  /** Returns the locator of one actor. Must not throw, also for an input that has no address. */
  readonly createLocator: (input: ResumedAddress | undefined) => Locator;
  /** Destroys the stream of an address that came too late to be used. Must not throw. */
  readonly destroyStream: (address: Address) => void;
  /** Called when there is a session, before it counts as up. May throw, or reject. */
  readonly synchronize:
    ((connection: ProtocolActorRef<In, Out>, signal: AbortSignal) => unknown) | undefined;
  /** How a session that is up is checked. Default: not. */
  readonly liveness?: LivenessPolicy<In, Out> | undefined;
  /** Whether a session that ended cleanly is replaced, too. */
  readonly restart: RestartPolicy;
  /** Whether to make another attempt after this cause. Must not throw. */
  readonly retry: (cause: WirechartError) => boolean;
  /** How many attempts in a row may fail. */
  readonly attempts: number;
  /** The longest wait after so many attempts in a row, in ms, without jitter. */
  readonly backoff: (attempts: number) => number;
  /** A number from 0 to 1, for the jitter. Must not throw. */
  readonly random: () => number;
  /** Whether the actor is done in STOPPED and GIVEN_UP. */
  readonly once?: boolean | undefined;
  /** How such an actor ends in GIVEN_UP. Default `output`. */
  readonly failWith?: FailWith | undefined;
  /** In ms: of `locate`, of `synchronize`, and how long a session must last to reset the attempts. */
  readonly deadlines: Readonly<Record<'locate' | 'sync' | 'stable', number>>;
}
