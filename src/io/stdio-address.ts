/** The standard input and output of this process as an address. */

import type { Duplex } from 'node:stream';
import { joinStdio } from './join-streams.ts';

/** One for the process: there is only one standard input. */
let address: { readonly stream: Duplex } | undefined;

/**
 * Returns the address of the peer at the other end of this process's standard input and output,
 * for `connect()`: a program serves the one that started it, as a language server does.
 *
 * It is for one session, in the main thread. The end of standard input ends the session. The end
 * of the session, by either side, closes standard input and ends standard output, so that they do
 * not keep the process alive; `disconnect()` does not wait for the peer's end. The peer sees our
 * end at once if Node has started this process, and otherwise when the process exits.
 *
 * Standard output belongs to the session: what `console.log()` writes would get between the
 * messages, and is lost after the end. Write logs with `console.error()`.
 *
 * @example
 * const server = new AsyncProtocol({ codec: contentLength(), onMessage: answer });
 * await server.connect(stdioAddress());
 * await server.closed;
 */
export function stdioAddress(): { readonly stream: Duplex } {
  // Not when the module is loaded: Node opens these streams when they are first read.
  return (address ??= { stream: joinStdio() });
}
