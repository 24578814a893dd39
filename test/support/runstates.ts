/** Records the runstates of a protocol, for tests that assert the whole sequence. */

import type { Runstate } from '../../src/index.ts';

/** The runstates of an attempt that led to a session, which ended. */
export const SESSION_RUNSTATES: readonly Runstate[] = [
  'CONNECTING',
  'RUNNING',
  'DISCONNECTING',
  'IDLE',
];
/** The runstates of an attempt that failed. */
export const FAILED_RUNSTATES: readonly Runstate[] = ['CONNECTING', 'DISCONNECTING', 'IDLE'];

/** A recording of runstates. */
export interface Recording {
  /** Waits for the next `runstate`; resolves with every state since the beginning. */
  until(runstate: Runstate): Promise<readonly Runstate[]>;
}

/** Records every state that the protocol enters from now on, through its `runstates()`. */
export function recordRunstates(protocol: {
  runstates(): AsyncIterableIterator<Runstate>;
}): Recording {
  const states = protocol.runstates();
  const seen: Runstate[] = [];
  return {
    until: async (runstate) => {
      for (;;) {
        const next = await states.next();
        if (next.done === true) throw new Error(`The recording ended before ${runstate}`);
        seen.push(next.value);
        if (next.value === runstate) return [...seen];
      }
    },
  };
}
