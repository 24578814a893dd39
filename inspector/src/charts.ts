/** The definitions of machines, and their charts, which are laid out when a page requests them. */

import { createHash } from 'node:crypto';
import type { MachineShape } from '../shared/shape.ts';
import type { ChartRef } from '../shared/view.ts';
import { BOUNDS, tooMany } from './bounds.ts';
import { ChartLayouts, type Push } from './chart-layouts.ts';
import { type CheckedDefinition, checkedDefinition, stubOf } from './definition.ts';
import { type Graph, graphOf } from './graph.ts';
import { type V4Machine, withoutWarnings } from './receiver.ts';
import { shapeOf } from './shape.ts';

/** A definition with the id of its chart. */
export interface Definition extends CheckedDefinition {
  readonly chart: string;
  /** Whether it is kept already. */
  readonly isKnown: boolean;
}

/** A definition that is kept: one copy for all actors. */
interface Kept {
  readonly text: string;
  readonly bytes: number;
  /** What XState 4 made of it, or why it is not drawn. */
  readonly machine: V4Machine | string;
}

/** The charts of one inspector. */
export class Charts {
  readonly #usedCharts: () => ReadonlySet<string>;
  readonly #kept = new Map<string, Kept>();
  readonly #layouts = new ChartLayouts((id) => this.#graphOf(id));
  #limit: number = BOUNDS.charts.kept;
  #bytes = 0;

  /** @param usedCharts - The charts of all actors. */
  constructor(usedCharts: () => ReadonlySet<string>) {
    this.#usedCharts = usedCharts;
  }

  /** The kept definitions, by the ids of their charts. */
  get definitions(): ReadonlyMap<string, string> {
    return new Map([...this.#kept].map(([chart, { text }]) => [chart, text]));
  }

  /**
   * Checks the definition of a machine, unless it is known.
   *
   * @throws {TypeError} When it is not the JSON text of an object.
   */
  check(text: string): Definition {
    if (text.length <= BOUNDS.definition.characters) {
      const chart = idOf(text);
      const known = this.#kept.get(chart);
      if (known === undefined) return { ...checkedDefinition(text), chart, isKnown: false };
      // XState 4 has parsed it before.
      const why = typeof known.machine === 'string' ? known.machine : undefined;
      const parsable = stubOf({ id: typeof known.machine === 'string' ? '' : known.machine.id });
      return { text: known.text, parsable, bytes: known.bytes, why, chart, isKnown: true };
    }
    const checked = checkedDefinition(text);
    const chart = idOf(`${checked.why ?? ''} ${String(text.length)}`);
    return { ...checked, chart, isKnown: this.#kept.has(chart) };
  }

  /** Keeps a definition. Returns the text that is kept, and why it is not drawn. */
  add(definition: Definition, machine: V4Machine): Pick<Definition, 'text' | 'why'> {
    const { chart, text, bytes, why } = definition;
    if (definition.isKnown) return { text, why };
    const { charts } = BOUNDS;
    if (this.#kept.size >= this.#limit || this.#bytes + bytes > charts.bytes) this.#dropUnused();
    if (this.#bytes + bytes > charts.bytes) {
      return {
        text: stubOf({ id: machine.id }),
        why: tooMany('the memory of all charts', charts.bytes, 'bytes').message,
      };
    }
    this.#kept.set(chart, { text, bytes, machine: why ?? machine });
    this.#bytes += bytes;
    return { text, why };
  }

  /** Starts the layout thread, so that the first chart does not take longer than the others. */
  warm(): void {
    this.#layouts.warm();
  }

  /**
   * Gives a page a drawing of a chart, or the reason why there is none. It may get several answers: a
   * large chart comes in a simple layout first.
   */
  request(page: object, ref: ChartRef, push: Push): void {
    this.#layouts.request(page, ref, push);
  }

  /** The page does not want the drawing any more; without `ref`, it wants none. */
  cancel(page: object, ref?: ChartRef): void {
    this.#layouts.cancel(page, ref);
  }

  /** What a machine consists of, if its definition is kept, is valid and is not too large. */
  shapeOf(id: string): MachineShape | undefined {
    const machine = this.#kept.get(id)?.machine;
    if (machine === undefined || typeof machine === 'string') return undefined;
    try {
      return withoutWarnings(() => shapeOf(machine, id));
    } catch {
      return undefined; // XState 4 finds a wrong target only now.
    }
  }

  close(): Promise<void> {
    return this.#layouts.close();
  }

  #graphOf(id: string): Graph {
    const machine = this.#kept.get(id)?.machine ?? 'its definition is no longer kept';
    if (typeof machine === 'string') throw new Error(machine);
    return withoutWarnings(() => graphOf(machine));
  }

  /** Drops the charts of no actor. The limit then grows with the rest, so that this is rarely called. */
  #dropUnused(): void {
    const used = this.#usedCharts();
    for (const [chart, { bytes }] of this.#kept) {
      if (used.has(chart)) continue;
      this.#kept.delete(chart);
      this.#layouts.drop(chart);
      this.#bytes -= bytes;
    }
    this.#limit = Math.max(BOUNDS.charts.kept, 2 * this.#kept.size);
  }
}

const idOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 16);
