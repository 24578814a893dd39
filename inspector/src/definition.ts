/** Checks the definitions of machines before XState 4 gets them, which was not made for hostile ones. */

import { BOUNDS, BoundError, sizeOfJson, tooDeep, tooMany } from './bounds.ts';
import { isObject, type JsonObject, parseObject } from './checks.ts';

/** What a definition is. */
export interface CheckedDefinition {
  /** What is kept, and given to other receivers. */
  readonly text: string;
  /** What XState 4 parses: a machine without states instead of one that is not drawn. */
  readonly parsable: string;
  /** The approximate memory of the text and of the machine. */
  readonly bytes: number;
  /** Why it is not drawn; `undefined` when it is. */
  readonly why: string | undefined;
}

/** The approximate memory of a state in XState 4. */
const STATE_BYTES = 4096;

/**
 * Checks a definition.
 *
 * @throws {TypeError} When it is not the JSON text of an object.
 */
export function checkedDefinition(text: string): CheckedDefinition {
  const { characters } = BOUNDS.definition;
  try {
    if (text.length > characters) throw tooMany('the definition', characters, 'characters');
    const bytes = sizeOfJson(text, 'the definition');
    const definition = parseObject(text);
    const stub = stubOf(definition);
    try {
      return {
        text,
        parsable: withoutPrototype(text, definition),
        bytes: bytes + checkedStates(definition) * STATE_BYTES,
        why: undefined,
      };
    } catch (error) {
      return { text, parsable: stub, bytes, why: whyOf(error) };
    }
  } catch (error) {
    const stub = stubOf({});
    return { text: stub, parsable: stub, bytes: stub.length, why: whyOf(error) };
  }
}

/**
 * XState 4 assigns states, events and more by their names, so that one named `__proto__` would set a
 * prototype. It gets another name.
 */
function withoutPrototype(text: string, definition: JsonObject): string {
  if (!/__proto__|\\u/.test(text)) return text;
  // Within strings, each quote has a backslash before it.
  return JSON.stringify(definition).replaceAll('"__proto__":', '"[__proto__]":');
}

/** A bound says why a definition is not drawn; any other error makes its message invalid. */
function whyOf(error: unknown): string {
  if (error instanceof BoundError) return error.message;
  throw error;
}

/** A machine with the same id and no states. */
export function stubOf({ id }: JsonObject): string {
  const isName = typeof id === 'string' && id.length <= BOUNDS.nameCharacters;
  return JSON.stringify({ id: isName ? id : '(machine)', predictableActionArguments: true });
}

interface Counts {
  states: number;
  transitions: number;
  invocations: number;
}

/**
 * Counts the states, level by level.
 *
 * @throws {BoundError} When there is too much of something.
 */
function checkedStates(root: JsonObject): number {
  const counts: Counts = { states: 0, transitions: 0, invocations: 0 };
  let level: JsonObject[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > BOUNDS.definition.depth) throw tooDeep('the machine', BOUNDS.definition.depth);
    counts.states += level.length;
    if (counts.states > BOUNDS.definition.states) throw tooManyStates(counts.states);
    for (const state of level) checkState(state, counts);
    level = level.flatMap(statesIn);
  }
  return counts.states;
}

const tooManyStates = (count: number): BoundError =>
  new BoundError(
    `the machine has ${String(count)} states; at most ${String(BOUNDS.definition.states)} are drawn`,
  );

function statesIn({ states }: JsonObject): JsonObject[] {
  if (typeof states !== 'object' || states === null) return [];
  for (const key of Object.keys(states)) checkName(key, 'the name of a state');
  return Object.values(states).filter(isObject);
}

function checkState(state: JsonObject, counts: Counts): void {
  const { transitions, invocations, delimiterCharacters } = BOUNDS.definition;
  for (const key of ['id', 'key']) checkName(state[key], `the '${key}' of a state`);
  checkName(state['delimiter'], "the 'delimiter' of a state", delimiterCharacters);
  const invoked = listOf(state['invoke']);
  counts.invocations += invoked.length;
  counts.transitions += transitionsOf(state) + sum(invoked.filter(isObject).map(transitionsOf));
  if (counts.transitions > transitions) throw tooMany('the machine', transitions, 'transitions');
  if (counts.invocations > invocations) throw tooMany('the machine', invocations, 'invoked actors');
}

/** XState 4 joins the names of states to ids, and expects texts. */
function checkName(
  value: unknown,
  subject: string,
  characters: number = BOUNDS.nameCharacters,
): void {
  if (value === undefined || (typeof value === 'string' && value.length <= characters)) return;
  const bound = `${String(characters)} characters or less`;
  throw new BoundError(`${subject} is not a string of ${bound}`);
}

/** The number of transitions of a state, or of an invoked actor. */
const transitionsOf = (state: JsonObject): number =>
  sum(['on', 'after'].map((key) => sum(valuesOf(state[key]).map(countOf)))) +
  sum(['always', 'onDone', 'onError'].map((key) => countOf(state[key])));

/** One event may have one transition, or a list of them. */
const countOf = (transitions: unknown): number =>
  transitions === undefined ? 0 : listOf(transitions).length;

const valuesOf = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : [];

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);
