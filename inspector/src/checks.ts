/** Checks values from programs and pages, which may be of any type and, within the bounds, of any size. */

import type {
  ActorState,
  Json,
  Microstep,
  RunningDeadline,
  Status,
  TakenTransition,
} from '../shared/view.ts';
import { BOUNDS, BoundError, sizeOfJson, tooMany } from './bounds.ts';

/** A parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Parses a JSON object.
 *
 * @throws {TypeError} When the text is not a JSON object, or has a property named `__proto__`.
 * @throws {BoundError} When it is nested too deeply or has too many values.
 */
export const parseObject = (text: string): JsonObject => parseSized(text).object;

/** What every JSON text begins with. */
const BEGINS_JSON = /^[ \t\r\n]*["{[\d\-tfn]/;

/** Parses the request of a page or the command of a receiver, which is an object, too. */
export function parseRequest(text: string): JsonObject {
  const { requestCharacters } = BOUNDS;
  if (text.length > requestCharacters) throw tooMany('it', requestCharacters, 'characters');
  return parseObject(text);
}

/** A parsed object, with its approximate memory. */
export function parseSized(text: string): { readonly object: JsonObject; readonly bytes: number } {
  const bytes = sizeOfJson(text, 'it');
  // The error of `JSON.parse()` costs as much as all else that is done with a short line of junk.
  if (!BEGINS_JSON.test(text)) throw new TypeError('it is not JSON');
  let object: unknown;
  try {
    object = JSON.parse(text);
  } catch {
    throw new TypeError('it is not JSON');
  }
  if (!isObject(object)) throw new TypeError('it is not a JSON object');
  // The receiver copies an object by assigning its properties: this one would set the prototype of the copy.
  if (Object.hasOwn(object, '__proto__')) throw new TypeError("it has a property '__proto__'");
  return { object, bytes };
}

/**
 * A property that is a name.
 *
 * @throws {TypeError} When it is not a string, or too long.
 */
export function nameIn(object: JsonObject, key: string): string {
  const value = object[key];
  const { nameCharacters } = BOUNDS;
  if (typeof value !== 'string' || value.length > nameCharacters)
    throw new BoundError(
      `its '${key}' is not a string of ${String(nameCharacters)} characters or less`,
    );
  return value;
}

/**
 * The size of a property that is a JSON text.
 *
 * @throws {TypeError} When it is not a string.
 * @throws {BoundError} When it is nested too deeply or has too many values.
 */
export function nestedSize(object: JsonObject, key: string): number {
  const value = object[key];
  // The receiver would convert another value to a text that has not been checked.
  if (typeof value !== 'string') throw new TypeError(`its '${key}' is not a string`);
  return sizeOfJson(value, `its '${key}'`);
}

/** A property that is a string; '' for anything else. */
export const textIn = (object: JsonObject, key: string): string => {
  const value = object[key];
  return typeof value === 'string' ? value : '';
};

/** A property that is a finite number; `fallback` for anything else. */
export const numberIn = (object: JsonObject, key: string, fallback = 0): number => {
  const value = object[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
};

/** The latest and, negative, the earliest time of a `Date`. */
const MAX_TIME = 8.64e15;

/** A property that is a time; now for anything else. */
export const timeIn = (object: JsonObject, key: string): number => {
  const at = numberIn(object, key, NaN);
  return Math.abs(at) <= MAX_TIME ? at : Date.now();
};

/** Types a value that was parsed from JSON. */
export const json = (value: unknown): Json => (value ?? null) as Json;

const listIn = (object: JsonObject, key: string): readonly unknown[] => {
  const value = object[key];
  if (!Array.isArray(value)) return [];
  if (value.length > BOUNDS.items) throw tooMany(`its '${key}'`, BOUNDS.items, 'items');
  return value;
};
const objectsIn = (object: JsonObject, key: string): JsonObject[] =>
  listIn(object, key).filter(isObject);
const labelsIn = (object: JsonObject, key: string): string[] =>
  listIn(object, key)
    .filter((value) => typeof value === 'string')
    .map((value) => checkedLabel(value, key));

/** The name of an event, an action or a state; '' for anything else. */
const labelIn = (object: JsonObject, key: string): string => checkedLabel(textIn(object, key), key);

function checkedLabel(text: string, key: string): string {
  const { stateIdCharacters } = BOUNDS;
  if (text.length > stateIdCharacters) {
    throw new BoundError(`its '${key}' has more than ${String(stateIdCharacters)} characters`);
  }
  return text;
}

const STATUSES: readonly string[] = ['active', 'done', 'error', 'stopped'] satisfies Status[];
const isStatus = (value: unknown): value is Status =>
  typeof value === 'string' && STATUSES.includes(value);

/** The field `wirechart` of a message about a state. Plain @xstate/inspect services do not send it. */
export function factsIn(
  message: JsonObject,
  isDone: boolean,
): Omit<ActorState, 'value' | 'context' | 'event'> {
  const facts = isObject(message['wirechart']) ? message['wirechart'] : {};
  const { status, output, error } = facts;
  const emitted = listIn(facts, 'emitted');
  const actions = labelsIn(facts, 'actions');
  const microsteps = objectsIn(facts, 'microsteps').map(microstepOf);
  const deadlines = objectsIn(facts, 'deadlines').map(deadlineOf);
  return {
    at: timeIn(facts, 'at'),
    status: isStatus(status) ? status : isDone ? 'done' : 'active',
    ...(output !== undefined && { output: json(output) }),
    ...(error !== undefined && { error: json(error) }),
    ...(microsteps.length > 0 && { microsteps }),
    ...(actions.length > 0 && { actions }),
    ...(emitted.length > 0 && { emitted: emitted.map(json) }),
    ...(deadlines.length > 0 && { deadlines }),
  };
}

/** The tags of a state, which XState 4 keeps as a set or a list. */
export function tagsIn(tags: unknown): { tags?: readonly string[] } {
  const list: readonly unknown[] =
    tags instanceof Set ? [...tags] : Array.isArray(tags) ? tags : [];
  if (list.length > BOUNDS.items) throw tooMany("its 'tags'", BOUNDS.items, 'items');
  const names = list
    .filter((tag) => typeof tag === 'string')
    .map((tag) => checkedLabel(tag, 'tags'));
  return names.length > 0 ? { tags: names } : {};
}

const microstepOf = (step: JsonObject): Microstep => ({
  event: labelIn(step, 'event'),
  value: json(step['value']),
  transitions: objectsIn(step, 'transitions').map(transitionOf),
});

const transitionOf = (transition: JsonObject): TakenTransition => ({
  source: labelIn(transition, 'source'),
  event: labelIn(transition, 'event'),
  target: labelsIn(transition, 'target'),
  ...indexIn(transition),
});

/** The index of a transition, if it is one. */
const indexIn = ({ index }: JsonObject): { index?: number } =>
  typeof index === 'number' && Number.isInteger(index) && index >= 0 ? { index } : {};

const deadlineOf = (deadline: JsonObject): RunningDeadline => ({
  event: labelIn(deadline, 'event'),
  ms: numberIn(deadline, 'ms'),
  startedAt: numberIn(deadline, 'startedAt'),
});
