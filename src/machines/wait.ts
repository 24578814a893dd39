/**
 * `fromPromise` of XState with a cheaper signal, one promise less, and the true reason in the signal.
 *
 * An exception that `run` throws synchronously counts as a rejection: an actor that fails while it starts
 * reports to a machine that is still entering the state, and perhaps leaves it in the same step. An error
 * that no state handles stops a machine.
 */

import type { AnyActorRef, PromiseActorLogic, SnapshotFrom } from 'xstate';
import { type StopSignal, Stopper } from '../async/stop-signal.ts';

/** The events that a waiting actor sends to itself, under the names that XState's promise actors use. */
const RESOLVED = { type: 'xstate.promise.resolve' };
const REJECTED = { type: 'xstate.promise.reject' };

/** The input of a waiting actor. */
export interface WaitInput {
  /** Why the wait is stopped, asked at that moment; `undefined` for no particular reason. */
  readonly stopReason?: (() => unknown) | undefined;
}

/** A wait in progress, and the snapshot of its actor once it has ended. */
interface Wait<Output, Input> {
  readonly stopper: Stopper;
  end: SnapshotFrom<PromiseActorLogic<Output, Input>> | undefined;
}

/** Actor logic that waits for the promise of `run`. Stopping the actor aborts the signal. */
export function fromWait<Output, Input extends WaitInput>(
  run: (input: Input, signal: StopSignal, self: AnyActorRef) => Promise<Output>,
): PromiseActorLogic<Output, Input> {
  const waits = new WeakMap<object, Wait<Output, Input>>();
  return {
    config: run,
    // Each snapshot is written out: spreading a common part takes a twentieth of a whole session.
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
      startOrReject(() => run(input, stopper, self)).then(
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
      wait?.stopper.stop(snapshot.input?.stopReason?.());
      return { status: 'stopped', output: undefined, error: undefined, input: undefined };
    },
    getPersistedSnapshot: (snapshot) => snapshot,
  };
}

function startOrReject<T>(run: () => Promise<T>): Promise<T> {
  try {
    return run();
  } catch (error) {
    // Typed as unknown by the language: whatever was thrown is the rejection's reason.
    return Promise.reject(error);
  }
}
