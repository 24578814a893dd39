/** The middle of the inspector: what programs tell is kept here, and shown to all pages. */

import { createHash } from 'node:crypto';
import { History } from '../shared/history.ts';
import type { ActorView, Entry, PageMessage, ProgramView, ServerMessage } from '../shared/view.ts';
import { graphOf } from './graph.ts';
import { Layouter } from './layout.ts';
import { type NewEntry, partsOf, Program, type Publisher, type V4Machine } from './program.ts';
import { quietly } from './receiver.ts';
import { Relay } from './relay.ts';
import { recordingOf } from './saved.ts';
import { Viewer, type ViewerSocket } from './viewer.ts';

/** What is kept of the past: entries, and roughly their bytes. */
const HISTORY_BOUNDS = { entries: 20_000, size: 64 * 1024 * 1024 };
/** Charts that are kept; past it, those that no actor has are forgotten. */
const MAX_CHARTS = 500;
/** Programs that are gone and still shown. */
const MAX_PROGRAMS = 200;

/** A machine that actors run, and the name of its chart. */
interface KnownMachine {
  readonly chart: string;
  /** One text for all of them. */
  readonly definition: string;
  readonly machine: V4Machine;
}

/** See the module's comment. */
export class Hub implements Publisher {
  readonly control: boolean;
  readonly programs = new Map<string, Program>();
  readonly relay: Relay;
  /** Resolves when a page looks for the first time. */
  readonly opened: Promise<void>;
  isClosed = false;
  #open: () => void = () => undefined;
  readonly #history = new History(HISTORY_BOUNDS);
  readonly #viewers = new Set<Viewer>();
  readonly #machines = new Map<string, KnownMachine>();
  #mostCharts = MAX_CHARTS;
  readonly #charts = new Map<string, Promise<ServerMessage>>();
  readonly #layouter = new Layouter();
  #seq = 0;
  #wire = false;
  #count = 0;

  constructor(control: boolean) {
    this.control = control;
    this.relay = new Relay(this);
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  get nextSeq(): number {
    return this.#seq + 1;
  }

  /** Whether programs are asked for their messages. */
  get wire(): boolean {
    return this.#wire;
  }

  /**
   * The program of a run that calls itself `instance`: the same as before, when it is back. One that is
   * still connected makes a second report, and each knows of its own actors alone.
   */
  programOf(instance: string): Program {
    const known = [...this.programs.values()];
    const back = known.find((program) => program.instance === instance && !program.isConnected);
    return back ?? this.newProgram('live', instance);
  }

  /** A program that was not there before, or a recording. */
  newProgram(source: ProgramView['source'], instance?: string): Program {
    this.#forgetPrograms();
    this.#count += 1;
    const program = new Program(`p${String(this.#count)}`, source, this, instance);
    this.programs.set(program.id, program);
    return program;
  }

  addViewer(socket: ViewerSocket): Viewer {
    this.#open();
    if (this.#charts.size === 0) this.#layouter.warm();
    const viewer = new Viewer(socket, () => this.#all());
    this.#viewers.add(viewer);
    return viewer;
  }

  removeViewer(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    viewer.close();
    if (this.#viewers.size === 0) this.setWire(false);
  }

  /** Does what a page asks for. */
  obey(viewer: Viewer, message: PageMessage): void {
    switch (message.type) {
      case 'chart':
        void this.#chart(message.id).then((answer) => {
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

  /** Sends an event to an actor, by its id here. */
  send(id: string, event: { readonly type: string }): void {
    const { program, sessionId } = partsOf(id);
    this.programs.get(program)?.send(sessionId, event);
  }

  setWire(on: boolean): void {
    if (on === this.#wire) return;
    this.#wire = on;
    for (const program of this.programs.values()) program.say({ type: 'wirechart.wire', on });
    this.#push({ type: 'wire', on });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const viewer of this.#viewers) viewer.close();
    this.#viewers.clear();
    await this.#layouter.close();
  }

  program(view: ProgramView): void {
    this.#push(view);
  }

  actor(view: ActorView): void {
    this.#history.addActor(view);
    this.#push(view);
  }

  add(entry: NewEntry): void {
    this.#seq += 1;
    const numbered: Entry = { ...entry, type: 'entry', seq: this.#seq };
    this.#history.add(numbered);
    this.#push(numbered);
  }

  chartOf(text: string, machine: V4Machine): Omit<KnownMachine, 'machine'> {
    const chart = createHash('sha256').update(text).digest('base64url').slice(0, 16);
    const known = this.#machines.get(chart);
    if (known !== undefined) return known;
    if (this.#machines.size >= this.#mostCharts) this.#forgetCharts();
    const added = { chart, definition: text, machine };
    this.#machines.set(chart, added);
    return added;
  }

  /** What is kept, as a recording: as it is now, however slowly it is read. */
  recording(): Iterable<string> {
    return recordingOf({
      name: [...this.programs.values()].map(({ view }) => view.name).join(', '),
      actors: [...this.#history.lives.values()].map(({ actor }) => actor),
      entries: [...this.#history.entries()],
      definitions: new Map([...this.#machines].map(([id, { definition }]) => [id, definition])),
    });
  }

  /** Everything, for a page that has nothing. */
  *#all(): Generator<ServerMessage> {
    yield { type: 'hello', control: this.control, wire: this.#wire };
    for (const { view } of this.programs.values()) yield view;
    for (const { actor } of this.#history.lives.values()) yield actor;
    yield* this.#history.entries();
  }

  #push(message: ServerMessage): void {
    for (const viewer of this.#viewers) viewer.push(message);
  }

  #chart(id: string): Promise<ServerMessage> {
    const known = this.#charts.get(id);
    if (known !== undefined) return known;
    const chart = this.#layOut(id).catch((error: unknown): ServerMessage => {
      this.#charts.delete(id); // It may succeed when it is asked for anew.
      const why = error instanceof Error ? error.message : 'nobody knows why';
      return { type: 'no-chart', id, why };
    });
    this.#charts.set(id, chart);
    return chart;
  }

  async #layOut(id: string): Promise<ServerMessage> {
    const known = this.#machines.get(id);
    if (known === undefined) throw new Error('it is no longer known');
    const graph = quietly(() => graphOf(known.machine));
    return { type: 'chart', id, chart: await this.#layouter.layOut(id, graph) };
  }

  /** Those that no actor has any more. There may be so many others that one does not look each time. */
  #forgetCharts(): void {
    const used = new Set([...this.#history.lives.values()].map(({ actor }) => actor.chart));
    for (const id of this.#machines.keys()) {
      if (used.has(id)) continue;
      this.#machines.delete(id);
      this.#charts.delete(id);
    }
    this.#mostCharts = Math.max(MAX_CHARTS, 2 * this.#machines.size);
  }

  #forgetPrograms(): void {
    for (const [id, program] of this.programs) {
      if (this.programs.size < MAX_PROGRAMS) return;
      if (program.view.source === 'live') continue;
      program.end();
      this.programs.delete(id);
    }
  }
}
