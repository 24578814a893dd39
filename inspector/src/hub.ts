/** The middle of the inspector: what programs tell is kept here, and shown to all pages. */

import { createHash } from 'node:crypto';
import { History } from '../shared/history.ts';
import type { ActorView, Entry, PageMessage, ProgramView, ServerMessage } from '../shared/view.ts';
import { graphOf } from './graph.ts';
import { Layouter } from './layout.ts';
import { type NewEntry, partsOf, Program, type Publisher, type V4Machine } from './program.ts';
import { Relay } from './relay.ts';
import { header, lineOfEntry, registration } from './saved.ts';
import { Viewer, type ViewerSocket } from './viewer.ts';

/** What is kept of the past: entries, and roughly their bytes. */
const BOUNDS = { entries: 20_000, size: 64 * 1024 * 1024 };
/** Charts that are kept; the oldest are forgotten. */
const MOST_CHARTS = 500;
/** Programs that are gone and still shown. */
const MOST_PROGRAMS = 200;

/** See the module's comment. */
export class Hub implements Publisher {
  readonly control: boolean;
  readonly programs = new Map<string, Program>();
  readonly relay: Relay;
  /** Resolves when a page looks for the first time. */
  readonly opened: Promise<void>;
  #open: () => void = () => undefined;
  readonly #history = new History(BOUNDS);
  readonly #instances = new Map<string, Program>();
  readonly #viewers = new Set<Viewer>();
  readonly #machines = new Map<string, { definition: string; machine: V4Machine }>();
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

  /** The program of a run that calls itself `instance`: the same as before, when it is back. */
  programOf(instance: string): Program {
    const known = this.#instances.get(instance);
    if (known !== undefined) return known;
    const program = this.newProgram('live');
    this.#instances.set(instance, program);
    return program;
  }

  /** A program that was not there before, or a recording. */
  newProgram(source: ProgramView['source']): Program {
    this.#forgetPrograms();
    this.#count += 1;
    const program = new Program(`p${String(this.#count)}`, source, this);
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

  chartOf(definition: string, machine: V4Machine): string {
    const id = createHash('sha256').update(definition).digest('base64url').slice(0, 16);
    if (!this.#machines.has(id)) {
      const [oldest] = this.#machines.keys();
      if (this.#machines.size >= MOST_CHARTS && oldest !== undefined) this.#forgetChart(oldest);
      this.#machines.set(id, { definition, machine });
    }
    return id;
  }

  /** What is kept, as a recording. */
  *recording(): Generator<string> {
    yield header([...this.programs.values()].map(({ view }) => view.name).join(', '));
    // An actor begins with its first entry that is kept, or was there before.
    for (const { actor } of this.#history.lives.values()) {
      if (actor.start === 0) yield this.#registration(actor);
    }
    for (const entry of this.#history.entries()) {
      const life = entry.kind === 'start' ? this.#history.lives.get(entry.actor) : undefined;
      yield life === undefined ? lineOfEntry(entry) : this.#registration(life.actor);
    }
  }

  #registration(actor: ActorView): string {
    return registration(actor, this.#machines.get(actor.chart)?.definition ?? '{}');
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
    const chart = this.#layOut(id);
    this.#charts.set(id, chart);
    return chart;
  }

  async #layOut(id: string): Promise<ServerMessage> {
    try {
      const known = this.#machines.get(id);
      if (known === undefined) throw new Error('it is no longer known');
      const chart = await this.#layouter.layOut(id, graphOf(known.machine));
      return { type: 'chart', id, chart };
    } catch (error) {
      const why = error instanceof Error ? error.message : 'nobody knows why';
      return { type: 'no-chart', id, why };
    }
  }

  #forgetChart(id: string): void {
    this.#machines.delete(id);
    this.#charts.delete(id);
  }

  #forgetPrograms(): void {
    for (const [id, { view }] of this.programs) {
      if (this.programs.size < MOST_PROGRAMS) return;
      if (view.source === 'live') continue;
      const program = this.programs.get(id);
      this.programs.delete(id);
      for (const [instance, other] of this.#instances) {
        if (other === program) this.#instances.delete(instance);
      }
    }
  }
}
