/** Compares two actors in slices of a few milliseconds, one for each frame. */

import { alignment, type Part } from '../shared/compare.ts';
import {
  type CompareRow,
  type CompareStep,
  MAX_STEPS,
  pathsOf,
  rowsOf,
  stepsIn,
} from '../shared/compare-steps.ts';
import { programOf } from '../shared/history.ts';
import type { ActorView, Entry } from '../shared/view.ts';
import type { Model } from './model.ts';

/** The time for it in each frame. */
const SLICE_MS = 6;
/** Live actors are compared again at this interval. */
const REFRESH_MS = 1_000;

/** What is compared. */
export interface Question {
  readonly left: string;
  readonly right: string;
  readonly withChildren: boolean;
}

/** What came out. */
export interface Comparison {
  readonly rows: readonly CompareRow[];
  /** There was more than is compared. */
  readonly isCut: boolean;
}

interface Side {
  readonly steps: readonly CompareStep[];
  readonly isCut: boolean;
}

/** One comparison after the other. */
export class CompareWork {
  /** How much of the present one is done, from 0 to 1. */
  progress = 1;
  readonly #model: Model;
  #question = '';
  #comparison: Comparison | undefined;
  #sides: readonly [Side, Side] | undefined;
  #steps: Generator<number, readonly Part[]> | undefined;
  #finishedAt = 0;
  #newest = -1;

  constructor(model: Model) {
    this.#model = model;
  }

  /** Goes on with the work. Returns the latest result; `undefined` before the first one for a question. */
  advance(question: Question): Comparison | undefined {
    const key = JSON.stringify([question, this.#model.epoch]);
    if (key !== this.#question) {
      this.#question = key;
      this.#comparison = undefined;
      this.#begin(question);
    } else if (this.#steps === undefined && this.#isOutdated()) this.#begin(question);
    this.#goOn();
    return this.#comparison;
  }

  #isOutdated(): boolean {
    const isDue = performance.now() - this.#finishedAt > REFRESH_MS;
    return isDue && this.#model.history.newest !== this.#newest;
  }

  #begin({ left, right, withChildren }: Question): void {
    this.#newest = this.#model.history.newest;
    const [one, other] = [this.#sideOf(left, withChildren), this.#sideOf(right, withChildren)];
    this.#sides = [one, other];
    const keys = ({ steps }: Side): string[] => steps.map(({ key }) => key);
    this.#steps = alignment(keys(one), keys(other));
    this.progress = 0;
  }

  #goOn(): void {
    const until = performance.now() + SLICE_MS;
    while (this.#steps !== undefined && performance.now() < until) {
      const { done, value } = this.#steps.next();
      if (done === true) this.#finish(value);
      else this.progress = value;
    }
  }

  #finish(parts: readonly Part[]): void {
    const [left, right] = this.#sides ?? [NO_SIDE, NO_SIDE];
    this.#comparison = {
      rows: rowsOf(parts, left.steps, right.steps),
      isCut: left.isCut || right.isCut,
    };
    this.#steps = undefined;
    this.#sides = undefined;
    this.#finishedAt = performance.now();
    this.progress = 1;
  }

  #sideOf(id: string, withChildren: boolean): Side {
    const { history } = this.#model;
    const root = history.actors.get(id)?.actor;
    if (root === undefined) return NO_SIDE;
    const actors = [...history.actors.values()].map(({ actor }) => actor);
    const paths = pathsOf(root, actors, withChildren);
    return stepsIn(withChildren ? entriesOf(this.#model, root) : statesOf(this.#model, id), paths);
  }
}

const NO_SIDE: Side = { steps: [], isCut: false };

const statesOf = (model: Model, id: string): readonly Entry[] =>
  model.history.actors.get(id)?.states.slice(0, MAX_STEPS + 1) ?? [];

function* entriesOf(model: Model, { program }: ActorView): Generator<Entry> {
  for (const entry of model.history.entries()) if (programOf(entry) === program) yield entry;
}
