/** The elements of the rows of the tree. */

import type { ActorView, ProgramView } from '../shared/view.ts';
import { html, setAttribute, setText } from './dom.ts';
import { nameElement } from './actor-name.ts';
import type { Model } from './model.ts';
import { rateText } from './rates.ts';
import { isConnected, stateText, statusOf } from './tree-actors.ts';
import type { TreeRow } from './tree-rows.ts';

/** Called for what the user does with a row. */
export interface RowListener {
  readonly onSelect: (id: string) => void;
  readonly onFold: (id: string) => void;
  readonly onForget: (program: string) => void;
}

const RATE_TITLE = 'Transitions per second, over the last five seconds';

/** The row of an actor. */
export class ActorRowElement {
  readonly element: HTMLElement;
  readonly #actor: ActorView;
  readonly #status = html('span', { class: 'status', 'aria-hidden': 'true' });
  readonly #badge = html('span', { class: 'badge' });
  readonly #below = html('span', { class: 'badge below' });
  readonly #rate = html('span', { class: 'rate' });
  readonly #state = html('span', { class: 'state' });

  constructor(actor: ActorView, listener: RowListener) {
    this.#actor = actor;
    const twist = html('span', { class: 'twist', 'aria-hidden': 'true' });
    this.element = html(
      'div',
      { role: 'treeitem', tabindex: -1, 'data-actor': actor.id },
      twist,
      this.#status,
      nameElement(actor),
      this.#badge,
      this.#below,
      this.#rate,
      this.#state,
    );
    this.element.addEventListener('click', (event) => {
      const isFold = event.target === twist && this.element.hasAttribute('aria-expanded');
      (isFold ? listener.onFold : listener.onSelect)(actor.id);
    });
  }

  /** Gives it its place in the tree. */
  place({ level, isFolded, isContext, hiddenFailures }: Extract<TreeRow, { kind: 'actor' }>): void {
    setAttribute(this.element, 'aria-level', String(level));
    setAttribute(
      this.element,
      'aria-expanded',
      isFolded === undefined ? undefined : String(!isFolded),
    );
    setAttribute(this.element, 'data-context', isContext ? '' : undefined);
    this.element.style.paddingInlineStart = `${String(level * 12 - 6)}px`;
    setBadge(this.#below, hiddenFailures, 'in actors below it that are not shown');
  }

  /** Shows its state at the selected moment. */
  update(model: Model, rate: number): void {
    const { id } = this.#actor;
    const state = model.stateOf(id);
    if (state === undefined) return;
    const isAlive = model.isAlive(id);
    const isGone = !isConnected(model, this.#actor);
    setAttribute(this.#status, 'data-status', isGone ? 'disconnected' : statusOf(state, isAlive));
    const text = stateText(this.#actor, state, isAlive);
    setText(this.#state, text);
    setAttribute(this.#state, 'title', text);
    const shownRate = model.isLive ? rateText(rate) : '';
    setText(this.#rate, shownRate);
    setAttribute(this.#rate, 'title', shownRate === '' ? undefined : RATE_TITLE);
    setBadge(this.#badge, model.failures.get(id) ?? 0, 'of this actor');
    setAttribute(this.element, 'data-ended', isAlive && !isGone ? undefined : '');
    setAttribute(this.element, 'aria-selected', String(id === model.selected));
  }
}

/** The row of a program. */
export class ProgramRowElement {
  readonly element: HTMLElement;
  readonly #fold = html('button', { type: 'button', class: 'fold' });
  readonly #name = html('span', { class: 'name' });
  readonly #badge = html('span', { class: 'badge below' });
  readonly #state = html('span', { class: 'state' });
  readonly #forget = html('button', { type: 'button', class: 'forget', hidden: true }, 'Forget');

  constructor(id: string, listener: RowListener) {
    this.element = html('div', { class: 'program', 'data-program': id });
    this.element.append(this.#fold, this.#name, this.#badge, this.#state, this.#forget);
    this.#fold.addEventListener('click', () => {
      listener.onFold(id);
    });
    this.#forget.addEventListener('click', () => {
      listener.onForget(id);
    });
  }

  update(
    program: ProgramView,
    { actors, hiddenFailures }: Extract<TreeRow, { kind: 'program' }>,
    isFolded: boolean,
    isRestarted: boolean,
  ): void {
    const { name, source } = program;
    setAttribute(this.element, 'data-source', source);
    setText(this.#name, name);
    setAttribute(this.#name, 'title', name);
    setText(this.#fold, isFolded ? '▸' : '▾');
    setAttribute(this.#fold, 'aria-expanded', String(!isFolded));
    setAttribute(this.#fold, 'aria-label', `Actors of ${name}`);
    const about = `${sourceText(program, isRestarted)} · ${String(actors)}`;
    setText(this.#state, about);
    setAttribute(this.#state, 'title', `${about} actors`);
    setBadge(this.#badge, hiddenFailures, 'in actors that are not shown');
    this.#forget.hidden = source === 'live';
    setAttribute(this.#forget, 'aria-label', `Forget ${name}`);
  }
}

function setBadge(badge: HTMLElement, failures: number, where: string): void {
  setText(badge, failures === 0 ? '' : failures > 999 ? '999+' : String(failures));
  const text = `${String(failures)} ${failures === 1 ? 'failure' : 'failures'} ${where}`;
  setAttribute(badge, 'title', failures === 0 ? undefined : text);
}

function sourceText({ source, pid }: ProgramView, isRestarted: boolean): string {
  if (source === 'recording') return 'recording';
  if (source === 'disconnected') return isRestarted ? 'earlier run' : 'disconnected';
  return pid > 0 ? `pid ${String(pid)}` : 'live';
}

/** The row that says how many entries a program has lost. */
export const noteRow = (dropped: number): HTMLElement =>
  html(
    'div',
    { class: 'note', title: 'The history of each program is bounded' },
    `${dropped.toLocaleString('en')} older entries dropped`,
  );
