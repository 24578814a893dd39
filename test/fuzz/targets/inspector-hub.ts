/** A hub of the inspector with sockets that are not connected, and what must hold of it. */

import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import type { ServerMessage } from '../../../inspector/shared/view.ts';
import { Hub } from '../../../inspector/src/hub.ts';
import { serveProgram, serveReceiver, serveViewer } from '../../../inspector/src/sockets.ts';
import { expectEqual } from './monitor.ts';

/** The server's end of a WebSocket: keeps what is sent. */
class FakeSocket extends EventEmitter {
  readonly bufferedAmount = 0;
  readonly sent: string[] = [];

  send(text: string): void {
    this.sent.push(text);
  }

  ping(): void {
    this.emit('pong', Buffer.alloc(0));
  }

  receive(text: string): void {
    this.emit('message', Buffer.from(text), false);
  }
}

const SERVE = { program: serveProgram, viewer: serveViewer, receiver: serveReceiver } as const;

/** What a socket is for. */
export type Role = keyof typeof SERVE;

/** The hub, with the sockets that are open. */
export class FakeInspector {
  readonly hub: Hub;
  readonly #sockets = new Map<string, { readonly role: Role; readonly socket: FakeSocket }>();
  readonly #sent: { readonly role: Role; readonly text: string }[] = [];

  constructor(control: boolean) {
    this.hub = new Hub(control);
  }

  /** Delivers a frame, on a new socket if there is none of this name. */
  receive(role: Role, name: string, text: string): void {
    this.#open(role, name).receive(text);
  }

  close(name: string): void {
    const { socket, role } = this.#sockets.get(name) ?? {};
    if (socket === undefined || role === undefined) return;
    this.#sockets.delete(name);
    this.#sent.push(...socket.sent.map((text) => ({ role, text })));
    socket.emit('close', 1000, Buffer.alloc(0));
  }

  closeAll(): void {
    for (const name of [...this.#sockets.keys()]) this.close(name);
  }

  /** What was sent to the sockets of a role that are closed, parsed. */
  sentTo(role: Role): unknown[] {
    return this.#sent
      .filter((each) => each.role === role)
      .map(({ text }): unknown => JSON.parse(text));
  }

  #open(role: Role, name: string): FakeSocket {
    const open = this.#sockets.get(name);
    if (open !== undefined) return open.socket;
    const socket = new FakeSocket();
    this.#sockets.set(name, { role, socket });
    // It has what is used of a WebSocket.
    SERVE[role](socket as unknown as WebSocket, this.hub);
    return socket;
  }
}

/** The last full state among what was sent to a page, with all that followed. */
export function stateOf(sent: readonly unknown[]): ServerMessage[] {
  const messages = (sent as ServerMessage[][]).flat();
  return messages.slice(messages.findLastIndex(({ type }) => type === 'hello'));
}

/** @throws {Mismatch} When the hub does not count what it holds, or keeps actors of closed programs. */
export function checkTotals(hub: Hub): void {
  const programs = [...hub.programs.values()];
  const living = programs.flatMap((program) => [...program.registrations()]);
  expectEqual('The number of living actors is wrong', hub.total.actors, living.length);
  for (const program of programs) program.end();
  expectEqual('Actors remain', hub.total, { actors: 0, stateBytes: 0 });
}
