/** The timeline: the kept entries that pass the filter, the newest last. Only visible rows are drawn. */

import type { Entry } from '../shared/view.ts';
import { byId, html, setAttribute, setText } from './dom.ts';
import { Filter } from './filter.ts';
import type { FilterRules } from './filter-rules.ts';
import type { Model } from './model.ts';
import { contentOf, droppedContent, entryInWords } from './row.ts';
import { TimelineEntries } from './timeline-entries.ts';
import { listSteps } from './timeline-keys.ts';
import { ListPosition } from './timeline-position.ts';
import { TimelineRows, type VisibleRow } from './timeline-rows.ts';
import { ScrollMap } from './timeline-scroll.ts';
import { PinnedRow, TimelineStatus } from './timeline-status.ts';

/** In pixels, as in the style sheet. */
const ROW_HEIGHT = 22;
/** Rows drawn above and below the visible ones. */
const MARGIN_ROWS = 6;
/** How long a frame may filter, in ms. */
const SLICE_MS = 5;
/** The programs of which the list says how many entries were dropped. */
const MAX_DROPPED_ROWS = 50;
/** A smaller difference is due to rounding, and not to a user who scrolls. */
const SCROLL_TOLERANCE = 1.5;

/** A program that has lost entries. */
interface Loss {
  readonly program: string;
  readonly name: string;
  readonly count: number;
}

/** Draws the view "Timeline" and pins its entries. */
export class Timeline {
  readonly #model: Model;
  readonly #filter: Filter;
  readonly #entries: TimelineEntries;
  readonly #map = new ScrollMap(ROW_HEIGHT);
  readonly #position: ListPosition;
  readonly #root = byId('timeline', HTMLElement);
  readonly #count = byId('count', HTMLElement);
  readonly #space = html('div', { class: 'space', role: 'presentation' });
  readonly #rows = new TimelineRows(this.#space);
  readonly #pinnedRow = new PinnedRow(this.#root);
  readonly #status: TimelineStatus;
  #rules: FilterRules;
  #visible: readonly VisibleRow[] = [];
  /** What the element that is scrolled was set to. */
  #scrollTop = 0;
  #isPlaced = false;
  /** The height of the element that is scrolled. */
  #height = 0;
  #isHovered = false;
  /** The moment that was last brought into view. */
  #shownMoment: unknown;

  /** @param onBreak - Called with an entry at whose kind the user wants the view to freeze. */
  constructor(model: Model, onBreak?: (entry: Entry) => void) {
    this.#model = model;
    this.#filter = new Filter(model);
    this.#rules = this.#filter.rules();
    this.#entries = new TimelineEntries(model, this.#rules);
    this.#position = new ListPosition(this.#entries.seqs, this.#map);
    this.#root.append(this.#space);
    this.#status = new TimelineStatus(this.#root, {
      onFollow: () => {
        this.#follow();
      },
      onBreak:
        onBreak &&
        (() => {
          if (model.entry !== undefined) onBreak(model.entry);
        }),
      onNextError: () => {
        this.stepToError(1);
      },
    });
    this.#listen();
  }

  draw(): void {
    this.#applyFilter();
    const isHeld = this.#isHovered || !this.#model.isLive;
    this.#drawPinnedRow();
    const losses = this.#losses();
    this.#position.update(losses.length, isHeld);
    this.#showMoment();
    this.#applyPosition();
    this.#visible = this.#visibleRows(losses);
    this.#rows.draw(this.#visible, this.#map.rows);
    this.#drawState(isHeld);
  }

  /** Moves the selection by a number of rows, at most to the first or the last one. */
  step(rows: number): void {
    const { seqs } = this.#entries;
    if (seqs.length === 0) return;
    const { seq } = this.#model;
    // Between two rows, the first step leads to the next one in either direction.
    const at = seqs.countUpTo(seq) - (seqs.has(seq) || rows > 0 ? 1 : 0);
    this.#select(seqs.at(Math.min(seqs.length - 1, Math.max(0, at + rows))));
  }

  /** Selects the next (1) or the previous (-1) shown entry with which something failed. */
  stepToError(direction: 1 | -1): void {
    const { seqs } = this.#entries;
    const { cursor, history } = this.#model;
    // From a live page, the next one is the first.
    let at = cursor === undefined ? (direction > 0 ? -1 : seqs.length) : seqs.countUpTo(cursor) - 1;
    if (cursor !== undefined && direction < 0 && !seqs.has(cursor)) at += 1;
    for (at += direction; at >= 0 && at < seqs.length; at += direction) {
      const entry = history.entry(seqs.at(at) ?? 0);
      if (entry === undefined || !this.#model.isFailure(entry)) continue;
      this.#select(entry.seq);
      return;
    }
    const which = direction > 0 ? 'later' : 'earlier';
    this.#status.say(`There is no ${which} failure among the shown entries.`);
  }

  /** Selects the next (1) or the previous (-1) entry that a search has found. */
  stepToHit(direction: 1 | -1): void {
    if (this.#rules.isSearch) this.step(direction);
  }

  /** Drops the selection and follows the newest entry. */
  returnToLive(): void {
    this.#model.goLive();
    this.#follow();
  }

  #listen(): void {
    const root = this.#root;
    new ResizeObserver(() => {
      this.#height = root.clientHeight;
      // A view that was not shown has lost its position.
      this.#isPlaced = false;
    }).observe(root);
    root.addEventListener('scroll', () => {
      this.#onScroll();
    });
    root.addEventListener('pointerenter', ({ pointerType }) => {
      this.#isHovered = pointerType === 'mouse';
    });
    root.addEventListener('pointerleave', () => {
      this.#isHovered = false;
    });
    // When a button is released, the rows may have moved on.
    root.addEventListener('pointerdown', (event) => {
      if (event.button === 0 && event.pointerType !== 'touch') this.#press(event.clientY);
    });
    // A finger that goes down may be about to scroll. A screen reader only clicks.
    root.addEventListener('click', (event) => {
      const isMouse = event instanceof PointerEvent && event.pointerType === 'mouse';
      if (!isMouse) this.#press(event.clientY, event.target);
    });
    root.addEventListener('keydown', (event) => {
      const rows = listSteps(event, Math.floor(this.#map.viewport / ROW_HEIGHT) - 1);
      if (rows === undefined) return;
      event.preventDefault();
      this.step(rows);
    });
  }

  #applyFilter(): void {
    const rules = this.#filter.rules();
    if (rules !== this.#rules) this.#entries.restart(rules);
    this.#rules = rules;
    const end = performance.now() + SLICE_MS;
    this.#entries.work(() => performance.now() > end);
  }

  #losses(): readonly Loss[] {
    const losses: Loss[] = [];
    for (const [program, { name }] of this.#model.programs) {
      const count = this.#model.history.droppedOf(program);
      if (count === 0 || !this.#rules.showsProgram(program)) continue;
      losses.push({ program, name, count });
      if (losses.length >= MAX_DROPPED_ROWS) break;
    }
    return losses;
  }

  /** Brings a moment into view once, whatever has pinned it. */
  #showMoment(): void {
    const { moment } = this.#model;
    if (moment === this.#shownMoment) return;
    this.#shownMoment = moment;
    if (moment === undefined) return;
    this.#position.show(moment.seq);
    if (moment.entry !== undefined) this.#status.say(entryInWords(moment.entry, this.#model));
  }

  #applyPosition(): void {
    const height = `${String(this.#map.height)}px`;
    if (this.#space.style.height !== height) this.#space.style.height = height;
    const scrollTop = this.#map.scrollTopOf(this.#position.offset);
    if (this.#isPlaced && Math.abs(scrollTop - this.#scrollTop) < 0.5) return;
    this.#isPlaced = this.#height > 0;
    this.#scrollTop = scrollTop;
    this.#root.scrollTop = scrollTop;
  }

  #onScroll(): void {
    if (!this.#isPlaced) return;
    const { scrollTop } = this.#root;
    if (Math.abs(scrollTop - this.#scrollTop) < SCROLL_TOLERANCE) return;
    this.#scrollTop = scrollTop;
    this.#position.scrollTo(this.#map.offsetOf(scrollTop));
  }

  #visibleRows(losses: readonly Loss[]): VisibleRow[] {
    const { offset } = this.#position;
    const first = Math.max(0, Math.floor(offset / ROW_HEIGHT) - MARGIN_ROWS);
    const last = Math.ceil((offset + this.#map.viewport) / ROW_HEIGHT) + MARGIN_ROWS;
    const rows: VisibleRow[] = [];
    let previous = this.#entryAt(first - 1);
    for (let index = first; index < Math.min(last, this.#map.rows); index += 1) {
      const top = this.#scrollTop + index * ROW_HEIGHT - offset;
      const loss = losses[index];
      const entry = this.#entryAt(index);
      if (loss !== undefined) rows.push(lossRow(loss, index, top));
      else if (entry !== undefined) rows.push(this.#entryRow(entry, previous, index, top));
      previous = entry;
    }
    return rows;
  }

  #entryAt(index: number): Entry | undefined {
    const seq = this.#entries.seqs.at(index - this.#position.extra);
    return seq === undefined ? undefined : this.#model.history.entry(seq);
  }

  #entryRow(entry: Entry, previous: Entry | undefined, index: number, top: number): VisibleRow {
    const model = this.#model;
    const { seq } = entry;
    const { entry: pinned, epoch } = model;
    const isUnhandled = model.isUnhandled(entry);
    return {
      ...{ key: String(seq), seq, index, top, isSelected: seq === model.cursor },
      version: [seq, previous?.seq, pinned?.seq, isUnhandled, epoch].join(),
      content: () => contentOf(entry, { previous, pinned }, model),
    };
  }

  /** The pinned entry, when it is not in the list. The other rows stay where they are on the screen. */
  #drawPinnedRow(): void {
    const { moment } = this.#model;
    const { seqs, progress } = this.#entries;
    const isMissing = moment?.entry !== undefined && !seqs.has(moment.seq);
    const wasShown = this.#pinnedRow.isShown;
    this.#pinnedRow.draw(
      isMissing && progress === undefined ? moment.entry : undefined,
      this.#model,
    );
    const { isShown } = this.#pinnedRow;
    this.#map.viewport = Math.max(0, this.#height - (isShown ? ROW_HEIGHT : 0));
    if (isShown === wasShown || this.#position.offset === 0) return;
    this.#position.moveTo(this.#position.offset + (isShown ? ROW_HEIGHT : -ROW_HEIGHT));
  }

  #drawState(isHeld: boolean): void {
    const { cursor, history, isLive, moment } = this.#model;
    const { seqs, progress } = this.#entries;
    const id = this.#pinnedRow.isShown ? this.#pinnedRow.id : this.#rows.idOf(String(cursor));
    setAttribute(this.#root, 'aria-activedescendant', cursor === undefined ? undefined : id);
    setAttribute(this.#root, 'data-pinned', isLive ? undefined : '');
    const filtering =
      progress === undefined ? '' : ` · filtering … ${(progress * 100).toFixed(0)} %`;
    setText(this.#count, `${String(seqs.length)} of ${String(history.length)}${filtering}`);
    const isFollowing = this.#position.follows && !isHeld;
    this.#status.draw({
      seqs,
      total: history.length,
      lastVisible: this.#visible.findLast((row) => this.#isWhole(row))?.seq,
      isFollowing,
      canBreak: moment?.entry !== undefined,
    });
  }

  #isWhole({ top, seq }: VisibleRow): boolean {
    const bottom = this.#scrollTop + this.#map.viewport;
    return seq !== undefined && top + ROW_HEIGHT <= bottom + 1;
  }

  #follow(): void {
    this.#position.follows = true;
    this.#position.moveTo(this.#map.maxOffset);
  }

  /** Selects the row at a position of the screen, as it was drawn. */
  #press(clientY: number, target?: EventTarget | null): void {
    const row = target instanceof Element ? target.closest('[data-seq]') : undefined;
    if (row instanceof HTMLElement) {
      this.#select(Number(row.dataset['seq']));
      return;
    }
    const y = clientY - this.#space.getBoundingClientRect().top;
    const pressed = this.#visible.find(({ top }) => top <= y && y < top + ROW_HEIGHT);
    this.#select(pressed?.seq);
  }

  #select(seq: number | undefined): void {
    const entry = seq === undefined ? undefined : this.#model.history.entry(seq);
    if (entry === undefined) return;
    this.#model.pin(entry.seq);
    if (entry.kind !== 'problem') this.#model.selected = this.#machineOf(entry.actor);
  }

  /** An actor that is not a machine is selected by the machine that runs it. */
  #machineOf(id: string): string {
    const actor = this.#model.history.actors.get(id)?.actor;
    return actor?.kind === 'actor' ? (actor.parent ?? id) : id;
  }
}

const lossRow = ({ program, name, count }: Loss, index: number, top: number): VisibleRow => ({
  ...{ key: `dropped ${program}`, seq: undefined, index, top, isSelected: false },
  version: `dropped ${String(count)}`,
  content: () => droppedContent(name, count),
});
