/** The protocols of the server's three kinds of WebSocket. */

import type { RawData, WebSocket } from 'ws';
import type { PageMessage } from '../shared/view.ts';
import { BoundError, BOUNDS } from './bounds.ts';
import { isObject, type JsonObject, nameIn, parseObject, parseRequest, textIn } from './checks.ts';
import type { Hub } from './hub.ts';
import type { Program } from './program.ts';

/** Serves a page, with the messages of `shared/view.ts`. */
export function serveViewer(socket: WebSocket, hub: Hub): void {
  if (hub.pages >= BOUNDS.pages) {
    refuse(socket, hub, `more than ${String(BOUNDS.pages)} pages are open`);
    return;
  }
  const viewer = hub.addViewer(socket);
  onText(socket, hub, (text) => {
    const message = pageMessage(text);
    if (message !== undefined) hub.handleRequest(viewer, message);
  });
  onClose(socket, hub, () => {
    hub.removeViewer(viewer);
  });
}

/** Serves a receiver of @xstate/inspect in another program. */
export function serveReceiver(socket: WebSocket, hub: Hub): void {
  if (hub.relay.receivers >= BOUNDS.receivers) {
    refuse(socket, hub, `more than ${String(BOUNDS.receivers)} receivers are connected`);
    return;
  }
  hub.relay.add(socket);
  onText(socket, hub, (text) => {
    hub.relay.handleCommand(socket, text);
  });
  onClose(socket, hub, () => {
    hub.relay.remove(socket);
  });
}

/**
 * Serves a program. Its first message introduces it. A program without an introduction is a plain
 * @xstate/inspect service, which cannot be recognised when it reconnects.
 */
export function serveProgram(socket: WebSocket, hub: Hub): void {
  let program: Program | undefined;
  const programSocket = {
    send: (command: object) => {
      socket.send(JSON.stringify(command));
    },
    ping: (payload: string) => {
      socket.ping(payload);
    },
  };
  onText(socket, hub, (text) => {
    if (program === undefined) {
      program = programOf(text, socket, hub);
      if (program === undefined) return;
      program.connect(programSocket);
      // The pong comes after the registrations that connect() asked for.
      programSocket.ping('');
      if (hub.wire) programSocket.send({ type: 'wirechart.wire', on: true });
    }
    program.receive(text);
  });
  socket.on('pong', (payload) => {
    guarded(hub, 'A pong was ignored', () => program?.confirm(payload.toString()));
  });
  onClose(socket, hub, () => program?.disconnect());
}

function programOf(introduction: string, socket: WebSocket, hub: Hub): Program | undefined {
  const instance = introduction.startsWith('{"type":"wirechart.program"')
    ? instanceIn(introduction)
    : '';
  try {
    return instance === '' ? hub.newProgram('live') : hub.programOf(instance);
  } catch (error) {
    refuse(socket, hub, error);
    return undefined;
  }
}

/** Closes a connection for which there is no room. */
function refuse(socket: WebSocket, hub: Hub, why: unknown): void {
  hub.reportFailure('A connection was refused', why);
  socket.close(TRY_AGAIN_LATER);
}

/** A close code of WebSocket. */
const TRY_AGAIN_LATER = 1013;

function instanceIn(introduction: string): string {
  try {
    return nameIn(parseObject(introduction), 'instance');
  } catch {
    return '';
  }
}

function onText(socket: WebSocket, hub: Hub, listener: (text: string) => void): void {
  socket.on('message', (data: RawData, isBinary) => {
    // The server is configured to deliver Buffers.
    if (isBinary || !Buffer.isBuffer(data) || socket.readyState !== socket.OPEN) return;
    guarded(hub, 'A message was ignored', () => {
      listener(data.toString());
    });
  });
}

function onClose(socket: WebSocket, hub: Hub, listener: () => void): void {
  socket.on('close', () => {
    guarded(hub, 'The end of a connection was ignored', listener);
  });
}

/** A listener that throws would end the process. */
function guarded(hub: Hub, what: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    hub.reportFailure(what, error);
  }
}

function sendMessage(message: JsonObject): PageMessage | undefined {
  const { id, event } = message;
  if (!isObject(event) || typeof event['type'] !== 'string') return undefined;
  return {
    type: 'send',
    actor: textIn(message, 'actor'),
    event: { ...event, type: event['type'] },
    ...(Number.isSafeInteger(id) && { id: Number(id) }),
  };
}

function chartRequest(message: JsonObject): PageMessage {
  const { collapsed, details, cancel } = message;
  return {
    type: 'chart',
    id: textIn(message, 'id'),
    ...(Array.isArray(collapsed) && {
      collapsed: collapsed
        .filter((id) => typeof id === 'string')
        .filter(({ length }) => length <= BOUNDS.stateIdCharacters)
        .slice(0, BOUNDS.definition.states),
    }),
    ...(typeof details === 'boolean' && { details }),
    ...(cancel === true && { cancel }),
  };
}

/** A page's request; `undefined` for anything unknown. */
function pageMessage(text: string): PageMessage | undefined {
  try {
    const message = parseRequest(text);
    const { type, on } = message;
    if (type === 'chart') return chartRequest(message);
    if (type === 'shape') return { type, id: textIn(message, 'id') };
    if (type === 'wire' && typeof on === 'boolean') return { type, on };
    if (type === 'forget') return { type, program: textIn(message, 'program') };
    if (type === 'send') return sendMessage(message);
  } catch (error) {
    // Otherwise it is not the inspector's own page.
    if (error instanceof BoundError) throw error;
  }
  return undefined;
}
