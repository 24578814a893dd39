/** Coverage in words, for terminals and logs. */

import {
  type Coverage,
  differing,
  isStateCovered,
  isTransitionCovered,
  type MachineCoverage,
  percentOf,
  type Share,
  statesCovered,
  totalShare,
  type TransitionCoverage,
  transitionsCovered,
} from './coverage.ts';
import { delayText } from './words.ts';
import { percentile } from './coverage-stays.ts';

/** The most names of each kind that are listed of a machine. */
const MAX_LISTED = 200;

/** `8 of 11 (72 %)` */
export const shareText = (share: Share): string =>
  `${String(share.covered)} of ${String(share.all)} (${String(percentOf(share))} %)`;

/** A name without characters that are not visible where they stand. */
const visible = (name: string): string => name.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '·');

/** The id of a state without that of its machine, as far as it begins with it. */
export const shortStateId = (id: string, machine: string): string =>
  id.startsWith(`${machine}.`) ? id.slice(machine.length + 1) : id;

/** An event in words. */
const eventWords = (event: string): string =>
  event === ''
    ? 'always'
    : event
        .replace(/^xstate\.after\((.*?)\)#[^]*$/, (_, delay: string) => `after ${delayText(delay)}`)
        .replace(/^done\.invoke\.([^]+)$/, '$1 done')
        .replace(/^error\.platform\.([^]+)$/, '$1 failed')
        .replace(/^done\.state\.[^]*$/, 'done');

/** `open – CLOSE [guard] → closed` */
export function transitionText(transition: TransitionCoverage, machine: string): string {
  const { source, event, guard, target } = transition;
  const condition = guard === undefined ? '' : ` [${guard}]`;
  const targets = target.map((id) => shortStateId(id, machine)).join(', ');
  const from = source === machine ? '(any state)' : shortStateId(source, machine);
  return `${from} – ${eventWords(event)}${condition}${targets === '' ? '' : ` → ${targets}`}`;
}

/** A report to read, in plain text: of each machine how much was covered, and by name what never was. */
export function coverageReport(coverage: Coverage): string {
  const { machines } = coverage;
  if (machines.length === 0) return 'No machine was covered.';
  const several = differing(coverage);
  const parts = machines.map((machine) => machineReport(machine, several));
  const total = [
    `All machines: ${shareText(totalShare(machines.map(statesCovered)))} states,`,
    `${shareText(totalShare(machines.map(transitionsCovered)))} transitions`,
  ].join(' ');
  const notes = several.map(
    (name) =>
      `The machine '${visible(name)}' has several definitions here: they are counted on their own.`,
  );
  return [...parts, ...(machines.length > 1 ? [total] : []), ...notes].join('\n\n');
}

function machineReport(machine: MachineCoverage, several: readonly string[]): string {
  const { machine: name, chart, actors, states, transitions, events } = machine;
  const title = visible(several.includes(name) ? `${name} (definition ${chart})` : name);
  const longest = slowest(machine);
  return [
    `${title}: ${String(actors)} ${actors === 1 ? 'actor' : 'actors'}`,
    `  states      ${shareText(statesCovered(machine))}`,
    `  transitions ${shareText(transitionsCovered(machine))}`,
    ...longest,
    ...list(
      'states never entered',
      states.filter((state) => !isStateCovered(state)).map(({ id }) => shortStateId(id, name)),
    ),
    ...list(
      'transitions never taken',
      transitions
        .filter((transition) => !isTransitionCovered(transition))
        .map((transition) => transitionText(transition, name)),
    ),
    ...list(
      'events not handled',
      events
        .filter(({ unhandled }) => unhandled > 0)
        .map(
          ({ name: event, received, unhandled }) =>
            `${eventWords(event)}: ${String(unhandled)} of ${String(received)}`,
        ),
    ),
  ].join('\n');
}

function list(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length - MAX_LISTED;
  const listed = names.slice(0, MAX_LISTED).map((name) => `    ${visible(name)}`);
  return [`  ${title}:`, ...listed, ...(more > 0 ? [`    and ${String(more)} more`] : [])];
}

/** The state in which most time was spent. */
function slowest({ machine, states }: MachineCoverage): string[] {
  const [first] = states
    .filter(({ kind, stays }) => kind === 'atomic' && stays.count > 0)
    .sort((one, other) => other.stays.total - one.stays.total);
  if (first === undefined) return [];
  const { id, stays } = first;
  const [median, most] = [percentile(stays, 0.5) ?? 0, percentile(stays, 0.95) ?? 0];
  return [
    `  most time   ${visible(shortStateId(id, machine))}: ${msText(stays.total / 1000)} in all, median ${msText(median)}, 95 % below ${msText(most)}`,
  ];
}

/** A duration: `0.5 ms`, `12 ms`, `3.4 s`, `12 min`. */
export function msText(ms: number): string {
  if (ms < 10) return `${String(Number(ms.toFixed(1)))} ms`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${(ms / 60_000).toFixed(0)} min`;
}
