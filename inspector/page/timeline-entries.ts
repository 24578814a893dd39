/** The entries that pass the filter. A long history is filtered in slices, so that the page stays responsive. */

import type { Entry } from '../shared/view.ts';
import type { FilterRules } from './filter-rules.ts';
import type { Model } from './model.ts';
import { SeqList } from './timeline-seqs.ts';

/** The clock is read once for as many entries. */
const BATCH = 32;

/** The numbers of the kept entries that pass. */
export class TimelineEntries {
  readonly seqs = new SeqList();
  readonly #model: Model;
  #rules: FilterRules;
  /** The entries after the first number, up to the second one, are filtered. */
  #after = 0;
  #upTo = 0;
  /** Whether the filtered ones begin with the oldest. */
  #isComplete = false;

  constructor(model: Model, rules: FilterRules) {
    this.#model = model;
    this.#rules = rules;
    this.restart(rules);
    model.history.onDrop = ({ seq }) => {
      this.seqs.remove(seq);
    };
  }

  /** Filters everything again, the newest entries first. */
  restart(rules: FilterRules): void {
    this.#rules = rules;
    this.seqs.clear();
    this.#upTo = this.#model.history.newest;
    this.#after = this.#upTo;
    this.#isComplete = false;
  }

  /** How much of the history is filtered, from 0 to 1; `undefined` when all of it is. */
  get progress(): number | undefined {
    if (this.#isComplete) return undefined;
    const { oldest, newest } = this.#model.history;
    return Math.min(1, Math.max(0, (newest - this.#after) / Math.max(1, newest - oldest)));
  }

  /**
   * Filters new entries, and then older ones.
   *
   * @param isTimeUp - Asked now and then; when it says so, the rest is left to the next call.
   */
  work(isTimeUp: () => boolean): void {
    const { history } = this.#model;
    let count = 0;
    const mustStop = (): boolean => {
      count += 1;
      return count % BATCH === 0 && isTimeUp();
    };
    for (const entry of history.entries(this.#upTo)) {
      this.#upTo = entry.seq;
      this.#filterNew(entry);
      if (mustStop()) return;
    }
    if (this.#isComplete) return;
    for (const entry of history.entriesBefore(this.#after + 1)) {
      this.#after = entry.seq - 1;
      this.#filter(entry);
      if (mustStop()) return;
    }
    this.#isComplete = true;
  }

  #filter(entry: Entry): void {
    if (this.#rules.passes(entry)) this.seqs.add(entry.seq);
  }

  #filterNew(entry: Entry): void {
    this.#filter(entry);
    if (!this.#rules.settings.isUnhandled || entry.kind !== 'state') return;
    // Only now it is known whether the event was handled.
    const cause = this.#model.causeOf(entry);
    if (cause !== undefined && this.#model.history.entry(cause.seq) === cause) this.#filter(cause);
  }
}
