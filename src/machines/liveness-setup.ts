/** What the chart of `liveness` names: actions, actors and delays. None throws. */

import { assign, fromPromise, setup } from 'xstate';
import { TimeoutError, toFailure, type WirechartError } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import { failure } from './protocol-actors.ts';
import type { ProtocolActorRef } from './protocol-machine.ts';
import type { ToCause } from './protocol-types.ts';

/** What the user of a supervisor decides. The times have been checked, and fit a timer. */
export interface LivenessPolicy<In, Out> {
  /** The rest between two probes, in ms. */
  readonly every: number;
  /** The deadline of each probe, in ms. */
  readonly within: number;
  /** Asks the peer. May throw, or reject. */
  readonly probe: (connection: ProtocolActorRef<In, Out>, signal: AbortSignal) => unknown;
}

/** The input of the actor. */
export interface LivenessInput<In, Out> {
  readonly connection: ProtocolActorRef<In, Out> | undefined;
}

/** The context of an actor. */
export interface LivenessContext<In, Out> extends LivenessInput<In, Out> {
  /** Why the session fails. */
  readonly cause: WirechartError | undefined;
}

/** The setup of the chart. */
export const livenessSetup = <In, Out>({ every, within, probe }: LivenessPolicy<In, Out>) =>
  setup({
    types: {} as { context: LivenessContext<In, Out>; input: LivenessInput<In, Out> },
    actors: {
      prober: fromPromise(
        async ({
          input: { connection },
          signal,
        }: {
          input: LivenessInput<In, Out>;
          signal: AbortSignal;
        }): Promise<unknown> => connection && (await probe(connection, signal)),
      ),
      failure,
    },
    delays: { every, within },
    actions: {
      recordFailure: assign(({ event }) => ({ cause: toFailure(memberOf(event, 'error')) })),
      recordTimeout: assign({ cause: () => probeTimeout(within) }),
    },
  });

/** The input of the actor that fails. */
export const toCause = ({
  context: { cause },
}: {
  readonly context: { readonly cause: WirechartError | undefined };
}): ToCause => ({ cause });

const probeTimeout = (ms: number): TimeoutError =>
  new TimeoutError(
    'probe',
    ms,
    `The peer did not answer the probe within ${String(ms)} ms (liveness.within)`,
  );
