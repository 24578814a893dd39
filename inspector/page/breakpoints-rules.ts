/** What breakpoints wait for, and whether an entry is it. */

import type { ActorState, Entry, Json, StateEntry } from '../shared/view.ts';
import { Query } from './filter-query.ts';
import { activeBelow, duration, eventText, valueText } from './format.ts';

export const BREAKPOINT_KINDS = ['state', 'event', 'error', 'text', 'stay'] as const;
export type BreakpointKind = (typeof BREAKPOINT_KINDS)[number];

/** A condition on which the page shows one moment. It never stops the program. */
export interface Breakpoint {
  readonly kind: BreakpointKind;
  /**
   * The state that is entered or stayed in, the name of the event, or what is searched. In states and events `*`
   * stands for any text, and an empty text for all.
   */
  readonly text: string;
  /** For `stay`: how long, in ms. */
  readonly ms: number;
  /** The name of the actor, with `*` for any text; empty for all actors. */
  readonly actor: string;
  readonly isOn: boolean;
}

/** An entry, and what is known of it. */
export interface Happening {
  readonly entry: Entry;
  readonly actorName: string;
  readonly isFailure: boolean;
  /** The state of its actor before it. */
  readonly before: ActorState | undefined;
  /** For a state that has changed: the previous one, and how long it lasted, in ms. */
  readonly left: { readonly from: string; readonly ms: number } | undefined;
}

/** A breakpoint, ready to be compared with many entries. */
export class Matcher {
  readonly #breakpoint: Breakpoint;
  readonly #isActor: (name: string) => boolean;
  readonly #isText: (name: string) => boolean;
  readonly #query: Query | undefined;

  constructor(breakpoint: Breakpoint) {
    this.#breakpoint = breakpoint;
    this.#isActor = wildcard(breakpoint.actor);
    this.#isText = wildcard(breakpoint.text);
    this.#query = breakpoint.kind === 'text' ? new Query(breakpoint.text) : undefined;
  }

  /** Why it cannot match, as a sentence for the user. */
  get problem(): string | undefined {
    return this.#query?.problem;
  }

  matches({ entry, actorName, isFailure, before, left }: Happening): boolean {
    if (!this.#isActor(actorName)) return false;
    switch (this.#breakpoint.kind) {
      case 'state':
        return entry.kind === 'state' && this.#isEntered(entry, before);
      case 'event':
        return entry.kind === 'event' && this.#isEvent(entry.name);
      case 'error':
        return isFailure;
      case 'text':
        return this.#query?.isEmpty === false && this.#query.finds(entry, actorName);
      case 'stay':
        return left !== undefined && this.stays(actorName, left.from, left.ms);
    }
  }

  /** For `stay`: whether an actor has been in a state for too long. */
  stays(actorName: string, state: string, ms: number): boolean {
    if (this.#breakpoint.kind !== 'stay' || ms <= this.#breakpoint.ms) return false;
    return this.#isActor(actorName) && pathsOfText(state).some((path) => this.#isText(path));
  }

  #isEvent(name: string): boolean {
    return this.#isText(name) || this.#isText(eventText(name));
  }

  #isEntered({ state }: StateEntry, before: ActorState | undefined): boolean {
    return enteredPaths(state, before).some((path) =>
      tailsOf(path).some((tail) => this.#isText(tail)),
    );
  }
}

/** The active states as `on` and `on.slow`. */
export function statePaths(value: Json): string[] {
  return activeBelow(value).flatMap(([name, inner]) => [
    name,
    ...(inner === null ? [] : statePaths(inner).map((path) => `${name}.${path}`)),
  ]);
}

/** The states that were not active before, the outer ones first. */
function enteredPaths(state: ActorState, before: ActorState | undefined): string[] {
  const known = new Set(before === undefined ? [] : statePaths(before.value));
  return statePaths(state.value).filter((path) => !known.has(path));
}

/** `a.b.c`, `b.c` and `c`: a state may be named without those around it. */
function tailsOf(path: string): string[] {
  const parts = path.split('.');
  return parts.map((_, at) => parts.slice(at).join('.'));
}

/** The states in the text of a state value, such as `a.b | c`. */
const pathsOfText = (text: string): string[] => [text, ...text.split(' | ').flatMap(tailsOf)];

/**
 * A function that compares names with a pattern, in which `*` stands for any text. Case is ignored. An empty
 * pattern matches every name.
 */
export function wildcard(pattern: string): (name: string) => boolean {
  const [first = '', ...rest] = pattern.trim().toLowerCase().split('*');
  const last = rest.pop();
  if (last === undefined) return (name) => first === '' || name.toLowerCase() === first;
  return (name) => {
    const text = name.toLowerCase();
    if (!text.startsWith(first) || text.length < first.length + last.length) return false;
    let at = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return text.endsWith(last) && text.length - last.length >= at;
  };
}

/** A breakpoint in words: `event FAIL of vm1`. */
export function breakpointText({ kind, text, ms, actor }: Breakpoint): string {
  const of = actor === '' ? '' : ` of ${actor}`;
  switch (kind) {
    case 'state':
      return `${text === '' ? 'any state' : `state ${text}`}${of} is entered`;
    case 'event':
      return `${text === '' ? 'any event' : `event ${text}`}${of}`;
    case 'error':
      return `a failure${of}`;
    case 'text':
      return `an entry${of} with ${text}`;
    case 'stay':
      return `more than ${duration(ms)} in ${text === '' ? 'a state' : text}${of}`;
  }
}

/** The breakpoint that hits when an entry happens again; `undefined` when there is none for its kind. */
export function breakpointFor({ entry, actorName, before }: Happening): Breakpoint | undefined {
  const common = { ms: 0, actor: actorName, isOn: true };
  if (entry.kind === 'event') return { ...common, kind: 'event', text: entry.name };
  if (entry.kind === 'state') {
    const entered = enteredPaths(entry.state, before).at(-1);
    return { ...common, kind: 'state', text: entered ?? valueText(entry.state.value) };
  }
  if (entry.kind !== 'message') return undefined;
  const text = entry.text.replaceAll('"', ' ').trim().slice(0, 60);
  return { ...common, kind: 'text', text: `"${text}"` };
}
