/**
 * An entry of a state, which is kept as the JSON text that pages get.
 *
 * A history has tens of thousands of states, which the inspector itself rarely looks into. A text takes a
 * fraction of the memory of what it is parsed to, and is converted once for all pages.
 */

import type { ActorState, StateEntry, Timestamp } from '../shared/view.ts';

/** The entry of a state, which is parsed each time that it is read. */
export class StateText implements StateEntry {
  readonly type = 'entry';
  readonly kind = 'state';
  readonly seq: number;
  readonly at: Timestamp;
  readonly actor: string;
  readonly size: number;
  readonly #state: string;

  constructor(entry: Omit<StateEntry, 'type' | 'seq'>, seq: number) {
    this.seq = seq;
    this.at = entry.at;
    this.actor = entry.actor;
    this.size = entry.size;
    this.#state = JSON.stringify(entry.state);
  }

  get state(): ActorState {
    return JSON.parse(this.#state) as ActorState;
  }

  /** The whole entry as JSON. */
  get text(): string {
    const { type, kind, seq, at, actor, size } = this;
    return `${JSON.stringify({ type, kind, seq, at, actor, size }).slice(0, -1)},"state":${this.#state}}`;
  }
}

/** The JSON text of a message to a page. */
export const textOfMessage = (message: object): string =>
  message instanceof StateText ? message.text : JSON.stringify(message);
