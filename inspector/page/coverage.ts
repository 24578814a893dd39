/** The view "Coverage": which states and transitions were covered, how often, and how long states last. */

import {
  type Coverage as CoverageData,
  differing,
  isStateCovered,
  type MachineCoverage,
  percentOf,
  type Share,
  statesCovered,
  transitionsCovered,
} from '../shared/coverage.ts';
import { COVERAGE_BOUNDS, coverageText, parseCoverage } from '../shared/coverage-file.ts';
import { shareText } from '../shared/coverage-report.ts';
import { CoverageControls } from './coverage-controls.ts';
import { type CoverageCounts, keyOf } from './coverage-counts.ts';
import { eventRows, type Order, stateRows, tableOf, transitionRows } from './coverage-rows.ts';
import { byId, html, setAttribute, setText } from './dom.ts';
import { oneLine } from './format.ts';
import { messageOf } from './guarded.ts';
import type { Model } from './model.ts';

/** What the view does in other panes. */
export interface CoverageActions {
  readonly select: (actor: string) => void;
  /** Shows a state in the chart. */
  readonly showState: (state: string) => void;
}

/** Draws the view. */
export class Coverage {
  readonly #model: Model;
  readonly #counts: CoverageCounts;
  readonly #actions: CoverageActions;
  readonly #controls: CoverageControls;
  readonly #machines = html('nav', { 'aria-label': 'Machines' });
  readonly #tables = html('div', { class: 'tables' });
  /** The machine that is shown. */
  #chosen = '';
  #followed: string | undefined;
  #drawn: readonly unknown[] = [];
  #marked: { chart: string | undefined; at: number } = { chart: undefined, at: 0 };

  constructor(model: Model, counts: CoverageCounts, actions: CoverageActions) {
    this.#model = model;
    this.#counts = counts;
    this.#actions = actions;
    this.#controls = new CoverageControls({
      exportFile: () => {
        save(coverageText(this.#coverage));
      },
      mergeFiles: (files) => void this.#mergeFiles(files),
      reset: () => {
        counts.reset();
      },
    });
    byId('coverage', HTMLElement).append(
      this.#controls.bar,
      html('div', { class: 'content' }, this.#machines, this.#tables),
    );
  }

  get #coverage(): CoverageData {
    return this.#counts.of(this.#controls.program);
  }

  draw(): void {
    this.#controls.drawPrograms(this.#model.programs.values());
    this.#followSelection();
    const coverage = this.#coverage;
    const { order, filter } = this.#controls;
    const shown = [coverage, this.#chosen, order, filter];
    this.#markChart(coverage);
    if (shown.every((one, at) => one === this.#drawn[at])) return;
    this.#drawn = shown;
    const machine = this.#machineIn(coverage);
    this.#drawMachines(coverage, machine);
    this.#drawTables(machine, order, filter);
    this.#controls.sayTotal(totalText(machine));
  }

  /** The machine of another actor is shown as soon as that is selected. */
  #followSelection(): void {
    const { actor } = this.#model;
    if (actor?.kind !== 'machine' || actor.chart === this.#followed) return;
    this.#followed = actor.chart;
    this.#chosen = `${actor.chart} `;
  }

  #machineIn({ machines }: CoverageData): MachineCoverage | undefined {
    return machines.find((machine) => keyOf(machine).startsWith(this.#chosen)) ?? machines[0];
  }

  #drawMachines(coverage: CoverageData, shown: MachineCoverage | undefined): void {
    const several = differing(coverage);
    const focused = this.#machines.contains(document.activeElement);
    const buttons = coverage.machines.slice(0, 500).map((machine) => {
      const isShown = machine === shown;
      const button = html(
        'button',
        { type: 'button', 'aria-current': isShown ? 'true' : undefined },
        html('span', { class: 'name' }, oneLine(machine.machine, 100)),
        several.includes(machine.machine)
          ? html('span', { class: 'more' }, `definition ${machine.chart.slice(0, 6)}`)
          : undefined,
        meter('states', statesCovered(machine)),
        meter('transitions', transitionsCovered(machine)),
      );
      button.addEventListener('click', () => {
        this.#choose(machine);
      });
      return button;
    });
    const notes = several.map((name) =>
      html('p', { class: 'hint' }, `'${oneLine(name, 100)}' has several definitions.`),
    );
    this.#machines.replaceChildren(...buttons, ...notes);
    if (focused) buttons.find((one) => one.hasAttribute('aria-current'))?.focus();
  }

  #drawTables(machine: MachineCoverage | undefined, order: Order, filter: string): void {
    if (machine === undefined) {
      const text = 'No machine was seen yet. Merge a coverage file, or start a program.';
      this.#tables.replaceChildren(html('p', { class: 'hint' }, text));
      return;
    }
    const choose = (state: string) => {
      this.#choose(machine);
      this.#actions.showState(state);
    };
    const contents = [
      {
        title: 'States',
        columns: ['state', 'entered', 'median', '95 %', 'longest'],
        rows: stateRows(machine),
      },
      { title: 'Transitions', columns: ['transition', 'taken'], rows: transitionRows(machine) },
      {
        title: 'Events',
        columns: ['event', 'received', 'not handled'],
        rows: eventRows(machine),
      },
    ];
    const isFocused = this.#tables.contains(document.activeElement);
    const label = document.activeElement?.textContent;
    this.#tables.replaceChildren(
      ...contents.map((content) => tableOf(content, order, filter, choose)),
    );
    if (!isFocused) return;
    const buttons = [...this.#tables.querySelectorAll('button')];
    buttons.find(({ textContent }) => textContent === label)?.focus();
  }

  /** Shows a machine, and selects an actor of it, so that the chart shows it, too. */
  #choose(machine: MachineCoverage): void {
    this.#chosen = keyOf(machine);
    if (this.#model.actor?.chart === machine.chart) return;
    for (const { id, chart } of this.#model.actors()) {
      if (chart !== machine.chart) continue;
      this.#followed = chart;
      this.#actions.select(id);
      return;
    }
  }

  /** Marks the states of the chart that were never entered, twice a second: the chart may be drawn again. */
  #markChart(coverage: CoverageData): void {
    const now = performance.now();
    const chart = this.#model.actor?.chart;
    if (this.#marked.chart === chart && now - this.#marked.at < MARK_MS) return;
    this.#marked = { chart, at: now };
    const machine = coverage.machines.find((one) => one.chart === chart);
    const counts = new Map(machine?.states.map((state) => [state.id, state]));
    for (const node of document.querySelectorAll<SVGElement>('#chart .node[data-node]')) {
      const state = counts.get(node.dataset['node'] ?? '');
      const mark = state === undefined ? undefined : isStateCovered(state) ? 'yes' : 'no';
      setAttribute(node, 'data-covered', mark);
    }
  }

  async #mergeFiles(files: readonly File[]): Promise<void> {
    for (const file of files) {
      try {
        if (file.size > COVERAGE_BOUNDS.characters) throw new Error('The file is too large');
        this.#counts.merge(parseCoverage(await file.text()));
        this.#controls.say(`Merged ${oneLine(file.name, 100)}.`);
      } catch (error) {
        this.#controls.say(`Cannot merge ${oneLine(file.name, 100)}: ${messageOf(error)}`);
      }
    }
  }
}

const MARK_MS = 500;

function meter(what: string, share: Share): HTMLElement {
  const bar = html('span', { class: 'meter', 'aria-hidden': 'true' }, html('span'));
  const inner = bar.firstElementChild;
  if (inner instanceof HTMLElement) inner.style.inlineSize = `${String(percentOf(share))}%`;
  const element = html('span', { class: 'part' }, bar);
  const text = html('span');
  setText(text, `${what} ${shareText(share)}`);
  element.append(text);
  return element;
}

const totalText = (machine: MachineCoverage | undefined): string =>
  machine === undefined
    ? ''
    : `${oneLine(machine.machine, 60)}: ${shareText(statesCovered(machine))} states, ${shareText(transitionsCovered(machine))} transitions, ${String(machine.actors)} ${machine.actors === 1 ? 'actor' : 'actors'}`;

/** Saves a text as a file. */
function save(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  html('a', { href: url, download: 'coverage.json' }).click();
  // The browser may read it a little later.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}
