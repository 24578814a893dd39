/** What an actor did, as steps that can be compared with those of another, and the rows that show both. */

import { aligned, type Part } from './compare.ts';
import type { ActorState, ActorView, Entry } from './view.ts';
import { eventText, valueText } from './words.ts';

/** An actor handled an event. */
export interface CompareStep {
  readonly seq: number;
  readonly at: number;
  /** The names of the actors below the compared one; '' for that one. */
  readonly path: string;
  /** The event in words. */
  readonly event: string;
  /** The state then, in words. */
  readonly value: string;
  readonly state: ActorState;
  /** Steps with the same key are equal. */
  readonly key: string;
}

/** The most steps of a side; of more, the first ones are compared. */
export const MAX_STEPS = 20_000;

/** The actors whose steps are compared, by their ids, with their paths. */
export function pathsOf(
  root: ActorView,
  actors: Iterable<ActorView>,
  withChildren: boolean,
): ReadonlyMap<string, string> {
  const paths = new Map([[root.id, '']]);
  if (!withChildren) return paths;
  // A parent starts before its children.
  for (const { id, parent, name } of actors) {
    const path = parent === undefined ? undefined : paths.get(parent);
    if (path === undefined || paths.has(id) || path.length > 500) continue;
    // XState numbers actors that have no name of their own: the numbers depend on all others.
    const shown = /^x:\d+$/.test(name) ? 'unnamed' : name;
    paths.set(id, path === '' ? shown : `${path} / ${shown}`);
  }
  return paths;
}

/** The steps among entries, the oldest first, and whether there were more. */
export function stepsIn(
  entries: Iterable<Entry>,
  paths: ReadonlyMap<string, string>,
): { readonly steps: readonly CompareStep[]; readonly isCut: boolean } {
  const steps: CompareStep[] = [];
  for (const entry of entries) {
    const path = paths.get(entry.actor);
    if (path === undefined || entry.kind !== 'state') continue;
    if (steps.length >= MAX_STEPS) return { steps, isCut: true };
    steps.push(stepOf(entry.seq, path, entry.state));
  }
  return { steps, isCut: false };
}

function stepOf(seq: number, path: string, state: ActorState): CompareStep {
  const { at, status } = state;
  const event = state.event === 'xstate.init' ? 'start' : eventText(withoutNumbers(state.event));
  const value = valueText(state.value) + (status === 'active' ? '' : ` (${status})`);
  return { seq, at, path, event, value, state, key: `${path}\n${event}\n${value}` };
}

/** The name of an event without the number of an actor that has no name of its own. */
const withoutNumbers = (name: string): string =>
  name.replace(/^((?:done\.invoke|error\.platform)\.)x:\d+$/, '$1unnamed');

/** A row: a step of each side, or of one. */
export interface CompareRow {
  readonly left: CompareStep | undefined;
  readonly right: CompareStep | undefined;
  readonly isSame: boolean;
}

/** The rows of an alignment. Differences of both sides at the same place stand side by side. */
export function rowsOf(
  parts: readonly Part[],
  left: readonly CompareStep[],
  right: readonly CompareStep[],
): CompareRow[] {
  const rows: CompareRow[] = [];
  for (const [at, part] of parts.entries()) {
    const before = parts[at - 1];
    if (part.kind === 'same') {
      for (let index = 0; index < part.count; index += 1)
        rows.push({
          left: left[part.left + index],
          right: right[part.right + index],
          isSame: true,
        });
    } else if (before !== undefined && before.kind !== 'same') continue;
    else rows.push(...differing(part, parts[at + 1], left, right));
  }
  return rows;
}

/** The rows of a difference, which may be of both sides. */
function differing(
  part: Part,
  next: Part | undefined,
  left: readonly CompareStep[],
  right: readonly CompareStep[],
): CompareRow[] {
  const both = next === undefined || next.kind === 'same' ? [part] : [part, next];
  const stepsOfSide = (side: 'left' | 'right', steps: readonly CompareStep[]) => {
    const own = both.find(({ kind }) => kind === side);
    return own === undefined ? [] : steps.slice(own[side], own[side] + own.count);
  };
  const [one, other] = [stepsOfSide('left', left), stepsOfSide('right', right)];
  return Array.from({ length: Math.max(one.length, other.length) }, (_, at) => ({
    left: one[at],
    right: other[at],
    isSame: false,
  }));
}

/** The first row that differs, in words; `undefined` when there is none. */
export function firstDifference(rows: readonly CompareRow[]): string | undefined {
  const row = rows.find(({ isSame }) => !isSame);
  if (row === undefined) return undefined;
  const first = rows[0];
  const start = row.left === undefined ? first?.right : first?.left;
  const at = row.left ?? row.right;
  const time = at === undefined || start === undefined ? '' : `at ${offsetText(at.at - start.at)} `;
  return `First difference: ${time}${differenceText(row)}.`;
}

function differenceText({ left, right }: CompareRow): string {
  if (right === undefined) return `only the left got ${quotedEvent(left)}`;
  if (left === undefined) return `only the right got ${quotedEvent(right)}`;
  if (left.event === right.event && left.path === right.path)
    return `after ${quotedEvent(left)} the left is in '${left.value}', the right in '${right.value}'`;
  return `the left got ${quotedEvent(left)}, the right ${quotedEvent(right)}`;
}

const quotedEvent = (step: CompareStep | undefined): string =>
  step === undefined ? '' : `'${step.event}'${step.path === '' ? '' : ` (in ${step.path})`}`;

/** A time since the start: `+1.203 s`. */
export const offsetText = (ms: number): string =>
  `${ms < 0 ? '−' : '+'}${(Math.abs(ms) / 1000).toFixed(3)} s`;

/** Equal rows around a difference that are shown; others are folded. */
const CONTEXT = 2;
/** Fewer equal rows are not folded. */
const MIN_FOLDED = 4;

/** Rows as they are shown: some equal ones in a row are folded. */
export type ShownRow =
  | { readonly kind: 'row'; readonly row: CompareRow; readonly index: number }
  | { readonly kind: 'fold'; readonly from: number; readonly count: number };

/**
 * Folds equal rows.
 *
 * @param unfolded - The indices at which rows that would be folded begin, and are shown.
 */
export function folded(rows: readonly CompareRow[], unfolded: ReadonlySet<number>): ShownRow[] {
  const shown: ShownRow[] = [];
  let from = 0;
  while (from < rows.length) {
    let to = from;
    while (to < rows.length && rows[to]?.isSame === true) to += 1;
    const [start, end] = [from === 0 ? 1 : from + CONTEXT, to === rows.length ? to : to - CONTEXT];
    const isFolded = end - start >= MIN_FOLDED && !unfolded.has(start);
    for (let at = from; at < to; at += 1) {
      const row = rows[at];
      if (isFolded && at === start) shown.push({ kind: 'fold', from: start, count: end - start });
      if (row !== undefined && !(isFolded && at >= start && at < end))
        shown.push({ kind: 'row', row, index: at });
    }
    const row = rows[to];
    if (row !== undefined) shown.push({ kind: 'row', row, index: to });
    from = to + 1;
  }
  return shown;
}

/** The rows of two sequences, at once: for short ones. */
export const compareSteps = (
  left: readonly CompareStep[],
  right: readonly CompareStep[],
): CompareRow[] =>
  rowsOf(
    aligned(
      left.map(({ key }) => key),
      right.map(({ key }) => key),
    ),
    left,
    right,
  );
