/** What a local user can put at the inspector's address: a rogue server, or a relay to the real one. */

import { createHash } from 'node:crypto';
import { connect, createServer, type ListenOptions, type Socket } from 'node:net';
import { cleanUp } from '../support/cleanup.ts';
import { listen, rawPeer, type RawPeer } from '../support/peers.ts';

/** A WebSocket frame from a server. */
export function frame(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  const size =
    payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...size]), payload]);
}

/** The response that opens the WebSocket of a request, with more headers. */
export function acceptance(
  request: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const key = /^sec-websocket-key: (.*)\r$/im.exec(request)?.[1] ?? '';
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n${more.join('')}\r\n`
  );
}

/** A server that opens every WebSocket, says what it wants, and notes every byte that it gets. */
export interface Rogue {
  readonly peer: RawPeer;
  readonly received: () => string;
}

/**
 * Starts a rogue server.
 *
 * @param answer - Its answer to a request for a WebSocket.
 */
export async function startRogue(answer: (request: string) => string | Buffer): Promise<Rogue> {
  const chunks: Buffer[] = [];
  const peer = await rawPeer((socket) => {
    socket.once('data', (request) => socket.write(answer(request.toString())));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => socket.end());
  });
  return { peer, received: () => Buffer.concat(chunks).toString() };
}

/** A relay, and what it has read in each direction. */
export interface Relay {
  readonly address: RawPeer['address'];
  /** The connections of programs. */
  readonly sockets: readonly Socket[];
  readonly fromProgram: () => string;
  readonly fromInspector: () => string;
}

/**
 * Starts a relay, which names the real inspector in the header Host.
 *
 * @param where - Where it listens.
 * @param target - The real inspector.
 */
export async function startRelay(
  where: ListenOptions,
  target: { readonly host: string; readonly port: number } | { readonly path: string },
): Promise<Relay> {
  const sockets: Socket[] = [];
  const [up, down]: [Buffer[], Buffer[]] = [[], []];
  const name = 'path' in target ? 'localhost' : `${target.host}:${String(target.port)}`;
  const server = createServer((socket) => {
    const far = connect(target);
    sockets.push(socket);
    socket.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('data', (chunk) => {
      up.push(chunk);
      far.write(chunk.toString('latin1').replace(/^host: .*\r$/im, `Host: ${name}\r`), 'latin1');
    });
    far.on('data', (chunk) => {
      down.push(chunk);
      socket.write(chunk);
    });
  });
  const address = await listen(server, where);
  cleanUp(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const textOf = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString();
  return { address, sockets, fromProgram: () => textOf(up), fromInspector: () => textOf(down) };
}

/** The warnings of the process during the test. */
export function collectWarnings(): readonly string[] {
  const warnings: string[] = [];
  const note = ({ message }: Error) => warnings.push(message);
  process.on('warning', note);
  cleanUp(() => process.off('warning', note));
  return warnings;
}
