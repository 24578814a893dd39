/** The rows of the tables of coverage. */

import {
  compareTexts,
  isStateCovered,
  isTransitionCovered,
  type MachineCoverage,
} from '../shared/coverage.ts';
import { msText, shortStateId, transitionText } from '../shared/coverage-report.ts';
import { percentile } from '../shared/coverage-stays.ts';
import { html } from './dom.ts';
import { eventText, oneLine } from './format.ts';

/** The columns by which the rows are sorted. */
export const ORDERS = ['never', 'most', 'time', 'name', 'definition'] as const;
export type Order = (typeof ORDERS)[number];

/** A row of a table. */
export interface CoverageRow {
  readonly name: string;
  /** The state to select in the chart. */
  readonly state: string | undefined;
  readonly count: number;
  readonly isCovered: boolean;
  /** The total time, for sorting. */
  readonly total: number;
  /** Further cells. */
  readonly cells: readonly string[];
}

/** More rows are not drawn: a filter finds them. */
const MAX_ROWS = 300;

export const stateRows = ({ machine, states }: MachineCoverage): CoverageRow[] =>
  states.map((state) => {
    const { id, entered, found, stays } = state;
    const times = [percentile(stays, 0.5), percentile(stays, 0.95), percentile(stays, 1)];
    return {
      name: oneLine(shortStateId(id, machine), 200),
      state: id,
      count: entered + found,
      isCovered: isStateCovered(state),
      total: stays.total,
      cells: times.map((ms) => (ms === undefined ? '' : msText(ms))),
    };
  });

export const transitionRows = ({ machine, transitions }: MachineCoverage): CoverageRow[] =>
  transitions.map((transition) => ({
    name: oneLine(transitionText(transition, machine), 300),
    state: transition.source,
    count: transition.taken,
    isCovered: isTransitionCovered(transition),
    total: transition.taken,
    cells: [],
  }));

export const eventRows = ({ events }: MachineCoverage): CoverageRow[] =>
  events.map(({ name, received, unhandled }) => ({
    name: oneLine(eventText(name), 200),
    state: undefined,
    count: received,
    isCovered: unhandled === 0,
    total: received,
    cells: [unhandled === 0 ? '' : String(unhandled)],
  }));

const COMPARISONS: Readonly<Record<Order, (one: CoverageRow, other: CoverageRow) => number>> = {
  never: (one, other) => Number(one.isCovered) - Number(other.isCovered),
  most: (one, other) => other.count - one.count,
  time: (one, other) => other.total - one.total,
  name: (one, other) => compareTexts(one.name, other.name),
  definition: () => 0,
};

/** What a table shows. */
export interface TableContent {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly CoverageRow[];
}

/** Draws a table, of the rows that contain a text. */
export function tableOf(
  { title, columns, rows }: TableContent,
  order: Order,
  filter: string,
  choose: (state: string) => void,
): HTMLElement {
  const found = rows.filter(({ name }) => name.toLowerCase().includes(filter));
  const sorted = found.toSorted(COMPARISONS[order]);
  const most = Math.max(1, ...rows.map(({ count }) => count));
  const more = sorted.length - MAX_ROWS;
  const heads = columns.map((column) => html('th', { scope: 'col' }, column));
  return html(
    'section',
    {},
    html('h3', {}, title),
    rows.length === 0
      ? html('p', { class: 'hint' }, 'None.')
      : html(
          'table',
          { 'aria-label': title },
          html('thead', {}, html('tr', {}, ...heads)),
          html('tbody', {}, ...sorted.slice(0, MAX_ROWS).map((row) => rowOf(row, most, choose))),
        ),
    more > 0 ? html('p', { class: 'hint' }, `${String(more)} more: filter them.`) : undefined,
  );
}

function rowOf(row: CoverageRow, most: number, choose: (state: string) => void): HTMLElement {
  const { name, state, count, isCovered, cells } = row;
  const label = html('span', {}, name);
  const button = state === undefined ? label : html('button', { type: 'button' }, name);
  if (state !== undefined) {
    button.addEventListener('click', () => {
      choose(state);
    });
  }
  const bar = html('span', { class: 'share', 'aria-hidden': 'true' });
  bar.style.inlineSize = `${String(Math.round((60 * count) / most))}px`;
  return html(
    'tr',
    { 'data-covered': isCovered ? 'yes' : 'no', 'data-state': state },
    html('th', { scope: 'row', title: name }, button),
    html('td', { class: 'number' }, bar, count === 0 ? 'never' : String(count)),
    ...cells.map((cell) => html('td', { class: 'number' }, cell)),
  );
}
