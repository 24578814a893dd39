/** The panel of the state or the transition that is selected in the chart. */

import type { ChartEdge, ChartNode, ChartTransition, Json } from '../shared/view.ts';
import { html } from './dom.ts';
import { brief } from './format.ts';

/** What can be selected in a chart. */
export type ChartSelection =
  | { readonly kind: 'state'; readonly node: ChartNode }
  | {
      readonly kind: 'transition';
      readonly edge: ChartEdge;
      readonly source: ChartNode;
      readonly transition: ChartTransition;
    };

/** What other parts of the page know of a state. */
export interface ChartHooks {
  /** How often a state was entered and how long it was active, as a text. */
  readonly coverageOf?: (state: string) => string | undefined;
  /** Whether there is a breakpoint at a state, and sets or removes it. */
  readonly hasBreakpoint?: (state: string) => boolean;
  readonly toggleBreakpoint?: (state: string) => void;
}

/** What the panel shows of the moment. */
export interface PanelMoment {
  readonly isActive: (state: string) => boolean;
  readonly isAlive: boolean;
  readonly nameOf: (state: string) => string;
}

const KINDS = {
  atomic: 'State',
  compound: 'State with states',
  parallel: 'Parallel state',
  final: 'Final state',
  history: 'History state',
  initial: 'Initial state',
} as const;

/** Draws the panel. It is hidden while nothing is selected. */
export class ChartPanel {
  readonly element = html('aside', {
    class: 'chart-panel',
    'aria-label': 'Selected',
    hidden: true,
  });
  readonly #hooks: ChartHooks;
  readonly #onSelect: (state: string) => void;
  readonly #onClose: () => void;
  #shown = '';

  /** @param onSelect - Called with the id of a state that the user follows a transition to. */
  constructor(hooks: ChartHooks, onSelect: (state: string) => void, onClose: () => void) {
    this.#hooks = hooks;
    this.#onSelect = onSelect;
    this.#onClose = onClose;
  }

  draw(selection: ChartSelection | undefined, moment: PanelMoment): void {
    const key = selection === undefined ? '' : this.#keyOf(selection, moment);
    if (key === this.#shown) return;
    const hadFocus = this.element.contains(document.activeElement);
    this.#shown = key;
    this.element.hidden = selection === undefined;
    if (selection === undefined) {
      this.element.replaceChildren();
      return;
    }
    const content =
      selection.kind === 'state'
        ? this.#stateContent(selection.node, moment)
        : this.#transitionContent(selection, moment);
    this.element.replaceChildren(this.#closeButton(), ...content);
    if (hadFocus) this.element.querySelector('button')?.focus();
  }

  /** The panel is drawn again when this text changes. */
  #keyOf(selection: ChartSelection, { isActive, isAlive }: PanelMoment): string {
    const id = selection.kind === 'state' ? selection.node.id : selection.source.id;
    const what =
      selection.kind === 'state' ? '' : [selection.transition.event, selection.transition.index];
    const { coverageOf, hasBreakpoint } = this.#hooks;
    return JSON.stringify([
      ...[id, what, isActive(id) && isAlive, coverageOf?.(id) ?? '', hasBreakpoint?.(id) ?? ''],
    ]);
  }

  #closeButton(): HTMLButtonElement {
    const button = html(
      'button',
      { type: 'button', class: 'close', 'aria-label': 'Close', title: 'Close (Escape)' },
      '×',
    );
    button.addEventListener('click', this.#onClose);
    return button;
  }

  #stateContent(node: ChartNode, moment: PanelMoment): Node[] {
    const { id, key, kind, description, tags, entry, exit, lines, transitions, meta } = node;
    const isActive = moment.isActive(id) && moment.isAlive;
    const what = kind === 'history' ? `${node.history ?? 'shallow'} history` : KINDS[kind];
    return [
      html('h3', {}, key),
      html('p', { class: 'hint' }, `${what}, ${isActive ? 'active' : 'not active'} · ${id}`),
      ...(description === undefined ? [] : [html('p', {}, description)]),
      this.#factsOf([
        ['tags', tags.join(', ')],
        ['entry', entry.join(', ')],
        ['exit', exit.join(', ')],
        ['runs', textsOf(lines, 'actor')],
        ['deadlines', textsOf(lines, 'deadline')],
        ['meta', meta === undefined ? '' : metaText(meta)],
        ['coverage', this.#hooks.coverageOf?.(id) ?? ''],
      ]),
      ...this.#breakpointButton(id),
      ...(transitions.length === 0 ? [] : [html('h4', {}, 'Transitions, in order')]),
      html(
        'ol',
        {},
        ...transitions.map((one) =>
          html('li', { 'data-possible': isActive }, ...this.#transitionTexts(one, moment)),
        ),
      ),
    ];
  }

  #transitionContent(
    { source, transition }: Extract<ChartSelection, { kind: 'transition' }>,
    moment: PanelMoment,
  ): Node[] {
    const isPossible = moment.isActive(source.id) && moment.isAlive;
    const { description } = transition;
    return [
      html('h3', {}, transition.text),
      html(
        'p',
        { class: 'hint' },
        `Transition of ${source.key}, ${isPossible ? 'possible now' : 'not possible now'}`,
      ),
      html('p', {}, ...this.#transitionTexts(transition, moment)),
      ...(description === undefined ? [] : [html('p', {}, description)]),
      this.#stateButton(source.id, moment, 'Select the state '),
    ];
  }

  #transitionTexts(
    { text, guard, target, actions, description }: ChartTransition,
    moment: PanelMoment,
  ): (Node | string)[] {
    return [
      html('code', { title: description }, text),
      guard === undefined ? '' : ` [${guard}]`,
      ...(target.length === 0
        ? [' stays']
        : target.flatMap((id) => [' → ', this.#stateButton(id, moment)])),
      actions.length === 0 ? '' : ` / ${actions.join(', ')}`,
    ];
  }

  #stateButton(id: string, { nameOf }: PanelMoment, before = ''): HTMLButtonElement {
    const button = html('button', { type: 'button', class: 'link' }, `${before}${nameOf(id)}`);
    button.addEventListener('click', () => {
      this.#onSelect(id);
    });
    return button;
  }

  #breakpointButton(id: string): HTMLButtonElement[] {
    const { hasBreakpoint, toggleBreakpoint } = this.#hooks;
    if (toggleBreakpoint === undefined) return [];
    const isSet = hasBreakpoint?.(id) ?? false;
    const text = isSet ? 'Remove the breakpoint' : 'Break when it is entered';
    const button = html('button', { type: 'button' }, text);
    button.addEventListener('click', () => {
      toggleBreakpoint(id);
    });
    return [button];
  }

  #factsOf(facts: readonly (readonly [string, string])[]): HTMLDListElement {
    const shown = facts.filter(([, text]) => text !== '');
    return html(
      'dl',
      {},
      ...shown.flatMap(([name, text]) => [html('dt', {}, name), html('dd', {}, text)]),
    );
  }
}

const textsOf = (lines: ChartNode['lines'], kind: string): string =>
  lines
    .filter((line) => line.kind === kind)
    .map(({ text, src }) => (src === undefined ? text : `${text} (${src})`))
    .join(', ');

const metaText = (meta: Json): string => brief(meta, 1_000);
