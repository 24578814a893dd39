/** The form that sends an event to the selected actor, where control is allowed. */

import { byId, html, setAttribute } from './dom.ts';
import { activeNames } from './format.ts';
import type { Model } from './model.ts';

/** Shows the form while it can be used. */
export class Sender {
  readonly #model: Model;
  readonly #form = byId('sender', HTMLFormElement);
  readonly #type = byId('event-type', HTMLInputElement);
  readonly #data = byId('event-data', HTMLTextAreaElement);
  readonly #problem = byId('event-problem', HTMLElement);
  readonly #suggestions = byId('event-types', HTMLDataListElement);
  #suggested = '';

  constructor(model: Model) {
    this.#model = model;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  draw(): void {
    const { actor, control, isLive } = this.#model;
    const isAllowed =
      actor !== undefined && this.#model.programs.get(actor.program)?.control === true;
    setAttribute(this.#form, 'hidden', control && isAllowed && isLive ? undefined : '');
    if (control && isAllowed) this.#suggest();
  }

  /** Suggests the events for which the active states have transitions. */
  #suggest(): void {
    const { actor, state } = this.#model;
    const chart = actor && this.#model.chartOf(actor);
    if (state === undefined || chart === undefined || typeof chart === 'string') return;
    const active = new Set(activeNames(state.value));
    const nodes = new Map(chart.nodes.map((node) => [node.id, node]));
    const events = chart.edges
      .filter(({ source }) => {
        const node = nodes.get(source);
        return node !== undefined && (node.parent === undefined || active.has(node.key));
      })
      .flatMap(({ labels }) => labels.map(({ event }) => event))
      .filter((event) => event !== '' && !/^(?:done|error|xstate)\./.test(event));
    const unique = [...new Set(events)];
    if (unique.join() === this.#suggested) return;
    this.#suggested = unique.join();
    this.#suggestions.replaceChildren(...unique.map((event) => html('option', { value: event })));
  }

  #send(): void {
    const { selected } = this.#model;
    const type = this.#type.value.trim();
    if (selected === undefined || type === '') return;
    try {
      const data: unknown = this.#data.value.trim() === '' ? {} : JSON.parse(this.#data.value);
      if (typeof data !== 'object' || data === null || Array.isArray(data)) {
        throw new SyntaxError('The data must be a JSON object, such as {"force": true}');
      }
      this.#model.request({ type: 'send', actor: selected, event: { ...data, type } });
      this.#problem.textContent = '';
    } catch (error) {
      this.#problem.textContent = error instanceof Error ? error.message : 'The data is not JSON';
    }
  }
}
