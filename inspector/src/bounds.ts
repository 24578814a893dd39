/**
 * What may arrive at the inspector, from programs, recordings, pages and receivers. All of it is checked
 * against these bounds before it is used. Something beyond a bound is not used: a problem entry says
 * which bound it was.
 */

import { getHeapStatistics } from 'node:v8';
import { type HistoryBounds, TOTAL_BOUNDS } from '../shared/history.ts';

const MEBI = 1024 * 1024;

/** The bounds, by subject. Characters are UTF-16 code units. */
export const BOUNDS = {
  /** Any JSON text: a message, or a text within one. */
  json: { depth: 256, values: 100_000 },
  /** Names of actors, events and actions; ids of actors. */
  nameCharacters: 1024,
  /** The ids of states, which contain the names of all states around them. */
  stateIdCharacters: 8192,
  /** A list in a message about a state: microsteps, actions, deadlines, emitted events. */
  items: 1000,
  /** The value of a state, which names all active states. */
  stateValue: { depth: 64, values: 5_000, characters: 65_536 },
  /** The definition of a machine. A larger one is not drawn; its actors are shown without it. */
  definition: {
    characters: 4 * MEBI,
    states: 2_000,
    depth: 64,
    transitions: 10_000,
    invocations: 2_000,
    delimiterCharacters: 16,
  },
  /** Connections; further ones are refused. */
  pages: 100,
  receivers: 20,
  /** A request of a page, or the command of a receiver. */
  requestCharacters: MEBI,
  recording: { lineCharacters: 32 * MEBI, characters: 1024 * MEBI },
  /** Living actors and the sizes of their latest states: of one program, and of all together. */
  actors: { perProgram: 20_000, all: 50_000 },
  stateBytes: { perProgram: 128 * MEBI, all: 512 * MEBI },
  /** When more programs are kept, the oldest that are not connected are dropped. */
  programs: { kept: 200, connected: 1_000 },
  /** When more charts are kept, those of no actor are dropped. */
  charts: { kept: 500, bytes: 256 * MEBI },
  /** Problems shown of one program, or of the inspector itself. */
  problems: 20,
  problemCharacters: 1000,
} as const;

/**
 * The bounds of all histories together. What was parsed may take several times the memory of its text, and
 * Node ends a process that needs more memory than its limit, which is low on small machines.
 */
export function totalHistoryBounds(): HistoryBounds {
  const size = Math.floor(getHeapStatistics().heap_size_limit / HEAP_PER_HISTORY);
  return { ...TOTAL_BOUNDS, size: Math.min(TOTAL_BOUNDS.size, size) };
}

const HEAP_PER_HISTORY = 6;

/** The approximate memory of a value that was parsed from JSON: most take more text than this. */
const VALUE_BYTES = 16;

/** Something is beyond a bound. The message says which one, as the end of a sentence about the subject. */
export class BoundError extends TypeError {
  override readonly name = 'BoundError';
}

/**
 * The approximate memory of a JSON text, or of what it is parsed to if that is more.
 *
 * The text is only read, in one pass and without recursion: parsing or converting what is nested too
 * deeply would overflow the stack, and a long list of tiny values takes a hundred times its length.
 *
 * @param subject - What the text is, for the error: `it`, or `its 'state'`.
 * @throws {BoundError} When it is nested too deeply or has too many values.
 */
export function sizeOfJson(text: string, subject: string): number {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPENING_BRACKET:
      case OPENING_BRACE:
        depth += 1;
        values += 1;
        if (depth > BOUNDS.json.depth) throw tooDeep(subject, BOUNDS.json.depth);
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        depth -= 1;
        break;
      case COMMA:
        values += 1;
        if (values > BOUNDS.json.values) throw tooMany(subject, BOUNDS.json.values, 'values');
        break;
    }
  }
  if (values > BOUNDS.json.values) throw tooMany(subject, BOUNDS.json.values, 'values');
  return Math.max(text.length, values * VALUE_BYTES);
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPENING_BRACKET, CLOSING_BRACKET] = [0x5b, 0x5d];
const [OPENING_BRACE, CLOSING_BRACE] = [0x7b, 0x7d];

/** The index of the quote that ends a string, or the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  let jump = at + SHORT_STRING;
  let escapes = 0;
  while (at < text.length) {
    if (at >= jump) {
      // Most long texts have no escapes: searching is much faster than looking at each character.
      const quote = text.indexOf('"', at);
      if (quote < 0) return text.length;
      if (!isEscaped(text, quote, at)) return quote;
      escapes += 1;
      at = quote + 1;
      // A text of JSON has escapes everywhere.
      jump = escapes < MANY_ESCAPES ? at + SHORT_STRING : Infinity;
      continue;
    }
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    at += code === BACKSLASH ? 2 : 1;
  }
  return text.length;
}

const SHORT_STRING = 32;
const MANY_ESCAPES = 4;

/** Whether the number of backslashes before an index is odd. Those before `from` belong to each other. */
function isEscaped(text: string, index: number, from: number): boolean {
  let at = index;
  while (at > from && text.charCodeAt(at - 1) === BACKSLASH) at -= 1;
  return (index - at) % 2 === 1;
}

/**
 * Checks the value of a state, of which the page draws each part at every frame.
 *
 * @throws {BoundError} When it is too deep, or names too many states.
 */
export function checkStateValue(value: unknown): void {
  const subject = 'its state value';
  const { depth: maxDepth, values: maxValues, characters: maxCharacters } = BOUNDS.stateValue;
  let values = 0;
  let characters = 0;
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw tooDeep(subject, maxDepth);
    const next: unknown[] = [];
    for (const one of level) {
      if (typeof one === 'string') characters += one.length;
      if (typeof one !== 'object' || one === null) continue;
      for (const [key, inner] of Object.entries(one)) {
        characters += key.length;
        values += 1;
        next.push(inner);
      }
    }
    if (values > maxValues) throw tooMany(subject, maxValues, 'values');
    if (characters > maxCharacters) throw tooMany(subject, maxCharacters, 'characters');
    level = next;
  }
}

export const tooDeep = (subject: string, levels: number): BoundError =>
  new BoundError(`${subject} is nested more than ${String(levels)} levels deep`);

export const tooMany = (subject: string, count: number, what: string): BoundError =>
  new BoundError(`${subject} has more than ${String(count)} ${what}`);
