/** Reads coverage files, which may come from strangers: everything in them is checked and bounded. */

import {
  compareTexts,
  type Coverage,
  type EventCoverage,
  type MachineCoverage,
  NO_COVERAGE,
  type StateCoverage,
  type TransitionCoverage,
} from './coverage.ts';
import { MAX_BUCKET, type Stays } from './coverage-stays.ts';

/** The maximum of each in a coverage file. */
export const COVERAGE_BOUNDS = {
  characters: 64 * 1024 * 1024,
  machines: 1_000,
  states: 5_000,
  transitions: 20_000,
  events: 20_000,
  targets: 1_000,
  nameCharacters: 8_192,
} as const;

/** A coverage file cannot be used. The message says what is wrong with it, and where. */
export class CoverageError extends TypeError {
  override readonly name = 'CoverageError';
}

/** Whether a text looks like a coverage file, and not like a recording. */
export const isCoverageText = (text: string): boolean =>
  /^\s*\{\s*"type":\s*"wirechart\.coverage"/.test(text.slice(0, 1_000));

/** The text of a coverage file. */
export const coverageText = (coverage: Coverage): string => `${JSON.stringify(coverage)}\n`;

/**
 * Reads the text of a coverage file.
 *
 * @throws {CoverageError} When it is no coverage file, is of a later version, or exceeds a bound.
 */
export function parseCoverage(text: string): Coverage {
  if (text.length > COVERAGE_BOUNDS.characters)
    throw new CoverageError(
      `The file has more than ${String(COVERAGE_BOUNDS.characters)} characters`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CoverageError('The file is not JSON. Choose a file that was exported as coverage.');
  }
  const file = objectIn(value, 'the file');
  if (file['type'] !== NO_COVERAGE.type)
    throw new CoverageError(`The file is no coverage: its type is not '${NO_COVERAGE.type}'`);
  if (file['version'] !== 1)
    throw new CoverageError('The file has another version than 1: use the inspector that wrote it');
  const machines = listIn(file, 'machines', COVERAGE_BOUNDS.machines, 'the file');
  return { ...NO_COVERAGE, machines: machines.map(machineOf) };
}

type Fields = Readonly<Record<string, unknown>>;

function objectIn(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CoverageError(`${where} is not an object`);
  return value as Fields;
}

function listIn(fields: Fields, key: string, most: number, where: string): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw new CoverageError(`'${key}' of ${where} is not a list`);
  if (value.length > most)
    throw new CoverageError(`'${key}' of ${where} has more than ${String(most)} items`);
  return value;
}

function textIn(fields: Fields, key: string, where: string): string {
  const value = fields[key];
  const most = COVERAGE_BOUNDS.nameCharacters;
  if (typeof value !== 'string' || value.length > most)
    throw new CoverageError(`'${key}' of ${where} is not a text of ${String(most)} characters`);
  return value;
}

function countIn(fields: Fields, key: string, where: string): number {
  const value = fields[key];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new CoverageError(`'${key}' of ${where} is not a whole number from 0`);
  return value;
}

function timeIn(fields: Fields, key: string, where: string): number {
  const value = fields[key];
  if (typeof value !== 'number' || !(Math.abs(value) <= 8.64e15))
    throw new CoverageError(`'${key}' of ${where} is not a time`);
  return value;
}

function machineOf(value: unknown, at: number): MachineCoverage {
  const where = `machine ${String(at + 1)}`;
  const fields = objectIn(value, where);
  const { states, transitions, events } = COVERAGE_BOUNDS;
  return {
    machine: textIn(fields, 'machine', where),
    chart: textIn(fields, 'chart', where),
    actors: countIn(fields, 'actors', where),
    firstSeen: timeIn(fields, 'firstSeen', where),
    lastSeen: timeIn(fields, 'lastSeen', where),
    states: listIn(fields, 'states', states, where).map((one) => stateOf(one, where)),
    transitions: listIn(fields, 'transitions', transitions, where).map((one) =>
      transitionOf(one, where),
    ),
    events: eventsOf(
      listIn(fields, 'events', events, where).map((one) => eventOf(one, where)),
      where,
    ),
  };
}

const KINDS: readonly unknown[] = ['atomic', 'compound', 'parallel', 'final'];
const isKind = (value: unknown): value is StateCoverage['kind'] => KINDS.includes(value);

function stateOf(value: unknown, machine: string): StateCoverage {
  const fields = objectIn(value, `a state of ${machine}`);
  const id = textIn(fields, 'id', `a state of ${machine}`);
  const where = `a state of ${machine}`;
  const { kind } = fields;
  if (!isKind(kind)) throw new CoverageError(`'kind' of ${where} is unknown`);
  return {
    id,
    kind,
    entered: countIn(fields, 'entered', where),
    initial: countIn(fields, 'initial', where),
    found: countIn(fields, 'found', where),
    stays: staysOf(fields['stays'], where),
  };
}

function staysOf(value: unknown, state: string): Stays {
  const where = `'stays' of ${state}`;
  const fields = objectIn(value, where);
  const buckets = listIn(fields, 'buckets', MAX_BUCKET + 1, where).map((one): [number, number] => {
    const [bucket, count] = pairIn(one);
    const pair = { bucket, count };
    return [countIn(pair, 'bucket', where), countIn(pair, 'count', where)];
  });
  if (buckets.some(([bucket], at) => bucket > MAX_BUCKET || bucket <= (buckets[at - 1]?.[0] ?? -1)))
    throw new CoverageError(`'buckets' of ${where} are not ascending`);
  return {
    count: countIn(fields, 'count', where),
    total: countIn(fields, 'total', where),
    min: countIn(fields, 'min', where),
    max: countIn(fields, 'max', where),
    buckets,
  };
}

const pairIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function transitionOf(value: unknown, machine: string): TransitionCoverage {
  const where = `a transition of ${machine}`;
  const fields = objectIn(value, where);
  const targets = listIn(fields, 'target', COVERAGE_BOUNDS.targets, where);
  return {
    source: textIn(fields, 'source', where),
    event: textIn(fields, 'event', where),
    index: countIn(fields, 'index', where),
    ...('guard' in fields && { guard: textIn(fields, 'guard', where) }),
    target: targets.map((target) => textIn({ target }, 'target', where)),
    taken: countIn(fields, 'taken', where),
  };
}

function eventOf(value: unknown, machine: string): EventCoverage {
  const where = `an event of ${machine}`;
  const fields = objectIn(value, where);
  return {
    name: textIn(fields, 'name', where),
    received: countIn(fields, 'received', where),
    unhandled: countIn(fields, 'unhandled', where),
  };
}

function eventsOf(events: readonly EventCoverage[], where: string): readonly EventCoverage[] {
  const isSorted = events.every(
    ({ name }, at) => at === 0 || compareTexts(events[at - 1]?.name ?? '', name) < 0,
  );
  if (!isSorted) throw new CoverageError(`'events' of ${where} are not sorted by name`);
  return events;
}
