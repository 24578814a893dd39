/** What to do about common errors, for a reader who sees them for the first time. */

import type { ChainedError } from './errors.ts';

/** What to do, by the code of an error. Those of Node are the same on all systems. */
const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens at this address. Is the peer running, and is the port right?',
  ENOENT: 'There is no such file or socket. Is the peer running, and is the path right?',
  EACCES:
    'The program has no permission for this. Check the owner and the mode of the file or socket.',
  ENOTFOUND: 'The name of the host is not known. Check its spelling and the DNS.',
  EAI_AGAIN: 'The name of the host cannot be looked up now. Check the network and the DNS.',
  ETIMEDOUT: 'The peer does not answer. Check the address, the network and firewalls.',
  EHOSTUNREACH: 'No network leads to this host. Check the address and the network.',
  ECONNRESET: 'The peer broke off the connection. Look for the reason in the peer’s own log.',
  EPIPE: 'The peer had closed the connection. Look for the reason in the peer’s own log.',
  EADDRINUSE: 'Another program uses this address. End it, or choose another port or path.',
  ERR_CLOSED: 'If the peer may end the connection here, call expectEnd() before.',
  ERR_TIMEOUT:
    'Is the peer busy or stopped? Otherwise set a longer deadline in the option timeouts.',
  ERR_CODEC:
    'The peer sent something that the codec cannot read. Is it the right peer, and the right codec?',
  ERR_LIMIT: 'A bound of the option limits was reached. Raise it if the peer is trusted.',
  ERR_HANDLER: 'A callback of the program threw. Its error is the cause: see its stack.',
};

/** What to do about an error: the advice for its innermost cause that has one. */
export function adviceFor(chain: readonly ChainedError[]): string | undefined {
  for (const { code } of chain.toReversed()) {
    if (code !== undefined && Object.hasOwn(ADVICE, code)) return ADVICE[code];
  }
  return undefined;
}
