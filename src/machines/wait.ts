/**
 * `fromPromise`, with a signal that costs less (see `../stop-signal.ts`), and with a promise less.
 *
 * What `run` throws at once is a rejection: an actor that fails while it starts would tell the machine
 * so while it is still entering the state, perhaps one that is left in the same step, and an error that
 * no state hears ends a machine.
 */

import type { PromiseActorLogic, SnapshotFrom } from 'xstate';
import { type StopSignal, Stopper } from '../async/stop-signal.ts';

/** What an actor tells itself; XState's own promise actors use the same names. */
const RESOLVED = { type: 'xstate.promise.resolve' };
const REJECTED = { type: 'xstate.promise.reject' };

/** A wait under way, and what its actor is when it has ended. */
interface Wait<Output, Input> {
  readonly stopper: Stopper;
  end: SnapshotFrom<PromiseActorLogic<Output, Input>> | undefined;
}

/** The logic of an actor that waits for what `run` promises; stopping the actor stops the wait. */
export function fromWait<Output, Input extends object>(
  run: (input: Input, signal: StopSignal) => Promise<Output>,
): PromiseActorLogic<Output, Input> {
  const waits = new WeakMap<object, Wait<Output, Input>>();
  return {
    config: run,
    // Written out each time: to spread what they have in common took a twentieth of a whole session.
    getInitialSnapshot: (_, input) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      input,
    }),
    start: ({ input }, { self }) => {
      if (input === undefined) return;
      const stopper = new Stopper();
      const wait: Wait<Output, Input> = { stopper, end: undefined };
      waits.set(self, wait);
      begun(() => run(input, stopper)).then(
        (output) => {
          if (stopper.aborted) return;
          wait.end = { status: 'done', output, error: undefined, input: undefined };
          self.send(RESOLVED);
        },
        (error: unknown) => {
          if (stopper.aborted) return;
          wait.end = { status: 'error', output: undefined, error, input: undefined };
          self.send(REJECTED);
        },
      );
    },
    transition: (snapshot, { type }, { self }) => {
      const wait = waits.get(self);
      if (type !== 'xstate.stop') return wait?.end ?? snapshot;
      wait?.stopper.stop();
      return { status: 'stopped', output: undefined, error: undefined, input: undefined };
    },
    getPersistedSnapshot: (snapshot) => snapshot,
  };
}

function begun<T>(run: () => Promise<T>): Promise<T> {
  try {
    return run();
  } catch (error) {
    // Whatever it is, it goes where a rejection would have gone.
    return Promise.reject(error);
  }
}
