/** A page without a screen: it keeps what an inspector shows. */

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
import { begin, taken, tokenOf, withToken } from './clients.ts';

/** An entry of one kind. */
export type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>;

/** See the module's comment. */
export class Page {
  readonly socket: WebSocket;
  readonly programs = new Map<string, ProgramView>();
  readonly actors = new Map<string, ActorView>();
  /** Charts, or why there is none. */
  readonly charts = new Map<string, Chart | string>();
  entries: Entry[] = [];
  control = false;
  wire = false;
  /** How often everything began anew. */
  hellos = 0;
  /** All that came, in bytes. */
  bytes = 0;
  /** Of the first message that came. */
  first = '';
  readonly #looks = new Set<() => void>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.bytes += data.length;
      for (const message of JSON.parse(data.toString()) as ServerMessage[]) this.#take(message);
      for (const look of this.#looks) look();
    });
  }

  /** Asks for something. */
  say(message: PageMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Resolves when the inspector has done what was asked for. */
  taken(): Promise<void> {
    return taken(this.socket);
  }

  /** Resolves when the condition holds; it is the test's own deadline that limits the wait. */
  until(condition: (page: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition(this)) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }

  /** The actor of a name, when it is there. */
  async actor(name: string): Promise<ActorView> {
    const found = () => [...this.actors.values()].find((actor) => actor.name === name);
    await this.until(() => found() !== undefined);
    const actor = found();
    if (actor === undefined) throw new Error('It was there');
    return actor;
  }

  /** The program of a name, when it is there. */
  async program(name: string): Promise<ProgramView> {
    const found = () => [...this.programs.values()].find((program) => program.name === name);
    await this.until(() => found() !== undefined);
    const program = found();
    if (program === undefined) throw new Error('It was there');
    return program;
  }

  /** The entries of one kind; of one actor, if it is said which. */
  of<K extends Entry['kind']>(kind: K, actor?: { readonly id: string }): EntryOf<K>[] {
    const isIt = (entry: Entry): entry is EntryOf<K> => entry.kind === kind;
    return this.entries
      .filter(isIt)
      .filter((entry) => actor === undefined || entry.actor === actor.id);
  }

  /** An actor's story, in words. */
  storyOf({ id }: { readonly id: string }): string[] {
    return this.entries.filter(({ actor }) => actor === id).map(inWords);
  }

  #take(message: ServerMessage): void {
    this.first ||= message.type;
    switch (message.type) {
      case 'hello':
        this.#begin(message.control, message.wire);
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
    }
  }

  #begin(control: boolean, wire: boolean): void {
    this.hellos += 1;
    this.programs.clear();
    this.actors.clear();
    this.entries = [];
    this.control = control;
    this.wire = wire;
  }
}

function inWords(entry: Entry): string {
  if (entry.kind === 'event') return `event ${entry.name}`;
  if (entry.kind !== 'state') return entry.kind;
  const { value, status } = entry.state;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `state ${text}${status === 'active' || status === value ? '' : ` (${status})`}`;
}

/** A page that looks at an inspector, and has seen what there is. */
export async function openPage(to: Pick<Inspector, 'url'>): Promise<Page> {
  const page = new Page(begin(to, withToken('/viewer', tokenOf(to))));
  await page.until(({ hellos }) => hellos > 0);
  return page;
}
