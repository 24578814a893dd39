/** Draws an entry as a row of the timeline. */

import type { Entry } from '../shared/view.ts';
import { html } from './dom.ts';
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

/** The row of an entry: its time, its actor and its content. */
export function rowOf(entry: Entry, model: Model): HTMLElement {
  const actor = model.history.actors.get(entry.actor)?.actor;
  const name = actor === undefined ? entry.actor : actorName(actor);
  const { mark, what, more } = rowText(entry, model);
  return html(
    'div',
    { role: 'option', class: `row ${entry.kind}`, 'data-seq': entry.seq, 'data-kind': entry.kind },
    html('span', { class: 'time' }, clockTime(entry.at)),
    html('span', { class: 'actor-name', title: name }, name),
    html('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
    html('span', { class: 'what' }, what),
    html('span', { class: 'more' }, more),
  );
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
