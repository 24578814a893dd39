/**
 * The four public states of a server.
 *
 * - `IDLE`: nothing is open; `listen()` is legal.
 * - `BINDING`: binding the socket.
 * - `LISTENING`: accepting peers.
 * - `CLOSING`: accepting no more peers, and ending the sessions of those that are connected; it
 *   always returns to `IDLE`.
 */
export type ServerState = 'IDLE' | 'BINDING' | 'LISTENING' | 'CLOSING';

/** How a `StateError` describes each state: the end of the sentence "ProtocolServer is …". */
export const SERVER_STATE_CONDITIONS: Readonly<Record<ServerState, string>> = {
  IDLE: 'idle.',
  BINDING: 'already binding.',
  LISTENING: 'already listening. Call close() first.',
  CLOSING: 'closing. It returns to IDLE by itself; close() waits for that.',
};
