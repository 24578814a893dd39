/** Which events a machine accepts in its active states. */

import type { Chart, Json } from '../shared/view.ts';
import { StatesOfMachine, type StateOfMachine } from './entry-handling.ts';
import { isRecord } from './format.ts';
import { isList } from './json-path.ts';

/** The events for which the active states, and those around them, have transitions. */
export interface AcceptedEvents {
  /** The innermost state's first. */
  readonly names: readonly string[];
  /** `user.` for the wildcard `user.*`. */
  readonly prefixes: readonly string[];
  /** Whether there is a transition for any event. */
  readonly isAny: boolean;
}

const MAX_NAMES = 200;

/** Events that only XState itself sends, by their names of XState 4, and eventless transitions. */
const INTERNAL = /^$|^(?:done\.(?:invoke|state)|error\.(?:platform|execution))\.|^@?xstate\./;

/**
 * The accepted events, with and without a target. Whether a guard would allow them is not known.
 *
 * @param only - The events that the program takes from an inspector; `undefined` when it takes all.
 */
export function acceptedEvents(
  states: readonly StateOfMachine[],
  value: Json,
  only: readonly string[] | undefined,
): AcceptedEvents {
  const active = new StatesOfMachine(states).active(value);
  const events = new Set(
    active.flatMap(({ transitions }) => transitions.map(({ event }) => event)),
  );
  const offered = [...events].filter((event) => !INTERNAL.test(event)).slice(0, MAX_NAMES);
  const isWildcard = (event: string) => event === '*' || event.endsWith('.*');
  return {
    names: offered.filter((event) => !isWildcard(event) && (only?.includes(event) ?? true)),
    prefixes:
      only === undefined
        ? offered.filter((event) => event.endsWith('.*')).map((event) => event.slice(0, -1))
        : [],
    isAny: only === undefined && events.has('*'),
  };
}

/** The events that a chart of this library takes from an inspector; `undefined` for any other. */
export function takenFromInspector(chart: Chart | undefined): readonly string[] | undefined {
  const meta = chart?.nodes.find(({ parent }) => parent === undefined)?.meta;
  const own = isRecord(meta) ? meta['wirechart'] : undefined;
  const events = isRecord(own) ? own['fromInspector'] : undefined;
  return isList(events) ? events.filter((event) => typeof event === 'string') : undefined;
}

/** An event that was sent from the form. */
export interface SentEvent {
  readonly type: string;
  /** As it was typed. */
  readonly data: string;
}

/** The events that were sent, for the arrow keys. */
export class SentEvents {
  readonly #events: SentEvent[] = [];
  #at = 0;

  /** Adds an event, if it is not the latest one already, and returns to the end. */
  add(event: SentEvent): void {
    const latest = this.#events.at(-1);
    if (latest?.type !== event.type || latest.data !== event.data) this.#events.push(event);
    if (this.#events.length > MAX_NAMES) this.#events.shift();
    this.#at = this.#events.length;
  }

  get isBrowsed(): boolean {
    return this.#at < this.#events.length;
  }

  /** Goes back (−1) or forward (1). After the latest one comes an empty event; `undefined` at the ends. */
  step(by: -1 | 1): SentEvent | undefined {
    const to = this.#at + by;
    if (to < 0 || to > this.#events.length) return undefined;
    this.#at = to;
    return this.#events[to] ?? { type: '', data: '' };
  }
}

/** The data of an event, as it was typed. */
export type TypedData =
  { readonly data: Readonly<Record<string, unknown>> } | { readonly problem: string };

/** Reads the data of an event; `problem` is a sentence that says what is wrong with it. */
export function dataOf(text: string): TypedData {
  if (text.trim() === '') return { data: {} };
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === 'object' && data !== null && !Array.isArray(data))
      return { data: { ...data } };
    return { problem: 'The data must be a JSON object, such as {"force": true}.' };
  } catch (error) {
    const why = error instanceof Error ? `: ${error.message}` : '';
    return { problem: `The data is not valid JSON${why}.` };
  }
}
