/** The standard input and output of this process as an address. */

import type { StreamPair } from '../core/types.ts';

/** One for the process, so that it is one stream, however often it is asked for. */
let address: { readonly stream: StreamPair } | undefined;

/**
 * Returns the address of the peer at the other end of this process's standard input and output, for
 * `connect()`: so a program serves the one that started it, as a language server does.
 *
 * It is for one session, in the main thread. The end of the session closes standard input and ends standard
 * output, so that they do not keep the process alive; what is written to standard output later is lost. The peer
 * sees the end of our side when the process exits, or at once where standard output is a socket, as in a program
 * that Node started. The end of standard input ends the session.
 *
 * Standard output belongs to the session: `console.log()` would write into its messages. Write logs with
 * `console.error()`.
 *
 * @example
 * const server = new AsyncProtocol({ codec: contentLength(), onMessage: answer });
 * await server.connect(stdioAddress());
 * await server.closed;
 */
export function stdioAddress(): { readonly stream: StreamPair } {
  // Not when the module is loaded: Node opens these streams when they are first read.
  address ??= { stream: { readable: process.stdin, writable: process.stdout } };
  return address;
}
