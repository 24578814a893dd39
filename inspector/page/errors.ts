/** The errors in what is known of an actor: values that look as errors do when they became JSON. */

import type { ActorState, Json } from '../shared/view.ts';
import { isRecord } from './format.ts';

/** An error, and where it is. */
export interface Found {
  readonly path: string;
  readonly error: Json;
}

/** Looked for so deep, and shown so many. */
const MAX_DEPTH = 3;
const MAX_ERRORS = 5;
/** Of a chain of causes, shown so many. */
const MAX_CAUSES = 20;

/** The errors of a state, those that ended the actor first. The causes of an error are its own. */
export function errorsIn({ error, output, context }: ActorState): Found[] {
  const found: Found[] = error === undefined ? [] : [{ path: 'the actor', error }];
  const seen = new Set(found.map((one) => JSON.stringify(one.error)));
  for (const one of [...within(context, 'context', 0), ...within(output ?? null, 'output', 0)]) {
    const text = JSON.stringify(one.error);
    if (!seen.has(text)) found.push(one);
    seen.add(text);
  }
  return found.slice(0, MAX_ERRORS);
}

function within(value: Json, path: string, depth: number): Found[] {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return [];
  if (isError(value)) return [{ path, error: value }];
  return Object.entries(value)
    .slice(0, 100)
    .flatMap(([key, inner]) => within(inner, `${path}.${key}`, depth + 1));
}

const isError = (value: object): boolean =>
  'name' in value &&
  typeof value.name === 'string' &&
  'message' in value &&
  typeof value.message === 'string' &&
  'stack' in value;

/** One link of a chain of causes. */
export interface Link {
  /** Its class and code, where it has them. */
  readonly title: string;
  readonly message: string;
  /** All of it, where it is an error and not something else that was thrown. */
  readonly whole: Json | undefined;
}

/** An error and its causes, the outermost first. */
export function chainOf(error: Json): Link[] {
  const chain: Link[] = [];
  let next: Json | undefined = error;
  while (next !== undefined && chain.length < MAX_CAUSES) {
    const link: Json = next;
    if (isRecord(link) && 'message' in link) {
      const named = [link['name'], link['code']].filter((part) => typeof part === 'string');
      chain.push({ title: named.join(' '), message: textOf(link['message']), whole: link });
      next = link['cause'];
    } else {
      chain.push({ title: '', message: textOf(link), whole: undefined });
      next = undefined;
    }
  }
  return chain;
}

const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);
