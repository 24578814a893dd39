/** What is said over the three kinds of WebSocket that the server has. */

import type { RawData, WebSocket } from 'ws';
import type { PageMessage } from '../shared/view.ts';
import { isObject, nameIn, parseObject, textIn } from './checks.ts';
import type { Hub } from './hub.ts';
import type { Program } from './program.ts';

/** A page: see `shared/view.ts`. */
export function serveViewer(socket: WebSocket, hub: Hub): void {
  const viewer = hub.addViewer(socket);
  onText(socket, (text) => {
    const message = pageMessage(text);
    if (message !== undefined) hub.obey(viewer, message);
  });
  socket.on('close', () => {
    hub.removeViewer(viewer);
  });
}

/** A receiver of @xstate/inspect in another program. */
export function serveReceiver(socket: WebSocket, hub: Hub): void {
  hub.relay.add(socket);
  onText(socket, (text) => {
    hub.relay.obey(socket, text);
  });
  socket.on('close', () => {
    hub.relay.remove(socket);
  });
}

/**
 * A program. It introduces itself first; one that does not is an @xstate/inspect service that somebody
 * wrote, and is known for the length of its connection.
 */
export function serveProgram(socket: WebSocket, hub: Hub): void {
  let program: Program | undefined;
  const connection = {
    say: (command: object) => {
      socket.send(JSON.stringify(command));
    },
  };
  onText(socket, (text) => {
    if (program === undefined) {
      program = programOf(text, hub);
      program.connect(connection);
      // It is answered after what the program was just asked for.
      socket.ping();
      if (hub.wire) connection.say({ type: 'wirechart.wire', on: true });
    }
    program.take(text);
  });
  socket.on('pong', () => program?.confirm());
  socket.on('close', () => program?.disconnect());
}

function programOf(introduction: string, hub: Hub): Program {
  const instance = introduction.startsWith('{"type":"wirechart.program"')
    ? instanceIn(introduction)
    : '';
  return instance === '' ? hub.newProgram('live') : hub.programOf(instance);
}

function instanceIn(introduction: string): string {
  try {
    return nameIn(parseObject(introduction), 'instance');
  } catch {
    return '';
  }
}

function onText(socket: WebSocket, listener: (text: string) => void): void {
  socket.on('message', (data: RawData, isBinary) => {
    // Buffers are what the server is made to give.
    if (!isBinary && Buffer.isBuffer(data)) listener(data.toString());
  });
}

/** What a page asks for; `undefined` when it is nothing that is known. */
function pageMessage(text: string): PageMessage | undefined {
  try {
    const message = parseObject(text);
    const { type, on, event } = message;
    if (type === 'chart') return { type, id: textIn(message, 'id') };
    if (type === 'wire' && typeof on === 'boolean') return { type, on };
    if (type === 'send' && isObject(event) && typeof event['type'] === 'string') {
      return { type, actor: textIn(message, 'actor'), event: { ...event, type: event['type'] } };
    }
  } catch {
    // Our page says nothing else.
  }
  return undefined;
}
