/** Names of states and events in words. */

import type { Json } from './view.ts';

/** A state value: `RUNNING.open`, and `a.b | c.d` for parallel states. */
export function valueText(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => {
      const text = valueText(inner);
      return text === '' ? key : text.includes(' | ') ? `${key}.(${text})` : `${key}.${text}`;
    })
    .join(' | ');
}

/** Readable names of XState's own events. */
export const eventText = (name: string): string =>
  name === ''
    ? 'always'
    : name
        .replace(/^done\.invoke\.([^]+)$/, '$1 done')
        .replace(/^error\.platform\.([^]+)$/, '$1 failed')
        .replace(/^xstate\.after\((.*?)\)#[^]*$/, 'after $1')
        .replace(/^done\.state\.([^]*)$/, '$1 done');

/** XState 5's name of an event that is reported by its name of XState 4. */
export const v5Name = (name: string): string =>
  name
    .replace(/^done\.invoke\.(?=[^])/, 'xstate.done.actor.')
    .replace(/^error\.platform\.(?=[^])/, 'xstate.error.actor.')
    .replace(/^done\.state\./, 'xstate.done.state.')
    .replace(/^xstate\.after\((.+?)\)#/, 'xstate.after.$1.');
