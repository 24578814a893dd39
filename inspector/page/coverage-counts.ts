/** The coverage of everything that the page gets, entry by entry, also of what is no longer kept. */

import {
  type Coverage,
  isStateCovered,
  type MachineCoverage,
  mergeCoverage,
  NO_COVERAGE,
  type StateCoverage,
} from '../shared/coverage.ts';
import { CoverageCounter } from '../shared/coverage-counter.ts';
import { msText } from '../shared/coverage-report.ts';
import { percentile } from '../shared/coverage-stays.ts';
import { programOf } from '../shared/history.ts';
import type { MachineShape } from '../shared/shape.ts';
import type { ActorView, Entry } from '../shared/view.ts';
import type { Model } from './model.ts';

/** Summing up everything takes a while, so it is not done for each frame. */
const REFRESH_MS = 400;

type Counters = Map<string, CoverageCounter>;

/** Counts, for each program on its own. */
export class CoverageCounts {
  /** Incremented when files are merged or everything is reset. */
  #changes = 0;
  readonly #model: Model;
  #counters: Counters = new Map();
  #imported = NO_COVERAGE;
  #epoch = 0;
  /** The latest entry that was counted. */
  #last: Pick<Entry, 'seq' | 'at'> | undefined;
  /** The counts from before the page got everything again: they go on after the entry that was the latest. */
  #before: { readonly counters: Counters; readonly last: Pick<Entry, 'seq' | 'at'> } | undefined;
  #summed: { readonly key: string; readonly at: number; readonly coverage: Coverage } | undefined;

  constructor(model: Model) {
    this.#model = model;
    model.onEntry((entry) => {
      this.#add(entry);
    });
  }

  /** The coverage of a program, or of all with what was merged; at most as old as `REFRESH_MS`. */
  of(program: string): Coverage {
    const now = performance.now();
    const counts = [...this.#counters.values()].map((counter) => counter.version);
    const key = [program, this.#changes, ...counts].join();
    const known = this.#summed;
    const isSame = known?.key === key;
    const isRecent = known !== undefined && now - known.at < REFRESH_MS;
    const isOfSame = known?.key.startsWith(`${program},${String(this.#changes)},`);
    if (isSame || (isRecent && isOfSame === true)) return known.coverage;
    const coverage = this.#sum(program);
    // What waits for a shape is counted while it is summed up.
    this.#summed = { key, at: now, coverage };
    return coverage;
  }

  /** Adds the content of a coverage file. */
  merge(coverage: Coverage): void {
    this.#imported = mergeCoverage(this.#imported, coverage);
    this.#changes += 1;
  }

  /** Counts from 0 again. */
  reset(): void {
    this.#imported = NO_COVERAGE;
    for (const counter of this.#counters.values()) counter.reset();
    this.#changes += 1;
  }

  #sum(program: string): Coverage {
    let sum = program === '' ? this.#imported : NO_COVERAGE;
    for (const [id, counter] of this.#counters) {
      if (!this.#model.programs.has(id)) this.#counters.delete(id);
      else if (program === '' || program === id) sum = mergeCoverage(sum, counter.coverage);
    }
    return sum;
  }

  #add(entry: Entry): void {
    if (this.#epoch !== this.#model.epoch) this.#begin();
    if (this.#isCounted(entry)) return;
    this.#last = entry;
    const actor = this.#model.history.actors.get(entry.actor)?.actor;
    if (actor?.kind !== 'machine') return;
    this.#counterOf(programOf(entry)).add(entry, actor);
  }

  /** The page gets everything again. */
  #begin(): void {
    this.#epoch = this.#model.epoch;
    if (this.#last !== undefined) this.#before = { counters: this.#counters, last: this.#last };
    this.#counters = new Map();
    this.#last = undefined;
  }

  /** Whether the counts from before end with this entry: it is the same inspector, and they go on. */
  #isCounted({ seq, at }: Entry): boolean {
    const before = this.#before;
    if (before === undefined || seq < before.last.seq) return false;
    this.#before = undefined;
    if (seq !== before.last.seq || at !== before.last.at) return false;
    this.#counters = before.counters;
    this.#last = before.last;
    return true;
  }

  #counterOf(program: string): CoverageCounter {
    const known = this.#counters.get(program);
    if (known !== undefined) return known;
    const counter = new CoverageCounter((actor) => this.#shapeOf(actor));
    this.#counters.set(program, counter);
    return counter;
  }

  #shapeOf(actor: ActorView): MachineShape | 'unknown' | undefined {
    const { machines } = this.#model;
    const shape = this.#model.shapeOf(actor);
    return shape ?? (machines.shapes.has(actor.chart) ? 'unknown' : undefined);
  }

  /** How often a state of the selected actor's machine was entered, for the chart's panel. */
  textOf(state: string): string | undefined {
    const chart = this.#model.actor?.chart;
    const machine = this.of('').machines.find((one) => one.chart === chart);
    const counts = machine?.states.find(({ id }) => id === state);
    return counts && countsText(counts);
  }
}

/** `entered 3 times, each 1.2 s (median)`. */
function countsText(state: StateCoverage): string {
  const { entered, stays } = state;
  if (!isStateCovered(state)) return 'never entered';
  const median = percentile(stays, 0.5);
  const times = `entered ${String(entered)} ${entered === 1 ? 'time' : 'times'}`;
  return median === undefined ? times : `${times}, for ${msText(median)} (median)`;
}

/** What identifies a definition of a machine among all. */
export const keyOf = ({ machine, chart }: MachineCoverage): string => `${chart} ${machine}`;
