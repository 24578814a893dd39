/** What is shown over the timeline: how many entries are new, and the pinned entry when it is not in the list. */

import type { Entry } from '../shared/view.ts';
import { html, setAttribute, setText } from './dom.ts';
import type { Model } from './model.ts';
import { contentOf } from './row.ts';
import { RowView } from './timeline-rows.ts';
import type { SeqList } from './timeline-seqs.ts';

/** What the buttons do. */
interface StatusListener {
  /** Show the newest entry, and follow. */
  readonly onFollow: () => void;
  /** Freeze the view at entries like the pinned one; without it there is no such button. */
  readonly onBreak: (() => void) | undefined;
  readonly onNextError: () => void;
}

/** What is drawn. */
interface StatusView {
  readonly seqs: SeqList;
  /** The number of all entries. */
  readonly total: number;
  /** The number of the last entry that is wholly visible. */
  readonly lastVisible: number | undefined;
  readonly isFollowing: boolean;
  readonly canBreak: boolean;
}

/** The buttons over the end of the list, and what a screen reader says. */
export class TimelineStatus {
  readonly #new = html('button', { id: 'timeline-new', type: 'button', hidden: true });
  readonly #break = html(
    'button',
    {
      ...{ id: 'timeline-break', type: 'button', hidden: true },
      title: 'Freeze the view when an entry like the selected one happens again',
    },
    'Break on this',
  );
  readonly #said = html('output', { class: 'said', role: 'status' });
  readonly #empty = html('p', { class: 'timeline-empty hint' });
  readonly #hasBreak: boolean;
  /** The newest entry that has been in view. */
  #seen = 0;

  constructor(root: HTMLElement, { onFollow, onBreak, onNextError }: StatusListener) {
    this.#new.addEventListener('click', onFollow);
    this.#hasBreak = onBreak !== undefined;
    if (onBreak !== undefined) this.#break.addEventListener('click', onBreak);
    const buttons = html('div', { class: 'timeline-status' }, this.#break, this.#new);
    root.after(this.#empty, buttons, this.#said);
    const nextError = html(
      'button',
      { id: 'next-error', type: 'button', title: 'Select the next failure (e; the previous: E)' },
      'next error',
    );
    nextError.addEventListener('click', onNextError);
    document.getElementById('count')?.before(nextError);
  }

  draw({ seqs, total, lastVisible = 0, isFollowing, canBreak }: StatusView): void {
    const newest = seqs.at(seqs.length - 1) ?? 0;
    // After the server has started again, the numbers start again.
    this.#seen = Math.min(newest, isFollowing ? newest : Math.max(this.#seen, lastVisible));
    const count = seqs.length - seqs.countUpTo(this.#seen);
    setText(this.#new, `${String(count)} new ${count === 1 ? 'entry' : 'entries'} ↓`);
    setAttribute(this.#new, 'hidden', count > 0 ? undefined : '');
    const why = total === 0 ? 'Nothing has happened yet.' : 'No entry passes the filter.';
    setText(this.#empty, seqs.length === 0 ? why : '');
    setAttribute(this.#break, 'hidden', canBreak && this.#hasBreak ? undefined : '');
  }

  /** Lets a screen reader say something. */
  say(text: string): void {
    setText(this.#said, text);
  }
}

/** The pinned entry as a row of its own, which stays above the others. */
export class PinnedRow {
  readonly #root: HTMLElement;
  readonly #row = new RowView('timeline-pinned');

  /** @param root - The list, which has the row only while it is needed. */
  constructor(root: HTMLElement) {
    this.#root = root;
    setAttribute(this.#row.element, 'aria-selected', 'true');
  }

  /** The id of its element. */
  get id(): string {
    return this.#row.element.id;
  }

  /** Whether it is there. */
  get isShown(): boolean {
    return this.#row.element.isConnected;
  }

  /** @param entry - `undefined` when it is in the list. */
  draw(entry: Entry | undefined, model: Model): void {
    const { element } = this.#row;
    if (entry === undefined) {
      if (element.isConnected) element.remove();
      return;
    }
    const isKept = model.history.entry(entry.seq) === entry;
    const note = isKept ? 'not shown by the filter' : 'no longer kept; the moment is';
    this.#row.update(`${String(entry.seq)} ${note}`, () => {
      const content = contentOf(entry, { previous: undefined, pinned: undefined }, model);
      return { ...content, more: `${note} · ${content.more}` };
    });
    element.classList.add('pinned');
    if (!element.isConnected) this.#root.prepend(element);
  }
}
