/**
 * The four public states of a connection, in upstream's words.
 *
 * - `IDLE`: nothing is open; `connect()` and `listen()` are legal.
 * - `CONNECTING`: dialling, listening, accepting, or establishing the session (the handshake).
 * - `RUNNING`: the reader and the writer loop run; messages flow both ways.
 * - `DISCONNECTING`: flushing what was sent, then closing; it returns to `IDLE` by itself.
 */
export type Runstate = 'IDLE' | 'CONNECTING' | 'RUNNING' | 'DISCONNECTING';
