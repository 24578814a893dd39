/** The form that sends events to the selected machine, where control is allowed on both sides. */

import { byId, html, setAttribute, setText } from './dom.ts';
import { oneLine } from './format.ts';
import type { Model } from './model.ts';
import {
  acceptedEvents,
  type AcceptedEvents,
  dataOf,
  SentEvents,
  takenFromInspector,
} from './sender-events.ts';
import { refusalOfSending } from './sender-permission.ts';
import { SentResult } from './sender-result.ts';

/** More events are suggested while typing, but have no button. */
const MAX_BUTTONS = 24;
const MAX_LINES = 8;
const MAX_NAME_CHARACTERS = 60;

/** Shows the form while it can be used, and else says on request why it cannot. */
export class Sender {
  readonly #model: Model;
  readonly #form = byId('sender', HTMLFormElement);
  readonly #type = byId('event-type', HTMLInputElement);
  readonly #data = byId('event-data', HTMLTextAreaElement);
  readonly #problem = byId('event-problem', HTMLElement);
  readonly #suggestions = byId('event-types', HTMLDataListElement);
  readonly #result = html('output', { id: 'event-outcome', role: 'status' });
  readonly #buttons = html('div', {
    class: 'send-events',
    role: 'group',
    'aria-label': 'Accepted events',
  });
  readonly #ask = html(
    'button',
    { type: 'button', id: 'send-ask', 'aria-expanded': 'false' },
    'Send event…',
  );
  readonly #why = html('p', { id: 'send-why', role: 'status', hidden: true });
  readonly #help = html('div', { class: 'send-help', hidden: true }, this.#ask, this.#why);
  readonly #sentEvents = new SentEvents();
  #sent: SentResult | undefined;
  #lastId = 0;
  #suggested: readonly unknown[] = [];

  constructor(model: Model) {
    this.#model = model;
    this.#form.append(this.#result);
    this.#form.before(this.#buttons);
    this.#form.after(this.#help);
    model.onSent = (id, problem) => {
      if (id === this.#sent?.id) this.#sent.answered(problem);
    };
    this.#listen();
  }

  draw(): void {
    const refusal = refusalOfSending(this.#model);
    const hidden = refusal === undefined ? undefined : '';
    setAttribute(this.#form, 'hidden', hidden);
    setAttribute(this.#buttons, 'hidden', hidden);
    const isAsked = refusal !== undefined && this.#model.actor !== undefined;
    setAttribute(this.#help, 'hidden', isAsked ? undefined : '');
    if (refusal !== undefined) setText(this.#why, this.#why.hidden ? '' : refusal);
    else this.#suggest();
    if (this.#sent !== undefined) setText(this.#result, this.#sent.text());
  }

  #listen(): void {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#ask.addEventListener('click', () => {
      this.#why.hidden = !this.#why.hidden;
      setAttribute(this.#ask, 'aria-expanded', String(!this.#why.hidden));
    });
    this.#data.addEventListener('input', () => {
      this.#fit();
      // A sentence that is shown is kept right; none appears while the data is being typed.
      if (this.#problem.textContent !== '') this.#check();
    });
    this.#data.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
    this.#type.addEventListener('keydown', (event) => {
      const isArrow = event.key === 'ArrowUp' || event.key === 'ArrowDown';
      const isFree = this.#type.value === '' || this.#sentEvents.isBrowsed;
      if (isArrow && isFree && this.#recall(event.key === 'ArrowUp' ? -1 : 1))
        event.preventDefault();
    });
  }

  /** Enter sends, as in a field of one line; Shift and Enter begin a new line. */
  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#form.requestSubmit();
      return;
    }
    const { selectionStart, value } = this.#data;
    const isFirst = !value.slice(0, selectionStart).includes('\n');
    const isLast = !value.slice(selectionStart).includes('\n');
    const isHandled =
      (event.key === 'ArrowUp' && isFirst && this.#recall(-1)) ||
      (event.key === 'ArrowDown' && isLast && this.#recall(1));
    if (isHandled) event.preventDefault();
  }

  /** Fills the form with an event that was sent before, if there is one. */
  #recall(by: -1 | 1): boolean {
    const event = this.#sentEvents.step(by);
    if (event === undefined) return false;
    this.#type.value = event.type;
    this.#data.value = event.data;
    this.#fit();
    return true;
  }

  #fit(): void {
    this.#data.rows = Math.min(MAX_LINES, this.#data.value.split('\n', MAX_LINES).length);
  }

  /** Suggests what the active states accept. */
  #suggest(): void {
    const { actor, state } = this.#model;
    if (actor === undefined || state === undefined) return;
    const shape = this.#model.shapeOf(actor);
    const chart = this.#model.chartOf(actor);
    const now = [shape, chart, state];
    if (now.every((one, at) => one === this.#suggested[at])) return;
    this.#suggested = now;
    const only = takenFromInspector(typeof chart === 'string' ? undefined : chart);
    this.#offer(acceptedEvents(shape?.states ?? [], state.value, only));
  }

  #offer({ names, prefixes, isAny }: AcceptedEvents): void {
    const options = [...names, ...prefixes];
    const key = JSON.stringify([options, isAny]);
    if (key === this.#buttons.dataset['key']) return;
    this.#buttons.dataset['key'] = key;
    this.#suggestions.replaceChildren(...options.map((value) => html('option', { value })));
    this.#buttons.replaceChildren(
      ...options.slice(0, MAX_BUTTONS).map((name) => this.#button(name)),
      ...(isAny ? [html('span', {}, 'any other event (*)')] : []),
      ...(options.length === 0 && !isAny ? [html('span', {}, 'accepts no event now')] : []),
    );
  }

  #button(name: string): HTMLElement {
    const text = oneLine(name, MAX_NAME_CHARACTERS);
    const button = html('button', { type: 'button' }, name.endsWith('.') ? `${text}*` : text);
    button.addEventListener('click', () => {
      this.#type.value = name;
      (name.endsWith('.') ? this.#type : this.#data).focus();
    });
    return button;
  }

  #check(): Readonly<Record<string, unknown>> | undefined {
    const typed = dataOf(this.#data.value);
    const problem = 'problem' in typed ? typed.problem : '';
    setText(this.#problem, problem);
    setAttribute(this.#data, 'aria-invalid', problem === '' ? undefined : 'true');
    return 'data' in typed ? typed.data : undefined;
  }

  #send(): void {
    const { selected } = this.#model;
    const type = this.#type.value.trim();
    const data = this.#check();
    if (selected === undefined || type === '' || data === undefined) return;
    this.#lastId += 1;
    this.#sent = new SentResult(this.#model, this.#lastId, selected, type);
    this.#sentEvents.add({ type, data: this.#data.value });
    this.#model.request({
      type: 'send',
      id: this.#lastId,
      actor: selected,
      event: { ...data, type },
    });
  }
}
