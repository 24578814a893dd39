/** The texts of a chart: readable names of events and actors, cut so that the chart stays narrow. */

import { delayText } from '../shared/words.ts';

/** The longest text of a name, and the longest line in a drawn state or beside an arrow. */
const MAX_NAME_CHARACTERS = 200;
const MAX_LINE_CHARACTERS = 34;
const MAX_NOTE_CHARACTERS = 42;

/** A text that is cut at a number of characters. */
export const cut = (text: string, most = MAX_NAME_CHARACTERS): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

const short = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** `a, b, c`, or `a, b +1` when it would be too long. */
function listed(names: readonly string[], most: number): string {
  let text = short(names[0] ?? '', most);
  for (const [at, name] of names.entries()) {
    if (at === 0) continue;
    const longer = `${text}, ${name}`;
    if (longer.length > most) return `${text} +${String(names.length - at)}`;
    text = longer;
  }
  return text;
}

/** An action's name without the prefix of XState's own: `assign`. */
const actionText = (name: string): string => name.replace(/^xstate\./, '');

/** `entry / open, notify`; nothing without actions. */
export const actionsLine = (before: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${before} / ${listed(names.map(actionText), MAX_NOTE_CHARACTERS)}`];

/** `#busy #open`; nothing without tags. */
export const tagsLine = (tags: readonly string[]): string[] =>
  tags.length === 0
    ? []
    : [
        listed(
          tags.map((tag) => `#${tag}`),
          MAX_NOTE_CHARACTERS,
        ),
      ];

/** The first sentence of a description, on one line. */
export function descriptionLine(text: string): string[] {
  const line = text.slice(0, MAX_NAME_CHARACTERS).replace(/\s+/g, ' ').trim();
  const sentence = /^.*?[.!?](?= |$)/.exec(line)?.[0] ?? line;
  return sentence === '' ? [] : [short(sentence, MAX_NOTE_CHARACTERS)];
}

/** The lines beside an arrow: the event and the guard, on one line if they fit, and the actions. */
export function labelLines(
  event: string,
  guard: string | undefined,
  actions: readonly string[],
): string[] {
  const condition = guard === undefined ? '' : `[${guard}]`;
  const line = [event, condition].filter((part) => part !== '').join(' ');
  const first =
    line.length <= MAX_LINE_CHARACTERS
      ? [line]
      : [event, condition]
          .filter((part) => part !== '')
          .map((part) => short(part, MAX_LINE_CHARACTERS));
  const rest =
    actions.length === 0 ? [] : [`/ ${listed(actions.map(actionText), MAX_LINE_CHARACTERS)}`];
  return [...first, ...rest];
}

/** An event in words. `actorName` gives the shown name of an invoked actor. */
export function inWords(type: string, actorName: (id: string) => string): string {
  if (type === '') return 'always';
  const [, after] = /^xstate\.after\((.*?)\)#/.exec(type) ?? [];
  if (after !== undefined) return `after ${delayText(after)}`;
  const [, done] = /^done\.invoke\.(.+)$/s.exec(type) ?? [];
  if (done !== undefined) return `${actorName(done)} done`;
  const [, failed] = /^error\.platform\.(.+)$/s.exec(type) ?? [];
  if (failed !== undefined) return `${actorName(failed)} failed`;
  return type.startsWith('done.state.') ? 'done' : type;
}

/** An invoked actor, as far as its name depends on it. */
interface Invocation {
  readonly id: string;
  readonly src?: unknown;
}

/** The name of an actor's logic; `undefined` when it has none. */
export function sourceOf({ id, src }: Invocation): string | undefined {
  const name = typeof src === 'object' && src !== null && 'type' in src ? src.type : src;
  if (typeof name !== 'string' || name === id || name.startsWith('xstate.invoke.'))
    return undefined;
  return name;
}

/**
 * The shown name of an invoked actor. One without an id of its own is called `0.machine.state` by XState:
 * it gets the name of its logic or of its state.
 *
 * @param at - Its position among the actors that the state invokes.
 */
export function nameOfActor(
  state: { readonly id: string; readonly key: string },
  invocation: Invocation,
  at: number,
): string {
  const isUnnamed =
    invocation.id === `${String(at)}.${state.id}` ||
    invocation.id === `${state.id}:invocation[${String(at)}]`;
  if (!isUnnamed) return invocation.id;
  return sourceOf(invocation) ?? `actor${at === 0 ? '' : ` ${String(at + 1)}`} of ${state.key}`;
}
