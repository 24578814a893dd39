/** What comes from a program or a page is somebody else's: each value is looked at before it is used. */

import type {
  ActorState,
  Json,
  Microstep,
  RunningDeadline,
  Status,
  TakenTransition,
} from '../shared/view.ts';

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The object that a text holds.
 *
 * @throws {TypeError} When it holds none.
 */
export function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TypeError('it is no JSON');
  }
  if (!isObject(value)) throw new TypeError('it is no JSON object');
  return value;
}

/**
 * A property that must be a text, and not a long one: a name of something.
 *
 * @throws {TypeError} When it is not.
 */
export function nameIn(object: JsonObject, key: string): string {
  const value = object[key];
  if (typeof value !== 'string' || value.length > 1024)
    throw new TypeError(`its ${key} is no name`);
  return value;
}

/** A text; '' for anything else. */
export const textIn = (object: JsonObject, key: string): string => {
  const value = object[key];
  return typeof value === 'string' ? value : '';
};

/** A finite number; `otherwise` for anything else. */
export const numberIn = (object: JsonObject, key: string, otherwise = 0): number => {
  const value = object[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
};

/** A value that came out of `JSON.parse`, or was made of such. */
export const json = (value: unknown): Json => (value ?? null) as Json;

const listIn = (object: JsonObject, key: string): readonly unknown[] => {
  const value = object[key];
  return Array.isArray(value) ? value : [];
};
const objectsIn = (object: JsonObject, key: string): JsonObject[] =>
  listIn(object, key).filter(isObject);
const textsIn = (object: JsonObject, key: string): string[] =>
  listIn(object, key).filter((value) => typeof value === 'string');

const STATUSES: readonly string[] = ['active', 'done', 'error', 'stopped'] satisfies Status[];
const isStatus = (value: unknown): value is Status =>
  typeof value === 'string' && STATUSES.includes(value);

/** What stands in the field `wirechart` of a state; a receiver of plain @xstate/inspect has none. */
export function factsIn(
  message: JsonObject,
  isDone: boolean,
): Omit<ActorState, 'value' | 'context' | 'event'> {
  const facts = isObject(message['wirechart']) ? message['wirechart'] : {};
  const { status, output, error } = facts;
  const emitted = listIn(facts, 'emitted');
  const actions = textsIn(facts, 'actions');
  const microsteps = objectsIn(facts, 'microsteps').map(microstepOf);
  const deadlines = objectsIn(facts, 'deadlines').map(deadlineOf);
  return {
    at: numberIn(facts, 'at', Date.now()),
    status: isStatus(status) ? status : isDone ? 'done' : 'active',
    ...(output !== undefined && { output: json(output) }),
    ...(error !== undefined && { error: json(error) }),
    ...(microsteps.length > 0 && { microsteps }),
    ...(actions.length > 0 && { actions }),
    ...(emitted.length > 0 && { emitted: emitted.map(json) }),
    ...(deadlines.length > 0 && { deadlines }),
  };
}

const microstepOf = (step: JsonObject): Microstep => ({
  event: textIn(step, 'event'),
  value: json(step['value']),
  transitions: objectsIn(step, 'transitions').map(transitionOf),
});

const transitionOf = (transition: JsonObject): TakenTransition => ({
  source: textIn(transition, 'source'),
  event: textIn(transition, 'event'),
  target: textsIn(transition, 'target'),
});

const deadlineOf = (deadline: JsonObject): RunningDeadline => ({
  event: textIn(deadline, 'event'),
  ms: numberIn(deadline, 'ms'),
  startedAt: numberIn(deadline, 'startedAt'),
});
