/** The controls of the timeline that decide which entries it shows. */

import { byId, html, setText } from './dom.ts';
import { FilterRules, type FilterSettings, type Kind, KINDS, SCOPES } from './filter-rules.ts';
import type { Model } from './model.ts';

/** Reads the controls. */
export class Filter {
  readonly #model: Model;
  readonly #search = byId('search', HTMLInputElement);
  readonly #scope = byId('scope', HTMLSelectElement);
  readonly #all = byId('show-all', HTMLInputElement);
  readonly #errors: HTMLInputElement;
  readonly #unhandled: HTMLInputElement;
  readonly #problem = html('output', { id: 'search-problem', role: 'alert' });
  readonly #kinds = KINDS.map((kind): [Kind, HTMLInputElement] => [
    kind,
    byId(`show-${kind}`, HTMLInputElement),
  ]);
  #key = '';
  #rules: FilterRules;

  constructor(model: Model) {
    this.#model = model;
    this.#search.title = SEARCH_HELP;
    if (this.#scope.querySelector('[value=actor]') === null) {
      this.#scope.append(html('option', { value: 'actor' }, 'this actor'));
    }
    this.#unhandled = this.#addBox(
      'show-unhandled',
      'unhandled',
      'Only events that took no transition',
    );
    this.#errors = this.#addBox(
      'show-errors',
      'errors',
      'Only entries with which something failed',
    );
    this.#search.after(this.#problem);
    this.#rules = new FilterRules(model, this.#settings());
  }

  /** The current rules: the same object until a setting changes. */
  rules(): FilterRules {
    const settings = this.#settings();
    const key = JSON.stringify([settings, this.#model.epoch]);
    if (key === this.#key) return this.#rules;
    this.#key = key;
    this.#rules = new FilterRules(this.#model, settings);
    setText(this.#problem, this.#rules.problem ?? '');
    this.#search.setAttribute('aria-invalid', String(this.#rules.problem !== undefined));
    return this.#rules;
  }

  #settings(): FilterSettings {
    const scope = SCOPES.find((one) => one === this.#scope.value) ?? 'all';
    return {
      kinds: this.#kinds.filter(([, box]) => box.checked).map(([kind]) => kind),
      scope,
      selected: scope === 'all' ? undefined : this.#model.selected,
      search: this.#search.value.trim(),
      isAll: this.#all.checked,
      isErrors: this.#errors.checked,
      isUnhandled: this.#unhandled.checked,
    };
  }

  #addBox(id: string, text: string, title: string): HTMLInputElement {
    const box = html('input', { id, type: 'checkbox' });
    this.#all.closest('label')?.after(html('label', { title }, box, ` ${text}`));
    return box;
  }
}

const SEARCH_HELP =
  'Words that all occur, "words in quotes" or /a pattern/; with actor:, event: or state: in front ' +
  'only there; with - in front for what must not occur. n and N go to the next and the previous one.';
