/** The header: live or not, the connection, and what could not be shown. */

import { connectionText, type ConnectionState } from './connection-state.ts';
import { byId, setAttribute, setText } from './dom.ts';
import { clockTime } from './format.ts';
import type { Model } from './model.ts';
import { MAX_RECONNECT_MS } from './server-connection.ts';

/** What the header does. */
export interface HeaderActions {
  readonly goLive: () => void;
  readonly say: (text: string) => void;
}

/** Draws the header. */
export class Header {
  /** The state of the connection, and whether the page has ever shown anything. */
  connection: { readonly state: ConnectionState; readonly wasOpen: boolean } = {
    state: 'connecting',
    wasOpen: false,
  };
  readonly #model: Model;
  readonly #actions: HeaderActions;
  readonly #live = byId('live', HTMLButtonElement);
  readonly #wire = byId('wire', HTMLInputElement);
  readonly #status = byId('connection', HTMLElement);
  readonly #clear = byId('clear', HTMLButtonElement);
  /** The messages that could not be handled. The others are. */
  #failures = 0;
  #failure = '';
  #said = '';

  constructor(model: Model, actions: HeaderActions) {
    this.#model = model;
    this.#actions = actions;
    this.#live.addEventListener('click', () => {
      if (model.isLive) model.pause();
      else actions.goLive();
    });
    this.#wire.addEventListener('change', () => {
      model.request({ type: 'wire', on: this.#wire.checked });
    });
    this.#clear.addEventListener('click', () => {
      for (const program of this.#forgettable()) model.request({ type: 'forget', program });
    });
  }

  /** Counts a message that could not be handled. */
  countFailure(why: string): void {
    this.#failures += 1;
    this.#failure = why;
  }

  draw(): void {
    const { isLive, moment, wire } = this.#model;
    const at = moment?.at === undefined ? 'Paused' : `At ${clockTime(moment.at)}`;
    const why = moment === undefined || moment.why === '' ? '' : `: ${moment.why}`;
    const kept = this.#isKept() ? '' : ', which is no longer kept';
    setText(this.#live, isLive ? 'Live' : `${at}${kept}${why} – back to live`);
    setAttribute(this.#live, 'aria-pressed', String(isLive));
    setAttribute(document.body, 'data-past', isLive ? undefined : '');
    if (this.#wire.checked !== wire && document.activeElement !== this.#wire) {
      this.#wire.checked = wire;
    }
    this.#clear.disabled = this.#forgettable().length === 0;
    this.#drawStatus();
  }

  /** Whether the shown entry is still in the history. The moment is kept in any case. */
  #isKept(): boolean {
    const { entry, history } = this.#model;
    return entry === undefined || history.entry(entry.seq) === entry;
  }

  #drawStatus(): void {
    const { state, wasOpen } = this.connection;
    const fault = connectionText(state, { retryMs: MAX_RECONNECT_MS, wasOpen });
    const text = fault === '' ? this.#failureText() : fault;
    setText(this.#status, text);
    setAttribute(this.#status, 'data-fault', text === '' ? undefined : '');
    if (text !== this.#said && text === '') this.#actions.say('Connected to the inspector');
    this.#said = text;
  }

  #failureText(): string {
    if (this.#failures === 0) return '';
    const count = this.#failures === 1 ? '1 message' : `${String(this.#failures)} messages`;
    return `Something is not shown: ${count} could not be read (${this.#failure}). Load the page again.`;
  }

  #forgettable(): string[] {
    const programs = [...this.#model.programs.values()];
    return programs.filter(({ source }) => source !== 'live').map(({ id }) => id);
  }
}
