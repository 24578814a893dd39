/** The form in which a breakpoint is set. */

import { BREAKPOINT_KINDS, type Breakpoint, type BreakpointKind } from './breakpoints-rules.ts';
import { MAX_STAY_MS, MAX_TEXT } from './breakpoints-store.ts';
import { html } from './dom.ts';

const KIND_TEXTS: Readonly<Record<BreakpointKind, string>> = {
  state: 'a state is entered',
  event: 'an event arrives',
  error: 'something fails',
  text: 'an entry has a text',
  stay: 'a state lasts longer than',
};
const PLACEHOLDERS: Readonly<Record<BreakpointKind, string>> = {
  state: 'state, such as on.slow; * for any text',
  event: 'event, such as FAIL; * for any text',
  error: '',
  text: 'words, or /a pattern/',
  stay: 'state; empty for any',
};

/** The controls, and what they say. */
export class BreakpointForm {
  readonly element: HTMLFormElement;
  readonly #kind = html(
    'select',
    { id: 'breakpoint-kind', 'aria-label': 'When' },
    ...BREAKPOINT_KINDS.map((kind) => html('option', { value: kind }, KIND_TEXTS[kind])),
  );
  readonly #text = html('input', {
    ...{ id: 'breakpoint-text', maxlength: MAX_TEXT, 'aria-label': 'State, event or text' },
  });
  readonly #ms = html('input', {
    ...{ id: 'breakpoint-ms', type: 'number', min: 0, max: MAX_STAY_MS, step: 1, value: 1000 },
    'aria-label': 'Milliseconds',
  });
  readonly #actor = html('input', {
    ...{ id: 'breakpoint-actor', maxlength: MAX_TEXT, placeholder: 'actor; empty for all' },
    'aria-label': 'Name of the actor',
  });

  /** @param add - Sets the breakpoint; returns why it cannot be set. */
  constructor(add: (breakpoint: Breakpoint) => string | undefined) {
    const unit = html('span', { class: 'unit' }, 'ms');
    const submit = html('button', { type: 'submit' }, 'Add');
    const fields = [this.#kind, this.#ms, unit, this.#text, this.#actor, submit];
    this.element = html('form', { id: 'breakpoint-form', class: 'bar' }, ...fields);
    this.#kind.addEventListener('change', () => {
      this.#showFields();
    });
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      if (add(this.#breakpoint()) === undefined) this.#text.value = '';
    });
    this.#showFields();
  }

  get #chosen(): BreakpointKind {
    return BREAKPOINT_KINDS.find((kind) => kind === this.#kind.value) ?? 'state';
  }

  #breakpoint(): Breakpoint {
    const kind = this.#chosen;
    return {
      ...{ kind, text: kind === 'error' ? '' : this.#text.value, actor: this.#actor.value },
      ...{ ms: kind === 'stay' ? this.#ms.valueAsNumber : 0, isOn: true },
    };
  }

  #showFields(): void {
    const kind = this.#chosen;
    this.element.dataset['kind'] = kind;
    this.#text.placeholder = PLACEHOLDERS[kind];
    // A breakpoint at every state or event would hit at once, and one at no text never.
    this.#ms.required = kind === 'stay';
    this.#text.required = kind !== 'error' && kind !== 'stay';
  }
}
