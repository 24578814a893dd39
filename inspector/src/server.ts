/** Starts an inspector: its options, and the sockets on which it listens. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { warmAssets } from './assets.ts';
import { warnOfExposure } from './exposure.ts';
import { authorityOf, hostsOf, siteOf } from './guard.ts';
import { InspectorServer } from './http.ts';
import { listenPrivately, socketUrlOf } from './private-socket.ts';
import { Throttle } from './throttle.ts';
import { isToken, newToken, TOKEN_RULE } from './token.ts';

/** The options of an inspector. */
export interface InspectorOptions {
  /** The port to listen on. Default 0: the operating system chooses a free one. */
  readonly port?: number | undefined;
  /**
   * The address to listen on. Default `127.0.0.1`; with any other, a process warning says that the
   * inspector can be reached from other machines, over plain HTTP.
   */
  readonly host?: string | undefined;
  /**
   * A UNIX socket on which it listens, too, for programs only: see `socketUrl`. Its directory must belong
   * to this user, with mode 0700, and is created if it is missing; the socket has mode 0600. Default: none.
   */
  readonly path?: string | undefined;
  /**
   * The secret that every client must know: 22 or more letters, digits, `-` or `_`, of at least 128
   * random bits. Default: a random one.
   */
  readonly token?: string | undefined;
  /** Whether pages and other receivers may send events to the programs' actors. Default `false`. */
  readonly control?: boolean | undefined;
  /** Other sites whose pages may connect with the token, such as `http://127.0.0.1:3000`. Default none. */
  readonly origins?: readonly string[] | undefined;
}

/** A running inspector. */
export interface Inspector extends AsyncDisposable {
  /** The URL for the browser, for `inspectTo()` and for `WIRECHART_INSPECT`. It contains the token. */
  readonly url: string;
  /** The URL of the UNIX socket, for `inspectTo()` and `WIRECHART_INSPECT`, if it listens on one. */
  readonly socketUrl: string | undefined;
  /** The option `server` for `createWebSocketReceiver()` of @xstate/inspect. It contains the token. */
  readonly receiver: string;
  /** Resolves when the first page connects. */
  readonly opened: Promise<void>;
  /**
   * Opens a recording. Resolves when all of it has been read.
   *
   * @param name - The name to show.
   * @param lines - The recording's text, in chunks of any size.
   * @throws {TypeError} When it is not a recording, or has a line that is too long.
   * @throws {Error} When the inspector is closed meanwhile, or `lines` throws.
   */
  open(name: string, lines: AsyncIterable<string> | Iterable<string>): Promise<void>;
  /** Ends all connections and stops listening. Never rejects; it may be called again. */
  close(): Promise<void>;
}

/**
 * Starts an inspector in this process, which it keeps alive until it is closed.
 *
 * @throws {TypeError} When an option is invalid, or `path` is in a directory that others can enter.
 * @throws {Error} When it cannot listen. Its `code` is that of the operating system, such as `EADDRINUSE`.
 */
export async function startInspector(options: InspectorOptions = {}): Promise<Inspector> {
  const { port = 0, host = '127.0.0.1', path, control = false, origins = [] } = options;
  const { token = newToken() } = options;
  if (!isToken(token)) throw new TypeError(TOKEN_RULE);
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new TypeError(`port is ${String(port)}; it must be an integer from 0 to 65535`);
  }
  const sites = new Set(origins.map(siteOf));
  const server = createServer();
  server.listen({ port, host });
  await once(server, 'listening');
  // The addresses for 'all interfaces' cannot be used in a URL.
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.toLowerCase();
  const authority = authorityOf(name, portOf(server));
  const hosts = hostsOf(name, portOf(server));
  const admission = { token, hosts, origins: sites, throttle: new Throttle() };
  const running = new InspectorServer(server, admission, control);
  warmAssets();
  warnOfExposure(host, control);
  return {
    url: `http://${authority}/?token=${token}`,
    socketUrl: path === undefined ? undefined : await socketOf(running, path, token),
    receiver: `${authority}/receiver?token=${token}`,
    opened: running.hub.opened,
    open: (name, lines) => running.recordings.open(name, lines),
    close: () => running.close(),
    [Symbol.asyncDispose]: () => running.close(),
  };
}

/** Listens on a UNIX socket as well. Returns its URL. */
async function socketOf(running: InspectorServer, path: string, token: string): Promise<string> {
  const server = createServer();
  try {
    const absolute = await listenPrivately(server, path);
    running.addPrograms(server);
    return socketUrlOf(absolute, token);
  } catch (error) {
    await running.close();
    throw error;
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
