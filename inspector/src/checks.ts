/** Checks values from programs and pages, which may be of any type. */

import type {
  ActorState,
  Json,
  Microstep,
  RunningDeadline,
  Status,
  TakenTransition,
} from '../shared/view.ts';

/** A parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_NAME_CHARACTERS = 1024;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Parses a JSON object.
 *
 * @throws {TypeError} When the text is not a JSON object.
 */
export function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TypeError('it is not JSON');
  }
  if (!isObject(value)) throw new TypeError('it is not a JSON object');
  return value;
}

/**
 * A property that is a name.
 *
 * @throws {TypeError} When it is not a string, or too long.
 */
export function nameIn(object: JsonObject, key: string): string {
  const value = object[key];
  if (typeof value !== 'string' || value.length > MAX_NAME_CHARACTERS)
    throw new TypeError(
      `its '${key}' is not a string of ${String(MAX_NAME_CHARACTERS)} characters or less`,
    );
  return value;
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

/** Types a value that was parsed from JSON. */
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

/** The field `wirechart` of a message about a state. Plain @xstate/inspect services do not send it. */
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
