/** Shows a JSON value as a collapsible tree. Collapsed parts have no elements. */

import type { Json } from '../shared/view.ts';
import { html } from './dom.ts';
import { brief } from './format.ts';

/** Items added at a time. */
const MAX_SHOWN_ITEMS = 100;
const MAX_SHOWN_CHARACTERS = 300;

/** Creates the view of a value, expanded down to a depth. */
export function jsonView(value: Json, depth = 1): HTMLElement {
  if (typeof value === 'object' && value !== null) return structure(value, depth);
  return html('span', { class: `json ${value === null ? 'null' : typeof value}` }, ...text(value));
}

const text = (value: Json): (Node | string)[] =>
  longText(typeof value === 'string' ? value : JSON.stringify(value));

/** A long text is cut, with a button that shows the rest. */
export function longText(whole: string, most = MAX_SHOWN_CHARACTERS): (Node | string)[] {
  if (whole.length <= most) return [whole];
  const more = html(
    'button',
    { type: 'button', class: 'more' },
    `… ${String(whole.length)} characters`,
  );
  more.addEventListener('click', () => {
    more.replaceWith(whole.slice(most));
  });
  return [whole.slice(0, most), more];
}

function structure(
  value: readonly Json[] | Readonly<Record<string, Json>>,
  depth: number,
): HTMLElement {
  const entries = Object.entries(value);
  if (entries.length === 0)
    return html('span', { class: 'json' }, Array.isArray(value) ? '[]' : '{}');
  const summary = html('summary', {}, html('span', {}, brief(value, 120)));
  const details = html('details', { class: 'json', open: depth > 0 }, summary);
  const fill = () => {
    if (details.childElementCount > 1) return;
    details.append(list(entries, depth));
  };
  if (depth > 0) fill();
  details.addEventListener('toggle', fill);
  return details;
}

function list(entries: readonly (readonly [string, Json])[], depth: number): HTMLElement {
  const rows = (from: number) =>
    entries
      .slice(from, from + MAX_SHOWN_ITEMS)
      .map(([key, value]) =>
        html(
          'li',
          {},
          html('span', { class: 'key' }, ...longText(key)),
          ': ',
          jsonView(value, depth - 1),
        ),
      );
  const items = html('ul', {}, ...rows(0));
  let shown = MAX_SHOWN_ITEMS;
  if (entries.length > MAX_SHOWN_ITEMS) {
    const more = html(
      'button',
      { type: 'button', class: 'more' },
      `… ${String(entries.length)} items`,
    );
    more.addEventListener('click', () => {
      items.append(...rows(shown));
      shown += MAX_SHOWN_ITEMS;
      if (shown >= entries.length) more.remove();
    });
    return html('div', {}, items, more);
  }
  return items;
}
