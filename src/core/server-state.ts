/**
 * The four public states of a server.
 *
 * - `IDLE`: nothing is open; `listen()` is legal.
 * - `BINDING`: on the way to a socket that listens.
 * - `LISTENING`: peers come and go.
 * - `CLOSING`: nobody is let in any more; those who are there leave. It returns to `IDLE` by itself.
 */
export type ServerState = 'IDLE' | 'BINDING' | 'LISTENING' | 'CLOSING';

/** What a StateError says of the state, and what to do about it. */
export const SERVER_STATE_CONDITIONS: Readonly<Record<ServerState, string>> = {
  IDLE: 'idle.',
  BINDING: 'binding already.',
  LISTENING: 'listening already. Call close() first.',
  CLOSING: 'closing. It returns to IDLE by itself; close() waits for that.',
};
