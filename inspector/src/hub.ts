/** Keeps what programs report, and sends it to all pages. */

import { History, HISTORY_BOUNDS, RECORDING_BOUNDS } from '../shared/history.ts';
import type { ActorView, Entry, PageMessage, ProgramView, ServerMessage } from '../shared/view.ts';
import { partsOfActorId } from './actor-ids.ts';
import { BOUNDS, BoundError, totalHistoryBounds } from './bounds.ts';
import { Charts } from './charts.ts';
import type { Total } from './living.ts';
import { Program } from './program.ts';
import type { NewEntry, Publisher } from './publisher.ts';
import { recordingOf } from './recording-writer.ts';
import { Relay } from './relay.ts';
import type { Answer } from './sends.ts';
import { StateText } from './state-text.ts';
import { outgoing, Viewer, type ViewerSocket } from './viewer.ts';

/** The programs, the history, the charts and the pages of one inspector. */
export class Hub implements Publisher {
  readonly control: boolean;
  readonly programs = new Map<string, Program>();
  readonly relay: Relay;
  readonly charts = new Charts(
    () => new Set([...this.#history.actors.values()].map(({ actor }) => actor.chart)),
  );
  readonly total: Total = { actors: 0, stateBytes: 0 };
  /** Resolves when the first page connects. */
  readonly opened: Promise<void>;
  isClosed = false;
  #resolveOpened: () => void = () => undefined;
  readonly #history = new History(HISTORY_BOUNDS, RECORDING_BOUNDS, totalHistoryBounds());
  readonly #viewers = new Set<Viewer>();
  /** The problems of the inspector itself that have been reported. */
  readonly #problems = new Set<string>();
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

  /** The number of open pages. */
  get pages(): number {
    return this.#viewers.size;
  }

  /** Whether a page gets messages later than they come. */
  get isBehind(): boolean {
    return [...this.#viewers].some((viewer) => viewer.isBehind);
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
    this.charts.warm();
    const viewer = new Viewer(
      socket,
      () => this.#fullState(),
      (error) => {
        this.reportFailure('A page missed something', error);
      },
    );
    this.#viewers.add(viewer);
    return viewer;
  }

  removeViewer(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    this.charts.cancel(viewer);
    viewer.close();
    if (this.#viewers.size === 0) this.setWire(false);
  }

  /** Handles a request of a page. */
  handleRequest(viewer: Viewer, message: PageMessage): void {
    switch (message.type) {
      case 'chart':
        this.#chartFor(viewer, message);
        break;
      case 'shape': {
        const shape = this.charts.shapeOf(message.id);
        viewer.push({ type: 'shape', id: message.id, ...(shape !== undefined && { shape }) });
        break;
      }
      case 'wire':
        this.setWire(message.on);
        break;
      case 'forget':
        this.forget(message.program);
        break;
      case 'send':
        this.#sendFor(viewer, message);
        break;
    }
  }

  #chartFor(viewer: Viewer, message: Extract<PageMessage, { type: 'chart' }>) {
    const { id, collapsed, details, cancel } = message;
    const ref = {
      id,
      ...(collapsed !== undefined && { collapsed }),
      ...(details !== undefined && { details }),
    };
    if (cancel === true) this.charts.cancel(viewer, ref);
    else {
      this.charts.request(viewer, ref, (answer) => {
        viewer.push(answer);
      });
    }
  }

  /** Sends an event to the actor with this unique id. */
  send(id: string, event: { readonly type: string }, answer: Answer = () => undefined): void {
    const { program, sessionId } = partsOfActorId(id);
    const known = this.programs.get(program);
    if (known === undefined) answer('The program was forgotten');
    else known.send(sessionId, event, answer);
  }

  #sendFor(viewer: Viewer, { id, actor, event }: Extract<PageMessage, { type: 'send' }>): void {
    const answer = (problem?: string) => {
      if (id !== undefined)
        viewer.push({ type: 'sent', id, ...(problem !== undefined && { problem }) });
    };
    if (this.control) this.send(actor, event, answer);
    else answer('The inspector sends no events: start it with --control');
  }

  /** Forgets a program that is not connected, or a recording, with all that is known of it. */
  forget(id: string): void {
    const program = this.programs.get(id);
    if (program === undefined || program.view.source === 'live') return;
    this.programs.delete(id);
    program.end();
    this.#history.forget(id);
    this.#broadcast({ type: 'forgotten', program: id });
  }

  previousRun(id: string, name: string): string | undefined {
    const views = [...this.programs.values()].map(({ view }) => view);
    const followed = new Set(views.map(({ restartOf }) => restartOf));
    const isLive = views.some((view) => view.id === id && view.source === 'live');
    const previous = views.findLast(
      (view) => view.name === name && view.source === 'disconnected' && !followed.has(view.id),
    );
    return isLive ? previous?.id : undefined;
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
    await this.charts.close();
  }

  program(view: ProgramView): void {
    this.#history.addProgram(view);
    this.#broadcast(view);
  }

  /** Tells the pages how far a recording has been read. */
  opening(progress: Extract<ServerMessage, { type: 'opening' }>): void {
    this.#broadcast(progress);
  }

  actor(view: ActorView): void {
    this.#history.addActor(view);
    this.#broadcast(view);
  }

  add(entry: NewEntry): void {
    this.#seq += 1;
    const numbered: Entry =
      entry.kind === 'state'
        ? new StateText(entry, this.#seq)
        : { ...entry, type: 'entry', seq: this.#seq };
    this.#history.add(numbered);
    this.#broadcast(numbered);
  }

  /** Reports that the inspector itself has failed at something, or refused it. Each text is reported once. */
  reportFailure(what: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const text = `${what}: ${why}`.slice(0, BOUNDS.problemCharacters);
    if (this.#problems.has(text) || this.#problems.size >= BOUNDS.problems) return;
    this.#problems.add(text);
    this.add({ kind: 'problem', at: Date.now(), actor: 'inspector', text, size: text.length });
  }

  /** The current history as the lines of a recording. Later changes do not affect it. */
  recording(): Iterable<string> {
    return recordingOf({
      name: [...this.programs.values()].map(({ view }) => view.name).join(', '),
      actors: [...this.#history.actors.values()].map(({ actor }) => actor),
      entries: [...this.#history.entries()],
      definitions: this.charts.definitions,
    });
  }

  /** Everything that a new page needs. */
  *#fullState(): Generator<ServerMessage> {
    yield { type: 'hello', control: this.control, wire: this.#wire, newest: this.#seq };
    for (const { view } of this.programs.values()) yield this.#withDropped(view);
    for (const { actor } of this.#history.actors.values()) yield actor;
    yield* this.#history.entries();
  }

  #withDropped(view: ProgramView): ProgramView {
    const dropped = this.#history.droppedOf(view.id);
    return dropped > 0 ? { ...view, dropped } : view;
  }

  #broadcast(message: ServerMessage): void {
    const one = outgoing(message);
    for (const viewer of this.#viewers) viewer.pushShared(one);
  }

  /** Recordings must not use up the room of the programs that are connected. */
  get #isHalfFull(): boolean {
    const { actors, stateBytes } = this.total;
    return actors > BOUNDS.actors.all / 2 || stateBytes > BOUNDS.stateBytes.all / 2;
  }

  /**
   * Makes room for another program.
   *
   * @throws {BoundError} When too many are connected.
   */
  #dropPrograms(): void {
    const { kept, connected } = BOUNDS.programs;
    for (const [id, program] of this.programs) {
      if (this.programs.size < kept && !this.#isHalfFull) return;
      if (program.view.source !== 'live') this.forget(id);
    }
    if (this.programs.size >= connected) {
      throw new BoundError(`more than ${String(connected)} programs are connected`);
    }
  }
}
