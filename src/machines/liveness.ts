/**
 * The check of a session that is UP, as a statechart: it rests, asks a probe, and rests again. It ends in error
 * with the first probe that fails, or is late.
 */

import { type LivenessPolicy, livenessSetup, toCause } from './liveness-setup.ts';

/** The chart, as a machine. */
export const createLivenessChart = <In, Out>(policy: LivenessPolicy<In, Out>) =>
  livenessSetup(policy).createMachine({
    id: 'liveness',
    context: ({ input }) => ({ connection: input.connection, cause: undefined }),
    initial: 'resting',
    states: {
      resting: { description: 'Until the next probe.', after: { every: 'probing' } },
      probing: {
        description: 'The peer is asked.',
        invoke: {
          id: 'prober',
          src: 'prober',
          input: ({ context: { connection } }) => ({ connection }),
          onDone: 'resting',
          onError: { target: 'failed', actions: 'recordFailure' },
        },
        after: { within: { target: 'failed', actions: 'recordTimeout' } },
      },
      failed: {
        description: 'The session fails. Left at once: the actor ends in error.',
        // The error has no arrow: XState ends an actor with an error that its machine does not handle.
        invoke: { id: 'failure', src: 'failure', input: toCause },
      },
    },
  });

/** The actor by its name, for the setup of a supervisor whose sessions are checked. */
export const livenessOf = <In, Out>(policy: LivenessPolicy<In, Out> | undefined) =>
  policy === undefined ? noLiveness<In, Out>() : { liveness: createLivenessChart(policy) };

/** All kinds of machine have one type. */
const noLiveness = <In, Out>() =>
  ({}) as { readonly liveness: ReturnType<typeof createLivenessChart<In, Out>> };
