/**
 * The four public states of a connection, in upstream's words.
 *
 * - `IDLE`: nothing is open; `connect()` and `listen()` are legal.
 * - `CONNECTING`: dialling, listening, accepting, or establishing the session (the handshake).
 * - `RUNNING`: the reader and the writer loop run; messages flow both ways.
 * - `DISCONNECTING`: flushing what was sent, then closing; it returns to `IDLE` by itself.
 */
export type Runstate = 'IDLE' | 'CONNECTING' | 'RUNNING' | 'DISCONNECTING';

/** All of them, in the order of a good session. */
export const RUNSTATES = ['IDLE', 'CONNECTING', 'RUNNING', 'DISCONNECTING'] as const;

/** What a StateError says of the state, and what to do about it. */
export const RUNSTATE_CONDITIONS: Readonly<Record<Runstate, string>> = {
  IDLE: 'disconnected and idle.',
  CONNECTING: 'currently connecting.',
  RUNNING: 'already connected and running.',
  DISCONNECTING: 'disconnecting. It returns to IDLE by itself; disconnect() waits for that.',
};
