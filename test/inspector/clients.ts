/** An inspector, and those who talk to it. All that is opened here is closed after the test. */

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

/** Of every inspector that is started here. */
export const TOKEN = 'only-for-tests';

/** A new inspector, closed after the test. */
export async function inspector(options: InspectorOptions = {}): Promise<Inspector> {
  const started = await startInspector({ token: TOKEN, ...options });
  cleanUp(() => started.close());
  return started;
}

/** Where an inspector listens. */
export const portOf = ({ url }: Pick<Inspector, 'url'>): number => Number(new URL(url).port);

/** What was answered to a request. */
export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What one asks for; the Host is the right one if none is said. */
export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks an inspector for a path, exactly as it is written. */
export async function ask(
  { url }: Pick<Inspector, 'url'>,
  path: string,
  { method = 'GET', headers = {}, body = '' }: Question = {},
): Promise<Answer> {
  const { hostname, port, host } = new URL(url);
  const asked = request({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    path,
    method,
    headers: { host, ...headers },
    agent: false,
  });
  asked.end(body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve).once('error', reject);
  });
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

/** The token that an inspector's URL holds; that of the tests where it holds none. */
export const tokenOf = ({ url }: Pick<Inspector, 'url'>): string =>
  new URL(url).searchParams.get('token') ?? TOKEN;

/** The path of something that only those may have who know the token. */
export const withToken = (path: string, token = TOKEN): string =>
  `${path}${path.includes('?') ? '&' : '?'}token=${token}`;

/** A raw connection, whose errors do not matter and which ends only when it is told to. */
export async function dial(to: Pick<Inspector, 'url'>): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: portOf(to), allowHalfOpen: true });
  cleanUp(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** A WebSocket on its way, with the token or without. Its errors do not matter: it closes then. */
export function begin(
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

/** An open WebSocket. */
export async function open(
  to: Pick<Inspector, 'url'>,
  path: string,
  options: ClientOptions = {},
): Promise<WebSocket> {
  const socket = begin(to, withToken(path, tokenOf(to)), options);
  await once(socket, 'open');
  return socket;
}

/** How a WebSocket is refused: the status, and what is said. It fails when it is let in. */
export async function refused(
  to: Pick<Inspector, 'url'>,
  path: string,
  options: ClientOptions = {},
): Promise<Answer> {
  const socket = begin(to, path, options);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    socket.once('unexpected-response', (_, response) => {
      resolve(response);
    });
    socket.once('open', () => {
      reject(new Error('It was let in'));
    });
  });
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

/** Resolves when the inspector has taken all that was sent. */
export async function taken(socket: WebSocket): Promise<void> {
  const pong = once(socket, 'pong');
  socket.ping();
  await pong;
}

/** Resolves with the code, when the WebSocket has closed. */
export function closing(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    if (socket.readyState === socket.CLOSED) resolve(0);
    else socket.once('close', resolve);
  });
}
