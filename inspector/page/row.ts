/** What a row of the timeline says about an entry. */

import type { Entry } from '../shared/view.ts';
import {
  actorName,
  brief,
  bytes,
  clockTime,
  duration,
  eventText,
  isRecord,
  oneLine,
  valueText,
} from './format.ts';
import type { Model } from './model.ts';

/** The texts of a row, and how it looks. */
export interface RowContent {
  readonly kind: Entry['kind'] | 'dropped';
  readonly time: string;
  /** The time since the row above. */
  readonly since: string;
  /** The time since the pinned entry. */
  readonly distance: string;
  readonly actor: string;
  readonly mark: string;
  readonly what: string;
  readonly more: string;
  /** What else there is to say; empty for nothing. */
  readonly title: string;
  readonly isFailure: boolean;
  readonly isUnhandled: boolean;
}

/** What the row of an entry is drawn from. */
interface RowContext {
  /** The entry in the row above. */
  readonly previous: Entry | undefined;
  /** The pinned entry. */
  readonly pinned: Entry | undefined;
}

const NOT_HANDLED = 'not handled: no transition of the current state takes this event';

/** The content of an entry's row. */
export function contentOf(
  entry: Entry,
  { previous, pinned }: RowContext,
  model: Model,
): RowContent {
  const isUnhandled = model.isUnhandled(entry);
  const isFailure = model.isFailure(entry);
  const notes = [isFailure ? 'a failure' : '', isUnhandled ? NOT_HANDLED : ''];
  return {
    kind: entry.kind,
    time: clockTime(entry.at),
    since:
      previous === undefined ? '' : (dayChange(previous.at, entry.at) ?? since(previous, entry)),
    distance: pinned === undefined || pinned.seq === entry.seq ? '' : since(pinned, entry),
    actor: nameOf(entry.actor, model),
    ...rowText(entry, model),
    title: notes.filter((note) => note !== '').join('; '),
    isFailure,
    isUnhandled,
  };
}

/** The content of the row that says how many entries of a program are no longer kept. */
export const droppedContent = (name: string, count: number): RowContent => ({
  ...{ kind: 'dropped', time: '', since: '', distance: '', actor: name, mark: '…', more: '' },
  what: `${String(count)} older ${count === 1 ? 'entry was' : 'entries were'} dropped`,
  ...{ title: '', isFailure: false, isUnhandled: false },
});

/** An entry in words, for a screen reader. */
export function entryInWords(entry: Entry, model: Model): string {
  const { actor, what, title } = contentOf(
    entry,
    { previous: undefined, pinned: undefined },
    model,
  );
  const kind = entry.kind === 'start' || entry.kind === 'stop' ? '' : `${entry.kind} `;
  return `${actor}: ${kind}${what}${title === '' ? '' : `, ${title}`}, ${clockTime(entry.at)}`;
}

/** The shown name of an actor, or of the program for a problem. */
function nameOf(id: string, model: Model): string {
  const actor = model.history.actors.get(id)?.actor ?? model.actorOf(id);
  return actor === undefined ? (model.programs.get(id)?.name ?? id) : actorName(actor);
}

function since(from: Entry, to: Entry): string {
  const ms = to.at - from.at;
  if (ms === 0) return '+0 ms';
  return ms < 0 ? `−${duration(-ms)}` : `+${duration(ms)}`;
}

/** The day of an entry that is the first one of its day. */
function dayChange(before: number, at: number): string | undefined {
  const [one, other] = [new Date(before), new Date(at)];
  // Most entries are of the same second, which is cheap to find out.
  if (Math.abs(at - before) < 1000 && one.getHours() === other.getHours()) return undefined;
  if (one.toDateString() === other.toDateString() || Number.isNaN(other.getTime()))
    return undefined;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${String(other.getFullYear())}-${two(other.getMonth() + 1)}-${two(other.getDate())}`;
}

interface RowText {
  readonly mark: string;
  readonly what: string;
  readonly more: string;
}

function rowText(entry: Entry, model: Model): RowText {
  switch (entry.kind) {
    case 'start':
      return { mark: '+', what: 'started', more: '' };
    case 'stop':
      return { mark: '×', what: 'ended', more: '' };
    case 'event':
      return { mark: '→', what: eventText(entry.name), more: eventMore(entry, model) };
    case 'state':
      return { mark: '●', what: stateWhat(entry), more: stateMore(entry, model) };
    case 'message': {
      const skipped = entry.skipped > 0 ? `(${String(entry.skipped)} not shown) ` : '';
      const mark = entry.direction === 'in' ? '⇠' : '⇢';
      return { mark, what: bytes(entry.bytes), more: skipped + oneLine(entry.text) };
    }
    case 'problem':
      return { mark: '!', what: 'inspection', more: oneLine(entry.text) };
  }
}

/** The properties of an event that other cells of the row show. */
const KEYS_ALREADY_SHOWN: ReadonlySet<string> = new Set(['type', 'actorId']);

function eventMore({ data, origin }: Extract<Entry, { kind: 'event' }>, model: Model): string {
  const sender = origin === undefined ? undefined : model.history.actors.get(origin)?.actor;
  const from = sender === undefined ? '' : `from ${actorName(sender)} `;
  if (!isRecord(data)) return from;
  const rest = Object.fromEntries(
    Object.entries(data).filter(([key]) => !KEYS_ALREADY_SHOWN.has(key)),
  );
  return from + (Object.keys(rest).length === 0 ? '' : brief(rest));
}

function stateWhat({ state }: Extract<Entry, { kind: 'state' }>): string {
  const status = state.status === 'active' ? '' : ` (${state.status})`;
  return oneLine(valueText(state.value)) + status;
}

/** More names do not fit into a row. */
const MAX_ACTIONS = 50;

function stateMore(entry: Extract<Entry, { kind: 'state' }>, model: Model): string {
  const change = model.changeOf(entry);
  const before = change?.from === undefined ? '' : `after ${duration(change.ms)} in ${change.from}`;
  const actions = entry.state.actions?.slice(0, MAX_ACTIONS).join(', ') ?? '';
  return oneLine(
    [before, actions && `actions: ${actions}`].filter((text) => text !== '').join(' · '),
  );
}
