/** The HTTP server: files for the page, and WebSockets for pages, programs and other receivers. */

import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { assetOf } from './assets.ts';
import { type Admission, originRefusal, type Refusal, tokenRefusal, urlOf } from './guard.ts';
import { Hub } from './hub.ts';
import { ProgramDoor } from './program-door.ts';
import { tcpAuthority, UNIX_AUTHORITY } from './proof.ts';
import { RecordingReader } from './recording-reader.ts';
import { serveProgram, serveReceiver, serveViewer } from './sockets.ts';

/** A larger WebSocket message ends its connection. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
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

/** The handler of WebSockets at each path, where the URL has the token. */
const SOCKETS = {
  '/viewer': serveViewer,
  '/program': serveProgram,
  '/receiver': serveReceiver,
} as const;

const isSocketPath = (path: string): path is keyof typeof SOCKETS => Object.hasOwn(SOCKETS, path);

/** Answers the requests of the HTTP server for pages, and of that for programs, if there is one. */
export class InspectorServer {
  readonly recordings: RecordingReader;
  readonly #servers: Server[];
  readonly #admission: Admission;
  readonly hub: Hub;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  readonly #door: ProgramDoor;
  #closed: Promise<void> | undefined;

  constructor(server: Server, admission: Admission, control: boolean) {
    this.#servers = [server];
    this.#admission = admission;
    this.#door = new ProgramDoor(admission.token, admission.throttle, this.#sockets, (why) => {
      this.hub.reportFailure('A program was not let in', why);
    });
    this.hub = new Hub(control);
    this.recordings = new RecordingReader(this.hub);
    server.on('request', (request, response) => void this.#answer(request, response));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head);
    });
  }

  /** Lets programs in through another server, which listens on a UNIX socket. */
  addPrograms(server: Server): void {
    this.#servers.push(server);
    server.on('request', (_, response) => {
      respond(response, 404, 'This socket is for programs only');
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const isProgram = urlOf(request).pathname === '/program' && this.#door.isFor(request);
      if (isProgram) this.#admit(request, head, UNIX_AUTHORITY);
      else refuse(socket, { status: 404, text: 'This socket is for programs only' });
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const closed = this.#servers.map((server) => once(server.close(), 'close'));
    for (const socket of this.#sockets.clients) socket.terminate();
    for (const server of this.#servers) server.closeAllConnections();
    await this.hub.close();
    await Promise.all(closed);
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
      respond(response, refusal.status, refusal.text);
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
      respond(response, refusal.status, refusal.text);
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
    if (!isSocketPath(pathname)) {
      refuse(socket, { status: 404, text: 'There is no WebSocket at this path' });
    } else if (pathname === '/program' && this.#door.isFor(request)) {
      this.#admitFromNetwork(request, head);
    } else {
      const refusal = tokenRefusal(request, this.#admission);
      if (refusal === undefined) this.#open(request, head, SOCKETS[pathname]);
      else refuse(socket, refusal);
    }
  }

  #open(
    request: IncomingMessage,
    head: Buffer,
    serve: (socket: WebSocket, hub: Hub) => void,
  ): void {
    this.#sockets.handleUpgrade(request, request.socket, head, (websocket) => {
      websocket.on('error', () => undefined); // A `close` follows.
      serve(websocket, this.hub);
    });
  }

  #admitFromNetwork(request: IncomingMessage, head: Buffer): void {
    const { socket } = request;
    const isBrowser = this.#door.isForBrowser(request);
    const text = originRefusal(request, this.#admission, isBrowser);
    const authority = tcpAuthority(socket.localAddress, socket.localPort);
    if (text !== undefined) this.#turnAway(request, head, { status: 403, text });
    else if (authority === undefined) socket.destroy();
    else this.#admit(request, head, authority);
  }

  #admit(request: IncomingMessage, head: Buffer, authority: string): void {
    const refusal = this.#door.refusal(request);
    if (refusal !== undefined) {
      this.#turnAway(request, head, refusal);
      return;
    }
    this.#door.admit(request, head, authority, (websocket) => {
      serveProgram(websocket, this.hub);
    });
  }

  #turnAway(request: IncomingMessage, head: Buffer, refusal: Refusal): void {
    if (this.#door.isForBrowser(request)) this.#door.turnAway(request, head, refusal);
    else refuse(request.socket, refusal);
  }
}

/** Refuses a WebSocket. The HTTP server has let go of the socket, so it is destroyed here. */
function refuse(socket: Duplex, { status, text }: Refusal): void {
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n` +
      `Content-Type: text/plain\r\nContent-Length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
  );
}

async function serveAsset(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asset = await assetOf(urlOf(request).pathname);
  if (asset === undefined) respond(response, 404, 'Not found');
  else {
    if (asset.preload !== undefined) response.setHeader('Link', asset.preload);
    respond(response, 200, asset.body, asset.type);
  }
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
