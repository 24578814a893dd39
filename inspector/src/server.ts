/** The HTTP server: files for the page, and WebSockets for pages, programs and other receivers. */

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
  originRefusal,
  siteOf,
  tokenRefusal,
  urlOf,
} from './guard.ts';
import { Hub } from './hub.ts';
import { RecordingReader } from './recording-reader.ts';
import { serveProgram, serveReceiver, serveViewer } from './sockets.ts';

/** The options of an inspector. */
export interface InspectorOptions {
  /** The port to listen on. Default 0: the operating system chooses a free one. */
  readonly port?: number | undefined;
  /**
   * The address to listen on. Default `127.0.0.1`; with any other, the inspector can be reached from
   * other machines.
   */
  readonly host?: string | undefined;
  /**
   * The token that every client must have in its URL: 8 or more letters, digits, `-` or `_`. Default: a
   * random one.
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

/** A larger WebSocket message ends its connection. */
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
 * Starts an inspector in this process, which it keeps alive until it is closed.
 *
 * @throws {TypeError} When an option is invalid.
 * @throws {Error} When it cannot listen. Its `code` is that of the operating system, such as `EADDRINUSE`.
 */
export async function startInspector(options: InspectorOptions = {}): Promise<Inspector> {
  const { port = 0, host = '127.0.0.1', control = false, origins = [] } = options;
  const { token = newToken() } = options;
  if (!isToken(token)) throw new TypeError('The token must be 8 or more letters, digits, - or _');
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
  const admission = { token, hosts: hostsOf(name, portOf(server)), origins: sites };
  const running = new InspectorServer(server, admission, control);
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

/** The handler of WebSockets at each path. */
const SOCKETS = {
  '/viewer': serveViewer,
  '/program': serveProgram,
  '/receiver': serveReceiver,
} as const;

const isSocketPath = (path: string): path is keyof typeof SOCKETS => Object.hasOwn(SOCKETS, path);

/** Answers the requests of one HTTP server. */
class InspectorServer {
  readonly recordings: RecordingReader;
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
    this.recordings = new RecordingReader(this.hub);
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
      const refusal = originRefusal(request, this.#admission);
      if (refusal !== undefined) respond(response, 403, refusal);
      else if (request.method === 'POST') await this.#openRecording(request, response);
      else if (request.method !== 'GET' && request.method !== 'HEAD')
        respond(response, 405, 'Only GET, HEAD and POST are supported');
      else if (urlOf(request).pathname === '/recording')
        await this.#saveRecording(request, response);
      else await serveAsset(request, response);
    } catch (error) {
      if (!response.headersSent) respond(response, 500, messageOf(error));
    }
  }

  /** Opens a recording that a page posts. */
  async #openRecording(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = tokenRefusal(request, this.#admission);
    const { pathname, searchParams } = urlOf(request);
    if (refusal !== undefined) {
      respond(response, 403, refusal);
    } else if (pathname !== '/recording') {
      respond(response, 404, 'Only /recording accepts POST');
    } else {
      try {
        await this.recordings.open(searchParams.get('name') ?? 'recording', textChunks(request));
        respond(response, 204, '');
      } catch (error) {
        respond(response, 400, messageOf(error));
      }
    }
  }

  /** Sends the history as a file to be saved. */
  async #saveRecording(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = tokenRefusal(request, this.#admission);
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
      ? tokenRefusal(request, this.#admission)
      : 'There is no WebSocket at this path';
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

/** Refuses a WebSocket. The HTTP server has let go of the socket, so it is destroyed here. */
function refuse(socket: Duplex, status: string, text: string): void {
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
  );
}

async function serveAsset(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asset = await assetOf(urlOf(request).pathname);
  if (asset === undefined) respond(response, 404, 'Not found');
  else respond(response, 200, asset.body, asset.type);
}

function respond(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  // The unread body of a refused request would be parsed as the next request.
  if (status >= 400) response.setHeader('Connection', 'close');
  response.writeHead(status, { ...HEADERS, 'Content-Type': type }).end(body);
}

async function* textChunks(request: IncomingMessage): AsyncGenerator<string> {
  request.setEncoding('utf8');
  for await (const chunk of request) yield String(chunk);
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'Internal error';
