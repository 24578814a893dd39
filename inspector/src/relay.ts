/**
 * For receivers of @xstate/inspect in other programs, such as a visualizer that you host yourself: all
 * programs' messages, as one @xstate/inspect service would send them, with ids that are unique.
 */

import { isObject, type JsonObject, parseObject, textIn } from './checks.ts';

/** A receiver's end of a WebSocket. */
export interface RelaySocket {
  readonly bufferedAmount: number;
  send(text: string): void;
}

/** What the relay needs of the hub. */
export interface RelayedPrograms {
  /** Whether receivers may send events to machines. */
  readonly control: boolean;
  /** The programs that report, by id. */
  readonly programs: ReadonlyMap<string, { registrations(): Iterable<JsonObject> }>;
  /** Sends an event to the actor with this id. */
  send(actorId: string, event: { readonly type: string }): void;
}

/** Of what waits for a receiver, in bytes; past it, messages are left out. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

/** See the module's comment. */
export class Relay {
  readonly #hub: RelayedPrograms;
  readonly #sockets = new Set<RelaySocket>();

  constructor(hub: RelayedPrograms) {
    this.#hub = hub;
  }

  /** Whether messages are to be made ready for receivers. */
  get isUsed(): boolean {
    return this.#sockets.size > 0;
  }

  add(socket: RelaySocket): void {
    this.#sockets.add(socket);
  }

  remove(socket: RelaySocket): void {
    this.#sockets.delete(socket);
  }

  /** Does what a receiver asks for; what is malformed is ignored. */
  obey(socket: RelaySocket, text: string): void {
    try {
      const command = parseObject(text);
      const type = textIn(command, 'type');
      if (type === 'xstate.inspecting') this.#replay(socket);
      if (type === 'xstate.event' && this.#hub.control) this.#forward(command);
    } catch {
      // It is a receiver of somebody's own making.
    }
  }

  #replay(socket: RelaySocket): void {
    for (const program of this.#hub.programs.values()) {
      for (const message of program.registrations()) say(socket, JSON.stringify(message));
    }
  }

  #forward(command: JsonObject): void {
    const scxml = parseObject(textIn(command, 'event'));
    const id = textIn(scxml, 'origin') || textIn(command, 'service');
    const { data } = scxml;
    if (isObject(data) && typeof data['type'] === 'string') {
      this.#hub.send(id, { ...data, type: data['type'] });
    }
  }

  /** Passes a program's message on. */
  pass(message: JsonObject): void {
    const text = JSON.stringify(message);
    for (const socket of this.#sockets) say(socket, text);
  }
}

function say(socket: RelaySocket, text: string): void {
  if (socket.bufferedAmount < MAX_UNSENT_BYTES) socket.send(text);
}
