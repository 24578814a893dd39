/**
 * Relays the messages of all programs to receivers of @xstate/inspect in other programs, such as a
 * self-hosted visualizer. Actor ids are made unique.
 */

import { BoundError } from './bounds.ts';
import { isObject, type JsonObject, parseObject, parseRequest, textIn } from './checks.ts';

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
  reportFailure(what: string, error: unknown): void;
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

  /** The number of connected receivers. */
  get receivers(): number {
    return this.#sockets.size;
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
      const command = parseRequest(text);
      const type = textIn(command, 'type');
      if (type === 'xstate.inspecting') this.#replay(socket);
      if (type === 'xstate.event' && this.#hub.control) this.#forward(command);
    } catch (error) {
      // Otherwise the receiver is a custom one that sent something else.
      if (error instanceof BoundError) this.#hub.reportFailure('A command was ignored', error);
    }
  }

  #replay(socket: RelaySocket): void {
    for (const program of this.#hub.programs.values()) {
      for (const message of program.registrations()) {
        if (!hasRoom(socket)) return;
        socket.send(JSON.stringify(message));
      }
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
    for (const socket of this.#sockets) if (hasRoom(socket)) socket.send(text);
  }
}

const hasRoom = ({ bufferedAmount }: RelaySocket): boolean => bufferedAmount < MAX_UNSENT_BYTES;
