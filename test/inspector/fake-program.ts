/** A fake program: sends the messages of a test to an inspector and records its commands. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { createMachine } from 'xstate';
import type { Inspector } from '../../inspector/src/index.ts';
import { definitionText } from '../../src/inspect/definition.ts';
import { connectWebSocket, handled, tokenOf, withToken } from './clients.ts';

/** A message of any type. */
export type AnyMessage = Readonly<Record<string, unknown>>;

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: { closed: { on: { OPEN: 'open' } }, open: { on: { CLOSE: 'closed' } } },
});

/** The default definition of registrations. */
const DOOR = definitionText(door);

/** A program's introduction. */
export const introduction = (facts: AnyMessage = {}): AnyMessage => ({
  type: 'wirechart.program',
  version: 1,
  name: 'program',
  pid: 4711,
  instance: randomUUID(),
  control: true,
  at: 1_000,
  ...facts,
});

const scxml = (name: string, more: AnyMessage = {}): AnyMessage => ({
  name,
  data: { type: name },
  $$type: 'scxml',
  type: 'external',
  ...more,
});

/** An XState 4 state as JSON. */
export const stateText = (value: unknown, more: AnyMessage = {}): string =>
  JSON.stringify({ value, context: {}, _event: scxml('xstate.init'), ...more });

/** The message that an actor exists. */
export const registration = (sessionId: string, more: AnyMessage = {}): AnyMessage => ({
  type: 'service.register',
  machine: DOOR,
  state: stateText('closed'),
  id: sessionId,
  sessionId,
  wirechart: { at: 1_001, status: 'active', kind: 'machine' },
  ...more,
});

/** The message that an event has arrived. */
export const event = (sessionId: string, name: string, more: AnyMessage = {}): AnyMessage => ({
  type: 'service.event',
  event: JSON.stringify(scxml(name, more)),
  sessionId,
  wirechart: { at: 1_002 },
});

/** The message that an actor is in a state. */
export const state = (sessionId: string, value: unknown, more: AnyMessage = {}): AnyMessage => ({
  type: 'service.state',
  state: stateText(value),
  sessionId,
  wirechart: { at: 1_003, status: 'active' },
  ...more,
});

/** The message that an actor has ended. */
export const stop = (sessionId: string): AnyMessage => ({
  type: 'service.stop',
  sessionId,
  wirechart: { at: 1_004 },
});

/** A connection to the path of programs. */
export class FakeProgram {
  readonly socket: WebSocket;
  readonly commands: AnyMessage[] = [];
  /** Sent whenever the inspector asks for the living actors. */
  registrations: readonly AnyMessage[] = [];
  #check: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      const command = JSON.parse(data.toString()) as AnyMessage;
      if (command['type'] === 'xstate.inspecting') this.send(...this.registrations);
      this.commands.push(command);
      this.#check();
    });
  }

  /** The commands other than the one that asks for the living actors. */
  get requests(): AnyMessage[] {
    return this.commands.filter(({ type }) => type !== 'xstate.inspecting');
  }

  send(...messages: readonly (object | string)[]): void {
    for (const message of messages) {
      this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    }
  }

  /** Resolves when the inspector has handled everything that was sent. */
  handled(): Promise<void> {
    return handled(this.socket);
  }

  /** Resolves when there are at least `count` requests. */
  untilRequests(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#check = () => {
        if (this.requests.length >= count) resolve();
      };
      this.#check();
    });
  }
}

/**
 * Opens a program that has introduced itself.
 *
 * @param registrations - Its living actors.
 */
export async function openProgram(
  to: Pick<Inspector, 'url'>,
  facts: AnyMessage = {},
  registrations: readonly AnyMessage[] = [],
): Promise<FakeProgram> {
  const program = new FakeProgram(connectWebSocket(to, withToken('/program', tokenOf(to))));
  program.registrations = registrations;
  await once(program.socket, 'open');
  program.send(introduction(facts));
  await program.handled();
  return program;
}
