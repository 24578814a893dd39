/** An inspector and its HTTP and WebSocket clients. Everything is closed after the test. */

import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ClientOptions, WebSocket } from 'ws';
import {
  type Inspector,
  type InspectorOptions,
  startInspector,
} from '../../inspector/src/index.ts';
import { cleanUp } from '../support/cleanup.ts';

/** The token of every test inspector. */
export const TOKEN = 'only-for-tests-0123456789';

/** Starts an inspector, which is closed after the test. */
export async function startTestInspector(options: InspectorOptions = {}): Promise<Inspector> {
  const started = await startInspector({ token: TOKEN, ...options });
  cleanUp(() => started.close());
  return started;
}

/** The port of an inspector. */
export const portOf = ({ url }: Pick<Inspector, 'url'>): number => Number(new URL(url).port);

/** The response to a request. */
export interface HttpResponse {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request. The default Host is that of the inspector. */
export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request to an inspector, with a path that is not normalized. */
export async function httpRequest(
  { url }: Pick<Inspector, 'url'>,
  path: string,
  { method = 'GET', headers = {}, body = '' }: HttpOptions = {},
): Promise<HttpResponse> {
  const { hostname, port, host } = new URL(url);
  const sent = request({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    path,
    method,
    headers: { host, ...headers },
    agent: false,
  });
  sent.end(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** The token in an inspector's URL, or else the one of the tests. */
export const tokenOf = ({ url }: Pick<Inspector, 'url'>): string =>
  new URL(url).searchParams.get('token') ?? TOKEN;

/** A path with the token. */
export const withToken = (path: string, token = TOKEN): string =>
  `${path}${path.includes('?') ? '&' : '?'}token=${token}`;

/** Opens a TCP connection that ignores errors and allows half-open sockets. */
export async function dial(to: Pick<Inspector, 'url'>): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: portOf(to), allowHalfOpen: true });
  cleanUp(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Starts to connect a WebSocket. Errors are ignored: a close event follows. */
export function connectWebSocket(
  { url }: Pick<Inspector, 'url'>,
  path: string,
  options: ClientOptions = {},
): WebSocket {
  const socket = new WebSocket(`${new URL(url).origin.replace('http', 'ws')}${path}`, options);
  cleanUp(() => {
    socket.terminate();
  });
  return socket.on('error', () => undefined);
}

/** Opens a WebSocket with the token. */
export async function openWebSocket(
  to: Pick<Inspector, 'url'>,
  path: string,
  options: ClientOptions = {},
): Promise<WebSocket> {
  const socket = connectWebSocket(to, withToken(path, tokenOf(to)), options);
  await once(socket, 'open');
  return socket;
}

/** The response that refuses a WebSocket. Throws when it is accepted. */
export async function refusal(
  to: Pick<Inspector, 'url'>,
  path: string,
  options: ClientOptions = {},
): Promise<HttpResponse> {
  const socket = connectWebSocket(to, path, options);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    socket.once('unexpected-response', (_, response) => {
      resolve(response);
    });
    socket.once('open', () => {
      reject(new Error('The WebSocket was accepted'));
    });
  });
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

/** Resolves when the inspector has handled everything that was sent. */
export async function handled(socket: WebSocket): Promise<void> {
  const pong = once(socket, 'pong');
  socket.ping();
  await pong;
}

/** Resolves with the close code when the WebSocket has closed. */
export function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    if (socket.readyState === socket.CLOSED) resolve(0);
    else socket.once('close', resolve);
  });
}
