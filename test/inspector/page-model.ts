/** A model of the page with made-up programs, actors and entries. */

import { Model } from '../../inspector/page/model.ts';
import type { ActorState, Entry, Json, ProgramView } from '../../inspector/shared/view.ts';

type EventFacts = Partial<Pick<Extract<Entry, { kind: 'event' }>, 'data' | 'origin'>>;

/** A model, and what a server would send it. */
export class MadeUpModel {
  readonly model = new Model(() => undefined);
  /** The time of the next entry. */
  at = 1_000_000;
  seq = 0;

  constructor(source: ProgramView['source'] = 'live') {
    this.model.receive({ type: 'hello', control: false, wire: false, newest: 0 });
    this.program('p1', source);
  }

  program(id: string, source: ProgramView['source'] = 'live'): void {
    this.model.receive({
      type: 'program',
      id,
      name: `name of ${id}`,
      pid: 1,
      source,
      control: false,
    });
  }

  /** Starts an actor. */
  actor(id: string, parent?: string, kind: 'machine' | 'actor' = 'machine'): void {
    const [program = '', name = ''] = id.split('/');
    const related = parent === undefined ? {} : { parent };
    this.model.receive({
      ...{ type: 'actor', id, program, name, kind, chart: 'c', start: this.seq + 1, ...related },
      base: this.#state('idle', ''),
    });
    this.#add({ kind: 'start', actor: id });
  }

  stop(actor: string): number {
    return this.#add({ kind: 'stop', actor });
  }

  event(actor: string, name: string, facts: EventFacts = {}): number {
    return this.#add({ kind: 'event', actor, name, data: { type: name }, ...facts });
  }

  state(actor: string, value: Json, event = 'E', facts: Partial<ActorState> = {}): number {
    const step = { event, value, transitions: [{ source: 'a', event, target: ['b'] }] };
    const state = { ...this.#state(value, event), microsteps: [step], ...facts };
    return this.#add({ kind: 'state', actor, state });
  }

  message(actor: string, text: string, direction: 'in' | 'out' = 'in'): number {
    return this.#add({ kind: 'message', actor, text, direction, bytes: text.length, skipped: 0 });
  }

  problem(program: string, text: string): number {
    return this.#add({ kind: 'problem', actor: program, text });
  }

  /** @throws {Error} When it is not kept. */
  entry(seq: number): Entry {
    const entry = this.model.history.entry(seq);
    if (entry === undefined) throw new Error(`Entry ${String(seq)} is not kept`);
    return entry;
  }

  #state(value: Json, event: string): ActorState {
    return { at: this.at, status: 'active', value, context: null, event };
  }

  #add(entry: Record<string, unknown> & { kind: Entry['kind'] }): number {
    this.seq += 1;
    const common = { type: 'entry', seq: this.seq, at: this.at, size: 100 };
    this.model.receive({ ...common, ...entry } as Entry);
    this.at += 10;
    return this.seq;
  }
}
