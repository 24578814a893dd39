/** How the lifecycle's chart names its actors and actions. No arrows. */

import type { Runstate } from '../core/runstate.ts';
import { onLink, toAddress } from './protocol-setup.ts';

/** Invokes the actor that runs a method of the link. */
export const runs = <Name extends string>(name: Name) => ({ id: name, src: name, input: onLink });
/** The same for one that dials or listens. */
export const opens = <Name extends string>(name: Name) => ({
  id: name,
  src: name,
  input: toAddress,
});

/** Tells that a runstate was entered. */
export const entered = (runstate: Runstate) => ({
  type: 'emitRunstate' as const,
  params: { runstate },
});

/** Notes whether the peer's end of the stream is a clean end. */
export const expecting = (endExpected: boolean) => ({
  type: 'noteExpectation' as const,
  params: { endExpected },
});
