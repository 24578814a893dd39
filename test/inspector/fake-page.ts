/** A page without a browser: records the messages of an inspector. */

import type { WebSocket } from 'ws';
import type {
  ActorView,
  Chart,
  Entry,
  PageMessage,
  ProgramView,
  ServerMessage,
} from '../../inspector/shared/view.ts';
import type { Inspector } from '../../inspector/src/index.ts';
import { connectWebSocket, handled, tokenOf, withToken } from './clients.ts';

/** An entry of one kind. */
export type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>;

type Opening = Extract<ServerMessage, { type: 'opening' }>;

/** A connection to the path of pages. */
export class FakePage {
  readonly socket: WebSocket;
  readonly programs = new Map<string, ProgramView>();
  readonly actors = new Map<string, ActorView>();
  /** Charts, or why a chart is missing. */
  readonly charts = new Map<string, Chart | string>();
  entries: Entry[] = [];
  /** The answers to `send`, by its id: '' where the event was taken. */
  readonly sent = new Map<number, string>();
  /** How far recordings have been read. */
  readonly openings: Opening[] = [];
  /** The programs that were forgotten. */
  readonly forgotten: string[] = [];
  control = false;
  wire = false;
  /** How often the full state was sent. */
  helloCount = 0;
  /** The size of all messages. */
  bytes = 0;
  /** The type of the first message. */
  first = '';
  readonly #checks = new Set<() => void>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.bytes += data.length;
      for (const message of JSON.parse(data.toString()) as ServerMessage[])
        this.#onMessage(message);
      for (const check of this.#checks) check();
    });
  }

  /** Sends a request. */
  send(message: PageMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Resolves when the inspector has handled all requests. */
  handled(): Promise<void> {
    return handled(this.socket);
  }

  /** Resolves when the condition holds. The deadline is that of the test. */
  until(condition: (page: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition(this)) return;
        this.#checks.delete(check);
        resolve();
      };
      this.#checks.add(check);
      check();
    });
  }

  /** Resolves with the actor of this name when it is known. */
  async actor(name: string): Promise<ActorView> {
    const found = () => [...this.actors.values()].find((actor) => actor.name === name);
    await this.until(() => found() !== undefined);
    const actor = found();
    if (actor === undefined) throw new Error(`'${name}' has vanished`);
    return actor;
  }

  /** Resolves with the program of this name when it is known. */
  async program(name: string): Promise<ProgramView> {
    const found = () => [...this.programs.values()].find((program) => program.name === name);
    await this.until(() => found() !== undefined);
    const program = found();
    if (program === undefined) throw new Error(`'${name}' has vanished`);
    return program;
  }

  /** The entries of one kind, of one actor or of all. */
  of<K extends Entry['kind']>(kind: K, actor?: { readonly id: string }): EntryOf<K>[] {
    const isOfKind = (entry: Entry): entry is EntryOf<K> => entry.kind === kind;
    return this.entries
      .filter(isOfKind)
      .filter((entry) => actor === undefined || entry.actor === actor.id);
  }

  /** One short line per entry of an actor. */
  summaryOf({ id }: { readonly id: string }): string[] {
    return this.entries.filter(({ actor }) => actor === id).map(summaryLine);
  }

  #onMessage(message: ServerMessage): void {
    this.first ||= message.type;
    switch (message.type) {
      case 'hello':
        this.#reset(message.control, message.wire);
        break;
      case 'program':
        this.programs.set(message.id, message);
        break;
      case 'actor':
        this.actors.set(message.id, message);
        break;
      case 'entry':
        this.entries.push(message);
        break;
      case 'chart':
        this.charts.set(message.id, message.chart);
        break;
      case 'no-chart':
        this.charts.set(message.id, message.why);
        break;
      case 'wire':
        this.wire = message.on;
        break;
      case 'sent':
        this.sent.set(message.id, message.problem ?? '');
        break;
      case 'opening':
        this.openings.push(message);
        break;
      case 'forgotten':
        this.programs.delete(message.program);
        this.forgotten.push(message.program);
        break;
    }
  }

  #reset(control: boolean, wire: boolean): void {
    this.helloCount += 1;
    this.programs.clear();
    this.actors.clear();
    this.entries = [];
    this.control = control;
    this.wire = wire;
  }
}

function summaryLine(entry: Entry): string {
  if (entry.kind === 'event') return `event ${entry.name}`;
  if (entry.kind !== 'state') return entry.kind;
  const { value, status } = entry.state;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `state ${text}${status === 'active' || status === value ? '' : ` (${status})`}`;
}

/** Opens a page that has received the full state. */
export async function openFakePage(to: Pick<Inspector, 'url'>): Promise<FakePage> {
  const page = new FakePage(connectWebSocket(to, withToken('/viewer', tokenOf(to))));
  await page.until(({ helloCount }) => helloCount > 0);
  return page;
}
