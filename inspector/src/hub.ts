/** Keeps what programs report, and sends it to all pages. */

import { createHash } from 'node:crypto';
import { History, HISTORY_BOUNDS } from '../shared/history.ts';
import type { ActorView, Entry, PageMessage, ProgramView, ServerMessage } from '../shared/view.ts';
import { partsOfActorId } from './actor-ids.ts';
import { graphOf } from './graph.ts';
import { Layouter } from './layout.ts';
import { Program } from './program.ts';
import type { NewEntry, Publisher, V4Machine } from './publisher.ts';
import { withoutWarnings } from './receiver.ts';
import { recordingOf } from './recording-writer.ts';
import { Relay } from './relay.ts';
import { Viewer, type ViewerSocket } from './viewer.ts';

/** When more charts are kept, those of no actor are dropped. */
const MAX_CHARTS = 500;
/** When more programs are kept, the oldest that are not connected are dropped. */
const MAX_PROGRAMS = 200;

/** A machine and the id of its chart. */
interface KnownMachine {
  readonly chart: string;
  /** The one copy of the text for all actors. */
  readonly definition: string;
  readonly machine: V4Machine;
}

/** The programs, the history, the charts and the pages of one inspector. */
export class Hub implements Publisher {
  readonly control: boolean;
  readonly programs = new Map<string, Program>();
  readonly relay: Relay;
  /** Resolves when the first page connects. */
  readonly opened: Promise<void>;
  isClosed = false;
  #resolveOpened: () => void = () => undefined;
  readonly #history = new History(HISTORY_BOUNDS);
  readonly #viewers = new Set<Viewer>();
  readonly #machines = new Map<string, KnownMachine>();
  #chartLimit = MAX_CHARTS;
  readonly #charts = new Map<string, Promise<ServerMessage>>();
  readonly #layouter = new Layouter();
  #seq = 0;
  #wire = false;
  #programCount = 0;

  constructor(control: boolean) {
    this.control = control;
    this.relay = new Relay(this);
    this.opened = new Promise((resolve) => {
      this.#resolveOpened = resolve;
    });
  }

  get nextSeq(): number {
    return this.#seq + 1;
  }

  /** Whether programs report the messages of their protocol machines. */
  get wire(): boolean {
    return this.#wire;
  }

  /**
   * The program of a run: the same as before when it reconnects. While that one is still connected, the
   * new connection is a second report of the same run, which is a program of its own.
   */
  programOf(instance: string): Program {
    const programs = [...this.programs.values()];
    const known = programs.find((one) => one.instance === instance && !one.isConnected);
    return known ?? this.newProgram('live', instance);
  }

  /** Adds a program or a recording. */
  newProgram(source: ProgramView['source'], instance?: string): Program {
    this.#dropPrograms();
    this.#programCount += 1;
    const program = new Program(`p${String(this.#programCount)}`, source, this, instance);
    this.programs.set(program.id, program);
    return program;
  }

  addViewer(socket: ViewerSocket): Viewer {
    this.#resolveOpened();
    if (this.#charts.size === 0) this.#layouter.warm();
    const viewer = new Viewer(socket, () => this.#fullState());
    this.#viewers.add(viewer);
    return viewer;
  }

  removeViewer(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    viewer.close();
    if (this.#viewers.size === 0) this.setWire(false);
  }

  /** Handles a request of a page. */
  handleRequest(viewer: Viewer, message: PageMessage): void {
    switch (message.type) {
      case 'chart':
        void this.#chartMessage(message.id).then((answer) => {
          viewer.push(answer);
        });
        break;
      case 'wire':
        this.setWire(message.on);
        break;
      case 'send':
        if (this.control) this.send(message.actor, message.event);
        break;
    }
  }

  /** Sends an event to the actor with this unique id. */
  send(id: string, event: { readonly type: string }): void {
    const { program, sessionId } = partsOfActorId(id);
    this.programs.get(program)?.send(sessionId, event);
  }

  setWire(on: boolean): void {
    if (on === this.#wire) return;
    this.#wire = on;
    for (const program of this.programs.values())
      program.sendCommand({ type: 'wirechart.wire', on });
    this.#broadcast({ type: 'wire', on });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const viewer of this.#viewers) viewer.close();
    this.#viewers.clear();
    await this.#layouter.close();
  }

  program(view: ProgramView): void {
    this.#broadcast(view);
  }

  actor(view: ActorView): void {
    this.#history.addActor(view);
    this.#broadcast(view);
  }

  add(entry: NewEntry): void {
    this.#seq += 1;
    const numbered: Entry = { ...entry, type: 'entry', seq: this.#seq };
    this.#history.add(numbered);
    this.#broadcast(numbered);
  }

  chartOf(text: string, machine: V4Machine): Omit<KnownMachine, 'machine'> {
    const chart = createHash('sha256').update(text).digest('base64url').slice(0, 16);
    const known = this.#machines.get(chart);
    if (known !== undefined) return known;
    if (this.#machines.size >= this.#chartLimit) this.#dropCharts();
    const added = { chart, definition: text, machine };
    this.#machines.set(chart, added);
    return added;
  }

  /** The current history as the lines of a recording. Later changes do not affect it. */
  recording(): Iterable<string> {
    return recordingOf({
      name: [...this.programs.values()].map(({ view }) => view.name).join(', '),
      actors: [...this.#history.actors.values()].map(({ actor }) => actor),
      entries: [...this.#history.entries()],
      definitions: new Map([...this.#machines].map(([id, { definition }]) => [id, definition])),
    });
  }

  /** Everything that a new page needs. */
  *#fullState(): Generator<ServerMessage> {
    yield { type: 'hello', control: this.control, wire: this.#wire };
    for (const { view } of this.programs.values()) yield view;
    for (const { actor } of this.#history.actors.values()) yield actor;
    yield* this.#history.entries();
  }

  #broadcast(message: ServerMessage): void {
    for (const viewer of this.#viewers) viewer.push(message);
  }

  #chartMessage(id: string): Promise<ServerMessage> {
    const known = this.#charts.get(id);
    if (known !== undefined) return known;
    const chart = this.#layOut(id).catch((error: unknown): ServerMessage => {
      this.#charts.delete(id); // The next request tries again.
      const why = error instanceof Error ? error.message : 'unknown error';
      return { type: 'no-chart', id, why };
    });
    this.#charts.set(id, chart);
    return chart;
  }

  async #layOut(id: string): Promise<ServerMessage> {
    const known = this.#machines.get(id);
    if (known === undefined) throw new Error('its definition is no longer kept');
    const graph = withoutWarnings(() => graphOf(known.machine));
    return { type: 'chart', id, chart: await this.#layouter.layOut(id, graph) };
  }

  /** Drops the charts of no actor. The limit then grows with the rest, so that this is rarely called. */
  #dropCharts(): void {
    const used = new Set([...this.#history.actors.values()].map(({ actor }) => actor.chart));
    for (const id of this.#machines.keys()) {
      if (used.has(id)) continue;
      this.#machines.delete(id);
      this.#charts.delete(id);
    }
    this.#chartLimit = Math.max(MAX_CHARTS, 2 * this.#machines.size);
  }

  #dropPrograms(): void {
    for (const [id, program] of this.programs) {
      if (this.programs.size < MAX_PROGRAMS) return;
      if (program.view.source === 'live') continue;
      program.end();
      this.programs.delete(id);
    }
  }
}
