/**
 * Relays the messages of all programs to receivers of @xstate/inspect in other programs, such as a
 * self-hosted visualizer. Actor ids are made unique.
 */

import { isObject, type JsonObject, parseObject, textIn } from './checks.ts';

/** A receiver's end of a WebSocket. */
export interface RelaySocket {
  readonly bufferedAmount: number;
  send(text: string): void;
}

/** What the relay needs from the hub. */
export interface RelayedPrograms {
  /** Whether receivers may send events to machines. */
  readonly control: boolean;
  /** The programs, by id. */
  readonly programs: ReadonlyMap<string, { registrations(): Iterable<JsonObject> }>;
  /** Sends an event to the actor with this unique id. */
  send(actorId: string, event: { readonly type: string }): void;
}

/** A receiver with more unsent bytes misses messages. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

/** Sends messages to the connected receivers. */
export class Relay {
  readonly #hub: RelayedPrograms;
  readonly #sockets = new Set<RelaySocket>();

  constructor(hub: RelayedPrograms) {
    this.#hub = hub;
  }

  /** Whether a receiver is connected. */
  get isUsed(): boolean {
    return this.#sockets.size > 0;
  }

  add(socket: RelaySocket): void {
    this.#sockets.add(socket);
  }

  remove(socket: RelaySocket): void {
    this.#sockets.delete(socket);
  }

  /** Handles a receiver's command. Malformed ones are ignored. */
  handleCommand(socket: RelaySocket, text: string): void {
    try {
      const command = parseObject(text);
      const type = textIn(command, 'type');
      if (type === 'xstate.inspecting') this.#replay(socket);
      if (type === 'xstate.event' && this.#hub.control) this.#forward(command);
    } catch {
      // The receiver is a custom one that sent something else.
    }
  }

  #replay(socket: RelaySocket): void {
    for (const program of this.#hub.programs.values()) {
      for (const message of program.registrations()) send(socket, JSON.stringify(message));
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

  /** Relays a program's message to all receivers. */
  pass(message: JsonObject): void {
    const text = JSON.stringify(message);
    for (const socket of this.#sockets) send(socket, text);
  }
}

function send(socket: RelaySocket, text: string): void {
  if (socket.bufferedAmount < MAX_UNSENT_BYTES) socket.send(text);
}
