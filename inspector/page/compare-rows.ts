/** The rows of a comparison, of which only the visible ones are drawn. */

import { offsetText, type ShownRow, type CompareStep } from '../shared/compare-steps.ts';
import { html } from './dom.ts';
import { duration, oneLine } from './format.ts';

/** In pixels; the style sheet has the same. */
const ROW_HEIGHT = 24;
/** Rows above and below the visible ones. */
const MARGIN = 10;

/** What a press on a row does. */
export interface RowActions {
  readonly unfold: (from: number) => void;
  readonly select: (index: number) => void;
  readonly pin: (step: CompareStep) => void;
}

/** When each side began. */
export interface Starts {
  readonly left: number;
  readonly right: number;
}

/** A list of rows. */
export class CompareRows {
  readonly element = html('div', {
    class: 'rows',
    role: 'list',
    tabindex: 0,
    'aria-label': 'Steps of both sides',
  });
  readonly #space = html('div', { class: 'space' });
  readonly #actions: RowActions;
  #rows: readonly ShownRow[] = [];
  #starts: Starts = { left: 0, right: 0 };
  #selected: number | undefined;
  #top = 0;
  #height = 400;
  #drawn = '';
  #version = 0;

  constructor(actions: RowActions) {
    this.#actions = actions;
    this.element.append(this.#space);
    this.element.addEventListener('scroll', () => {
      this.#top = this.element.scrollTop;
    });
    new ResizeObserver(([entry]) => {
      this.#height = entry?.contentRect.height ?? this.#height;
    }).observe(this.element);
  }

  show(rows: readonly ShownRow[], starts: Starts): void {
    this.#rows = rows;
    this.#starts = starts;
    this.#version += 1;
    this.#space.style.blockSize = `${String(rows.length * ROW_HEIGHT)}px`;
  }

  /** Marks a row as the one whose details are shown. */
  mark(index: number | undefined): void {
    if (this.#selected === index) return;
    this.#selected = index;
    this.#version += 1;
  }

  /** Brings a row into view. */
  reveal(index: number): void {
    const at = this.#rows.findIndex((row) => row.kind === 'row' && row.index === index);
    if (at >= 0) this.element.scrollTop = Math.max(0, (at - 3) * ROW_HEIGHT);
  }

  draw(): void {
    const first = Math.max(0, Math.floor(this.#top / ROW_HEIGHT) - MARGIN);
    const last = Math.min(
      this.#rows.length,
      Math.ceil((this.#top + this.#height) / ROW_HEIGHT) + MARGIN,
    );
    const key = [first, last, this.#version].join();
    if (key === this.#drawn) return;
    this.#drawn = key;
    const focused = this.#focusedIndex();
    const elements = this.#rows.slice(first, last).map((row, at) => {
      const element = row.kind === 'fold' ? this.#fold(row) : this.#row(row);
      element.style.insetBlockStart = `${String((first + at) * ROW_HEIGHT)}px`;
      return element;
    });
    this.#space.replaceChildren(...elements);
    if (focused !== undefined)
      this.#space.querySelector<HTMLElement>(`[data-index="${focused}"] button`)?.focus();
  }

  #focusedIndex(): string | undefined {
    const focused = document.activeElement;
    if (focused === null || !this.#space.contains(focused)) return undefined;
    return focused.closest<HTMLElement>('[data-index]')?.dataset['index'];
  }

  #fold({ from, count }: Extract<ShownRow, { kind: 'fold' }>): HTMLElement {
    const button = html('button', { type: 'button' }, `${String(count)} equal steps`);
    button.addEventListener('click', () => {
      this.#actions.unfold(from);
    });
    return html(
      'div',
      { class: 'fold', role: 'listitem', 'data-index': `fold ${String(from)}` },
      button,
    );
  }

  #row({ row, index }: Extract<ShownRow, { kind: 'row' }>): HTMLElement {
    const { left, right, isSame } = row;
    const ms = left === undefined || right === undefined ? undefined : this.#later(left, right);
    const element = html(
      'div',
      {
        class: 'row',
        role: 'listitem',
        'data-index': index,
        'data-same': String(isSame),
        'aria-current': index === this.#selected ? 'true' : undefined,
      },
      this.#side(left, index, this.#starts.left),
      html('span', { class: 'mark' }, isSame ? '' : '≠'),
      this.#side(right, index, this.#starts.right),
      html(
        'span',
        { class: 'later', title: 'How much later the right side was' },
        ms === undefined ? '' : laterText(ms),
      ),
    );
    return element;
  }

  #later(left: CompareStep, right: CompareStep): number {
    return right.at - this.#starts.right - (left.at - this.#starts.left);
  }

  #side(step: CompareStep | undefined, index: number, start: number): HTMLElement {
    if (step === undefined) return html('span', { class: 'side missing' }, '–');
    const { path, event, value, at } = step;
    const button = html(
      'button',
      { type: 'button', class: 'side', title: 'Show this moment' },
      html('span', { class: 'time' }, offsetText(at - start)),
      path === '' ? undefined : html('span', { class: 'path' }, oneLine(path, 100)),
      html('span', { class: 'event' }, oneLine(event, 200)),
      html('span', { class: 'value' }, oneLine(value, 200)),
    );
    button.addEventListener('click', () => {
      this.#actions.select(index);
      this.#actions.pin(step);
    });
    return button;
  }
}

/** `+1.2 ms`; nothing for less than a tenth of a millisecond. */
function laterText(ms: number): string {
  if (Math.abs(ms) < 0.1) return '';
  return `${ms < 0 ? '−' : '+'}${duration(Math.abs(ms))}`;
}
