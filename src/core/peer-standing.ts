/** What is known of a peer that does not say what was expected: for the text of an error. */

import type { Remote } from './remote.ts';

/** The connections to the listener of a UNIX socket, as the system counts them. */
export interface ListenerQueue {
  /** How many its program has accepted, and has open. */
  readonly accepted: number;
  /** How many wait to be accepted. */
  readonly waiting: number;
}

/** The peer of an attempt, while its stream is open. */
export interface PeerStanding {
  readonly remote: Remote | undefined;
  /** Whether the peer has dialed us. */
  readonly isAccepted: boolean;
  /** Of a UNIX socket that was dialed; `undefined` for any other stream, and where the system does not tell. */
  readonly queue: ListenerQueue | undefined;
}
