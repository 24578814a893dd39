/** The inspector's server: files for the page, and WebSockets for pages, programs and other receivers. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WebSocketServer } from 'ws';
import { assetOf } from './assets.ts';
import {
  type Admission,
  authorityOf,
  hostsOf,
  isToken,
  newToken,
  refusalOf,
  refusalOfStranger,
  siteOf,
  urlOf,
} from './guard.ts';
import { Hub } from './hub.ts';
import { Recordings } from './recordings.ts';
import { serveProgram, serveReceiver, serveViewer } from './sockets.ts';

/** How an inspector runs; everything has a default. */
export interface InspectorOptions {
  /** Default 0: the system chooses one. */
  readonly port?: number | undefined;
  /** The address of this machine to listen on. Default `127.0.0.1`; others let others look. */
  readonly host?: string | undefined;
  /** What the URL must hold for somebody to be let in. Default: random, so anew for each inspector. */
  readonly token?: string | undefined;
  /** Whether events can be sent from here to the programs' actors. Default `false`. */
  readonly control?: boolean | undefined;
  /** Other sites whose pages may connect with the token, such as `http://127.0.0.1:3000`. Default: none. */
  readonly origins?: readonly string[] | undefined;
}

/** An inspector that runs. */
export interface Inspector extends AsyncDisposable {
  /** For the browser, for `inspectTo()`, and for `WIRECHART_INSPECT`. It holds the token. */
  readonly url: string;
  /** For receivers of @xstate/inspect: the option `server` of `createWebSocketReceiver()`. */
  readonly receiver: string;
  /** Resolves when a page looks for the first time. */
  readonly opened: Promise<void>;
  /**
   * Shows a recording.
   *
   * @param name - What to call it.
   * @param lines - The recording's text, in any pieces.
   * @throws {TypeError} When it is no recording.
   */
  open(name: string, lines: AsyncIterable<string> | Iterable<string>): Promise<void>;
  /** Ends all connections and stops listening. It can be called again. Never rejects. */
  close(): Promise<void>;
}

/** Of one message, in bytes. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/**
 * Starts an inspector in this program. It keeps the program alive until it is closed.
 *
 * @throws {TypeError} When an option cannot be used.
 * @throws {Error} When it cannot listen; its `code` is that of the system.
 */
export async function startInspector(options: InspectorOptions = {}): Promise<Inspector> {
  const { port = 0, host = '127.0.0.1', control = false, origins = [] } = options;
  const { token = newToken() } = options;
  if (!isToken(token)) throw new TypeError('A token is 8 or more letters, digits, - or _');
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new TypeError(`${String(port)} is no port`);
  }
  const sites = new Set(origins.map(siteOf));
  const server = createServer();
  server.listen({ port, host });
  await once(server, 'listening');
  // Who listens on every address has no name of its own.
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.toLowerCase();
  const authority = authorityOf(name, portOf(server));
  const admission = { token, hosts: hostsOf(name, portOf(server)), origins: sites };
  const running = new Running(server, admission, control);
  return {
    url: `http://${authority}/?token=${token}`,
    receiver: `${authority}/receiver?token=${token}`,
    opened: running.hub.opened,
    open: (name, lines) => running.recordings.open(name, lines),
    close: () => running.close(),
    [Symbol.asyncDispose]: () => running.close(),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What can be connected to, and what happens then. */
const SOCKETS = {
  '/viewer': serveViewer,
  '/program': serveProgram,
  '/receiver': serveReceiver,
} as const;

const isSocketPath = (path: string): path is keyof typeof SOCKETS => Object.hasOwn(SOCKETS, path);

class Running {
  readonly recordings: Recordings;
  readonly #server: Server;
  readonly #admission: Admission;
  readonly hub: Hub;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  #closed: Promise<void> | undefined;

  constructor(server: Server, admission: Admission, control: boolean) {
    this.#server = server;
    this.#admission = admission;
    this.hub = new Hub(control);
    this.recordings = new Recordings(this.hub);
    server.on('request', (request, response) => void this.#answer(request, response));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head);
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await this.hub.close();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const refusal = refusalOf(request, this.#admission);
      if (refusal !== undefined) respond(response, 403, refusal);
      else if (request.method === 'POST') await this.#receive(request, response);
      else if (request.method !== 'GET' && request.method !== 'HEAD')
        respond(response, 405, 'Only GET and POST are understood');
      else if (urlOf(request).pathname === '/recording') await this.#save(request, response);
      else await serve(request, response);
    } catch (error) {
      if (!response.headersSent) respond(response, 500, describe(error));
    }
  }

  /** A recording, from a page. */
  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOfStranger(request, this.#admission);
    const { pathname, searchParams } = urlOf(request);
    if (refusal !== undefined) {
      respond(response, 403, refusal);
    } else if (pathname !== '/recording') {
      respond(response, 404, 'There is nothing to post to');
    } else {
      try {
        await this.recordings.open(searchParams.get('name') ?? 'recording', texts(request));
        respond(response, 204, '');
      } catch (error) {
        respond(response, 400, describe(error));
      }
    }
  }

  /** What is kept, as a file. */
  async #save(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOfStranger(request, this.#admission);
    if (refusal !== undefined) {
      respond(response, 403, refusal);
      return;
    }
    const name = `wirechart-${new Date().toISOString().replace(/[:.]/g, '-')}.jsonl`;
    response.writeHead(200, {
      ...HEADERS,
      'Content-Type': 'application/x-ndjson',
      'Content-Disposition': `attachment; filename="${name}"`,
    });
    await pipeline(this.hub.recording(), response);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const { pathname } = urlOf(request);
    const refusal = isSocketPath(pathname)
      ? refusalOfStranger(request, this.#admission)
      : 'Nothing can be connected to here';
    if (refusal !== undefined || !isSocketPath(pathname)) {
      refuse(socket, isSocketPath(pathname) ? '403 Forbidden' : '404 Not Found', refusal ?? '');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (websocket) => {
      websocket.on('error', () => undefined); // A `close` follows.
      SOCKETS[pathname](websocket, this.hub);
    });
  }
}

/** Refuses a WebSocket. The server knows the connection no longer, so it must be seen that it ends. */
function refuse(socket: Duplex, status: string, text: string): void {
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
  );
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asset = await assetOf(urlOf(request).pathname);
  if (asset === undefined) respond(response, 404, 'There is nothing here');
  else respond(response, 200, asset.body, asset.type);
}

function respond(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  // What was not read of a refused request would be taken for the next one.
  if (status >= 400) response.setHeader('Connection', 'close');
  response.writeHead(status, { ...HEADERS, 'Content-Type': type }).end(body);
}

async function* texts(request: IncomingMessage): AsyncGenerator<string> {
  request.setEncoding('utf8');
  for await (const chunk of request) yield String(chunk);
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : 'It failed');
