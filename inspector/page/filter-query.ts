/**
 * What a search of the timeline looks for.
 *
 * Words that must all occur, in any order; `"words in quotes"`; `/a pattern/`; `actor:`, `event:` and `state:`
 * in front of any of these, for the name of the actor, of the event, or the value of the state; and `-` in front
 * of all for what must not occur. Case is ignored.
 */

import type { ActorState, Entry, Json } from '../shared/view.ts';
import { compilePattern, PatternError } from './filter-pattern.ts';
import { eventText, isRecord, valueText } from './format.ts';

/** Where a term is looked for; `undefined` for everywhere. */
type Field = 'actor' | 'event' | 'state' | undefined;

interface Term {
  readonly field: Field;
  readonly isNegated: boolean;
  /** @param text - In lower case. */
  readonly isIn: (text: string) => boolean;
}

/** More terms, and longer searches, are not looked at. */
const MAX_TERMS = 20;
const MAX_CHARACTERS = 1_000;
/** A longer text of an entry is searched up to here. */
const MAX_TEXT = 20_000;
const MAX_PATTERN_TEXT = 4_000;

/** A parsed search. */
export class Query {
  /** Why it cannot be used, as a sentence for the user; then it finds nothing. */
  readonly problem: string | undefined;
  readonly #terms: readonly Term[];

  constructor(source: string) {
    try {
      this.#terms = parse(source.slice(0, MAX_CHARACTERS));
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      this.#terms = [];
      this.problem = `This pattern cannot be used: ${error.message}.`;
    }
  }

  /** Whether it looks for nothing, so that it finds every entry. */
  get isEmpty(): boolean {
    return this.#terms.length === 0 && this.problem === undefined;
  }

  /**
   * @param actorName - The name of the entry's actor.
   */
  finds(entry: Entry, actorName: string): boolean {
    if (this.problem !== undefined) return false;
    // A text is made only if a term needs it, and at most once.
    const texts = new Map<Field, string>();
    const textIn = (field: Field): string => {
      const known = texts.get(field);
      if (known !== undefined) return known;
      const text = textOf(entry, field, actorName).toLowerCase();
      texts.set(field, text);
      return text;
    };
    return this.#terms.every(({ field, isIn, isNegated }) => isIn(textIn(field)) !== isNegated);
  }
}

const TERM = /(-?)(?:(actor|event|state):)?(?:"([^"]*)"?|\/((?:[^/\\]|\\[^])+)\/(?=\s|$)|(\S+))/gi;

function parse(source: string): Term[] {
  return [...source.matchAll(TERM)].slice(0, MAX_TERMS).flatMap((match): Term[] => {
    const [, minus, field, quoted, pattern, word] = match;
    const isNegated = minus === '-';
    const known = { field: fieldOf(field), isNegated };
    if (pattern !== undefined) {
      const matches = compilePattern(pattern);
      return [{ ...known, isIn: (text) => matches(text.slice(0, MAX_PATTERN_TEXT)) }];
    }
    const searched = (quoted ?? word ?? '').toLowerCase();
    // The name of a field alone is not finished yet.
    const isEmpty =
      searched === '' || (quoted === undefined && /^(actor|event|state):$/.test(searched));
    return isEmpty ? [] : [{ ...known, isIn: (text) => text.includes(searched) }];
  });
}

function fieldOf(name: string | undefined): Field {
  const lower = name?.toLowerCase();
  return lower === 'actor' || lower === 'event' || lower === 'state' ? lower : undefined;
}

function textOf(entry: Entry, field: Field, actorName: string): string {
  if (field === 'actor') return actorName;
  if (field === 'event') return eventTextOf(entry);
  if (field === 'state') return entry.kind === 'state' ? valueText(entry.state.value) : '';
  return `${actorName} ${wholeText(entry)}`;
}

const eventTextOf = (entry: Entry): string =>
  entry.kind === 'event' ? `${eventText(entry.name)} ${entry.name}` : '';

function wholeText(entry: Entry): string {
  switch (entry.kind) {
    case 'event':
      return `${eventTextOf(entry)} ${boundedJson(entry.data, MAX_TEXT)}`;
    case 'state':
      return stateText(entry.state);
    case 'message':
    case 'problem':
      return entry.text.slice(0, MAX_TEXT);
    case 'start':
      return 'started';
    case 'stop':
      return 'ended';
  }
}

function stateText(state: ActorState): string {
  const { value, status, actions, tags, context, error, output, emitted } = state;
  const names = [valueText(value), status, ...(actions ?? []), ...(tags ?? [])];
  const values = [error, output, emitted, context].map((one) => one ?? null);
  return `${names.join(' ')} ${boundedJson(values, MAX_TEXT)}`;
}

/** A value as JSON, up to about this length: a large context would take too long. */
export function boundedJson(value: Json, maxCharacters: number): string {
  let text = '';
  const write = (inner: Json): void => {
    if (text.length > maxCharacters) return;
    if (typeof inner === 'string') text += JSON.stringify(inner.slice(0, maxCharacters));
    else if (typeof inner !== 'object' || inner === null) text += String(inner);
    else if (Array.isArray(inner)) writeList(inner);
    else if (isRecord(inner)) writeObject(inner);
  };
  const writeList = (list: readonly Json[]): void => {
    text += '[';
    for (const [at, one] of list.entries()) {
      if (text.length > maxCharacters) break;
      if (at > 0) text += ',';
      write(one);
    }
    text += ']';
  };
  const writeObject = (object: Readonly<Record<string, Json>>): void => {
    text += '{';
    let separator = '';
    for (const key in object) {
      if (text.length > maxCharacters) break;
      text += `${separator}${JSON.stringify(key.slice(0, maxCharacters))}:`;
      separator = ',';
      write(object[key] ?? null);
    }
    text += '}';
  };
  write(value);
  return text;
}
