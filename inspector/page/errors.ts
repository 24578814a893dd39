/** Finds the errors in an actor's state: values that have the shape of an error that became JSON. */

import type { ActorState, Json } from '../shared/view.ts';
import { isRecord } from './format.ts';
import { isList } from './json-path.ts';

/** An error and its path. */
export interface FoundError {
  readonly path: string;
  readonly error: Json;
}

const MAX_SEARCH_DEPTH = 3;
const MAX_SEARCHED_PROPERTIES = 100;
const MAX_SHOWN_ERRORS = 5;
const MAX_SHOWN_CAUSES = 20;

/** The errors of a state, the one that ended the actor first. Causes are part of their error. */
export function errorsIn({ error, output, context }: ActorState): FoundError[] {
  const found: FoundError[] = error === undefined ? [] : [{ path: 'the actor', error }];
  const seen = new Set(found.map((one) => JSON.stringify(one.error)));
  for (const one of [...within(context, 'context', 0), ...within(output ?? null, 'output', 0)]) {
    const text = JSON.stringify(one.error);
    if (!seen.has(text)) found.push(one);
    seen.add(text);
  }
  return found.slice(0, MAX_SHOWN_ERRORS);
}

function within(value: Json, path: string, depth: number): FoundError[] {
  if (typeof value !== 'object' || value === null || depth > MAX_SEARCH_DEPTH) return [];
  if (isError(value)) return [{ path, error: value }];
  return Object.entries(value)
    .slice(0, MAX_SEARCHED_PROPERTIES)
    .flatMap(([key, inner]) => within(inner, `${path}.${key}`, depth + 1));
}

/** Whether a value has the shape of an error that became JSON. */
export const isError = (value: object): boolean =>
  'name' in value &&
  typeof value.name === 'string' &&
  'message' in value &&
  typeof value.message === 'string' &&
  'stack' in value;

/** One error in a chain of causes. */
export interface ChainedError {
  /** Its name and code, if it has them. */
  readonly title: string;
  readonly code: string | undefined;
  readonly message: string;
  /** The whole error; `undefined` when another value was thrown. */
  readonly whole: Json | undefined;
}

/** An error and its causes, the outermost first. */
export function chainOf(error: Json): ChainedError[] {
  const chain: ChainedError[] = [];
  let next: Json | undefined = error;
  while (next !== undefined && chain.length < MAX_SHOWN_CAUSES) {
    const current: Json = next;
    if (isRecord(current) && 'message' in current) {
      const title = [current['name'], current['code']].filter((part) => typeof part === 'string');
      const code = typeof current['code'] === 'string' ? current['code'] : undefined;
      const message = messageIn(current);
      chain.push({ title: title.join(' '), code, message, whole: current });
      next = current['cause'];
    } else {
      chain.push({ title: '', code: undefined, message: textOf(current), whole: undefined });
      next = undefined;
    }
  }
  return chain;
}

/** Errors of one that has none of its own, such as the attempts of a connection to several addresses. */
const MAX_MESSAGES = 5;

function messageIn({ message, errors }: Readonly<Record<string, Json>>): string {
  const own = textOf(message);
  if (own !== '' || !isList(errors)) return own;
  const inner = errors.slice(0, MAX_MESSAGES);
  return inner.map((one) => (isRecord(one) ? textOf(one['message']) : textOf(one))).join('; ');
}

const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);
