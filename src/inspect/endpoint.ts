/** Where an inspector is: its URL, taken apart. */

import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ArgumentError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { isToken, tcpAuthority } from './challenge.ts';
import { isPlainWeb, notAnInspector, parsedUrl, portOf, tokenIn } from './inspector-url.ts';
import { UNIX_AUTHORITY } from './proof.ts';

/** The inspector's end of a connection. */
export interface Endpoint {
  /** For the WebSocket client. It has no token: what listens there must prove that it knows it. */
  readonly url: string;
  /** What to call it, without the token. */
  readonly name: string;
  /** The shared secret; '' where the URL has none. */
  readonly token: string;
  /** Opens a socket that does not keep the process alive. */
  readonly dial: () => Socket;
  /** Where a socket really leads, for the proofs; `undefined` when it is not connected any more. */
  readonly authorityOf: (socket: Socket) => string | undefined;
}

/** @throws {ArgumentError} When the URL cannot be that of an inspector. */
export function endpointOf(url: string | URL): Endpoint {
  const parsed = parsedUrl(url);
  const endpoint =
    parsed?.protocol === 'unix:' ? unixEndpoint(parsed) : parsed && tcpEndpoint(parsed);
  if (endpoint !== undefined) return endpoint;
  throw new ArgumentError(notAnInspector(url));
}

function tcpEndpoint(url: URL): Endpoint | undefined {
  if (!isPlainWeb(url)) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = portOf(url);
  return {
    url: `ws://${url.host}/program`,
    name: url.host,
    token: tokenIn(url),
    dial: () => connect({ host, port, noDelay: true }).unref(),
    authorityOf: ({ remoteAddress, remotePort }) => tcpAuthority(remoteAddress, remotePort),
  };
}

/** `unix:/path?token=…` */
function unixEndpoint(url: URL): Endpoint | undefined {
  const path = pathIn(url);
  const token = tokenIn(url);
  if (path === undefined || !isToken(token)) return undefined;
  return {
    url: 'ws://localhost/program',
    name: printable(path),
    token,
    dial: () => connect({ path }).unref(),
    authorityOf: () => UNIX_AUTHORITY,
  };
}

function pathIn({ host, pathname }: URL): string | undefined {
  if (host !== '' || !pathname.startsWith('/') || pathname === '/') return undefined;
  try {
    return fileURLToPath(`file://${pathname}`);
  } catch {
    return undefined; // An escape that is no character of a path.
  }
}
