/**
 * Coverage: which states of a machine were entered and which transitions were taken, how often, and how
 * long the states lasted. It can be written to a file, read again, and merged over many runs.
 */

import { added, mergedStays, type Stays } from './coverage-stays.ts';

/** The coverage of several machines: the content of a coverage file. */
export interface Coverage {
  readonly type: 'wirechart.coverage';
  readonly version: 1;
  /** Sorted by their names. Two with one name have different definitions. */
  readonly machines: readonly MachineCoverage[];
}

/** The coverage of one definition of a machine, by all actors that ran it. */
export interface MachineCoverage {
  /** The id of the machine. */
  readonly machine: string;
  /** A hash of its definition. */
  readonly chart: string;
  /** The number of actors that ran it. */
  readonly actors: number;
  /** The times of the first and the latest observation, in milliseconds since 1970; 0 before the first one. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** All states but the root and history states, in the order of the definition. */
  readonly states: readonly StateCoverage[];
  /** All transitions, in the order of the definition. */
  readonly transitions: readonly TransitionCoverage[];
  /** The events that were received, sorted by their names. */
  readonly events: readonly EventCoverage[];
}

export interface StateCoverage {
  readonly id: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final';
  /** How often it was entered. */
  readonly entered: number;
  /** How often it was entered because an actor started. */
  readonly initial: number;
  /** The number of actors that were in it when the observation began. */
  readonly found: number;
  /** How long it lasted, each time that it was entered and left. */
  readonly stays: Stays;
}

export interface TransitionCoverage {
  /** The id of the state that has the transition. */
  readonly source: string;
  /** Its event, by its name of XState 4; '' for an eventless transition. */
  readonly event: string;
  /** Which of the transitions of this state for this event it is, from 0. */
  readonly index: number;
  readonly guard?: string;
  /** The ids of its targets; none for one that changes no state. */
  readonly target: readonly string[];
  readonly taken: number;
}

export interface EventCoverage {
  /** Its name of XState 4. */
  readonly name: string;
  readonly received: number;
  /** How often no transition was taken for it. */
  readonly unhandled: number;
}

/** How many of something were covered. */
export interface Share {
  readonly covered: number;
  readonly all: number;
}

export const NO_COVERAGE: Coverage = { type: 'wirechart.coverage', version: 1, machines: [] };

export const isStateCovered = ({ entered, found }: StateCoverage): boolean => entered + found > 0;
export const isTransitionCovered = ({ taken }: TransitionCoverage): boolean => taken > 0;

/** How many states of a machine were entered. */
export const statesCovered = ({ states }: MachineCoverage): Share => ({
  covered: states.filter(isStateCovered).length,
  all: states.length,
});

/** How many transitions of a machine were taken. */
export const transitionsCovered = ({ transitions }: MachineCoverage): Share => ({
  covered: transitions.filter(isTransitionCovered).length,
  all: transitions.length,
});

/** The sum of several. */
export const totalShare = (shares: readonly Share[]): Share => ({
  covered: shares.reduce((sum, { covered }) => sum + covered, 0),
  all: shares.reduce((sum, { all }) => sum + all, 0),
});

/** A share in percent, rounded down so that 100 means all; 100 where there is nothing to cover. */
export const percentOf = ({ covered, all }: Share): number =>
  all === 0 ? 100 : Math.floor((100 * covered) / all);

/** The names of machines of which several definitions were covered, which are kept apart. */
export function differing({ machines }: Coverage): string[] {
  const names = machines.map(({ machine }) => machine);
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
}

/**
 * The coverage of both. The order does not matter: neither of the two, nor that in which many are merged.
 * Different definitions of one machine are kept apart: see `differing()`.
 */
export function mergeCoverage(one: Coverage, other: Coverage): Coverage {
  const machines = new Map<string, MachineCoverage>();
  for (const machine of [...one.machines, ...other.machines]) {
    const key = definitionOf(machine);
    const known = machines.get(key);
    machines.set(key, known === undefined ? machine : mergedMachine(known, machine));
  }
  const sorted = [...machines].sort(([first], [second]) => compareTexts(first, second));
  return { ...NO_COVERAGE, machines: sorted.map(([, machine]) => machine) };
}

/** Everything that must be the same in coverages that are added up. */
const definitionOf = ({ machine, chart, states, transitions }: MachineCoverage): string =>
  JSON.stringify([
    machine,
    chart,
    states.map(({ id, kind }) => [id, kind]),
    transitions.map(({ source, event, index, guard, target }) => [
      source,
      event,
      index,
      guard ?? null,
      target,
    ]),
  ]);

/** By code units: the same everywhere. */
export const compareTexts = (one: string, other: string): number =>
  one < other ? -1 : one > other ? 1 : 0;

function mergedMachine(one: MachineCoverage, other: MachineCoverage): MachineCoverage {
  return {
    ...one,
    actors: added(one.actors, other.actors),
    firstSeen: earlier(one.firstSeen, other.firstSeen),
    lastSeen: Math.max(one.lastSeen, other.lastSeen),
    states: one.states.map((state, at) => mergedState(state, other.states[at])),
    transitions: one.transitions.map((transition, at) => ({
      ...transition,
      taken: added(transition.taken, other.transitions[at]?.taken ?? 0),
    })),
    events: mergedEvents(one.events, other.events),
  };
}

/** The earlier of two times, of which 0 is none. */
const earlier = (one: number, other: number): number =>
  one === 0 || other === 0 ? one + other : Math.min(one, other);

function mergedState(one: StateCoverage, other: StateCoverage | undefined): StateCoverage {
  if (other === undefined) return one;
  return {
    ...one,
    entered: added(one.entered, other.entered),
    initial: added(one.initial, other.initial),
    found: added(one.found, other.found),
    stays: mergedStays(one.stays, other.stays),
  };
}

function mergedEvents(
  one: readonly EventCoverage[],
  other: readonly EventCoverage[],
): EventCoverage[] {
  const events = new Map<string, EventCoverage>();
  for (const event of [...one, ...other]) {
    const known = events.get(event.name);
    events.set(event.name, {
      name: event.name,
      received: added(known?.received ?? 0, event.received),
      unhandled: added(known?.unhandled ?? 0, event.unhandled),
    });
  }
  return [...events.values()].sort((first, second) => compareTexts(first.name, second.name));
}
