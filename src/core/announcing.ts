/**
 * An internal extension of `ProtocolDefinition`, for a protocol whose peer says that it is about to leave.
 *
 * A definition cannot reach the machine that runs it: it may be shared, and the machine may be embedded in
 * another chart, without a facade. So the machine passes it a function when it starts.
 */

import type { Shutdown } from './types.ts';

/** The key of the method that an announcing definition has in addition. */
export const ON_START: unique symbol = /* @__PURE__ */ Symbol('onStart');

/**
 * Announces that the peer is about to end the stream; with a `Shutdown`, that it is shutting down. `false`
 * withdraws that. Ignored unless the machine is RUNNING.
 */
export type Announce = (expected: boolean | Shutdown) => void;

/** A definition that belongs to one machine, and announces the end of its stream. */
export interface AnnouncingDefinition {
  /** Called once, when the machine starts. */
  [ON_START](announce: Announce): void;
}

/** Whether a definition is an announcing one. */
export const isAnnouncing = (definition: object): definition is AnnouncingDefinition =>
  ON_START in definition;
