/**
 * The five public states of a server.
 *
 * - `IDLE`: nothing is open; `listen()` is legal.
 * - `BINDING`: binding the socket.
 * - `LISTENING`: accepting peers.
 * - `ADOPTING`: serving streams that were passed to `adopt()`, without a listener.
 * - `CLOSING`: accepting no more peers, and ending the sessions of those that are connected; it
 *   always returns to `IDLE`.
 */
export type ServerState = 'IDLE' | 'BINDING' | 'LISTENING' | 'ADOPTING' | 'CLOSING';

/** How a `StateError` describes each state: the end of the sentence "ProtocolServer is …". */
export const SERVER_STATE_CONDITIONS: Readonly<Record<ServerState, string>> = {
  IDLE: 'idle.',
  BINDING: 'already binding.',
  ADOPTING: 'serving adopted streams. Call listen() before adopt(), or close() first.',
  LISTENING: 'already listening. Call close() first.',
  CLOSING: 'closing. It returns to IDLE by itself; close() waits for that.',
};
