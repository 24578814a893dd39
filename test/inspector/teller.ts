/** A program that says to an inspector what a test wants it to say, and keeps what it is told. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { createMachine } from 'xstate';
import type { Inspector } from '../../inspector/src/index.ts';
import { definitionText } from '../../src/inspect/definition.ts';
import { begin, taken, tokenOf, withToken } from './clients.ts';

/** An inspector's command, whatever it is. */
export type Command = Readonly<Record<string, unknown>>;

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: { closed: { on: { OPEN: 'open' } }, open: { on: { CLOSE: 'closed' } } },
});

/** The definition that registrations have if they have no other. */
const DOOR = definitionText(door);

/** A program's introduction. */
export const introduction = (facts: Command = {}): Command => ({
  type: 'wirechart.program',
  version: 1,
  name: 'teller',
  pid: 4711,
  instance: randomUUID(),
  control: true,
  at: 1_000,
  ...facts,
});

const scxml = (name: string, more: Command = {}): Command => ({
  name,
  data: { type: name },
  $$type: 'scxml',
  type: 'external',
  ...more,
});

/** A state of XState 4, as text. */
export const stateText = (value: unknown, more: Command = {}): string =>
  JSON.stringify({ value, context: {}, _event: scxml('xstate.init'), ...more });

/** An actor exists. */
export const registration = (sessionId: string, more: Command = {}): Command => ({
  type: 'service.register',
  machine: DOOR,
  state: stateText('closed'),
  id: sessionId,
  sessionId,
  wirechart: { at: 1_001, status: 'active', kind: 'machine' },
  ...more,
});

/** An event has come. */
export const event = (sessionId: string, name: string, more: Command = {}): Command => ({
  type: 'service.event',
  event: JSON.stringify(scxml(name, more)),
  sessionId,
  wirechart: { at: 1_002 },
});

/** An actor is in a state. */
export const state = (sessionId: string, value: unknown, more: Command = {}): Command => ({
  type: 'service.state',
  state: stateText(value),
  sessionId,
  wirechart: { at: 1_003, status: 'active' },
  ...more,
});

/** An actor has ended. */
export const stop = (sessionId: string): Command => ({
  type: 'service.stop',
  sessionId,
  wirechart: { at: 1_004 },
});

/** See the module's comment. */
export class Teller {
  readonly socket: WebSocket;
  readonly commands: Command[] = [];
  /** Told whenever an inspector begins to watch. */
  known: readonly Command[] = [];
  #look: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      const command = JSON.parse(data.toString()) as Command;
      if (command['type'] === 'xstate.inspecting') this.say(...this.known);
      this.commands.push(command);
      this.#look();
    });
  }

  /** The commands but for that which begins. */
  get wishes(): Command[] {
    return this.commands.filter(({ type }) => type !== 'xstate.inspecting');
  }

  say(...messages: readonly (object | string)[]): void {
    for (const message of messages) {
      this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    }
  }

  /** Resolves when all that was said has been taken. */
  taken(): Promise<void> {
    return taken(this.socket);
  }

  /** Resolves when so many wishes have come. */
  wished(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (this.wishes.length >= count) resolve();
      };
      this.#look();
    });
  }
}

/**
 * A program that has introduced itself.
 *
 * @param known - What it answers when it is asked what there is.
 */
export async function openTeller(
  to: Pick<Inspector, 'url'>,
  facts: Command = {},
  known: readonly Command[] = [],
): Promise<Teller> {
  const teller = new Teller(begin(to, withToken('/program', tokenOf(to))));
  teller.known = known;
  await once(teller.socket, 'open');
  teller.say(introduction(facts));
  await teller.taken();
  return teller;
}
