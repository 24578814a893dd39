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
        .replace(/^done\.invoke\.([^]+)$/, (_, actor: string) => `${actorText(actor)} done`)
        .replace(/^error\.platform\.([^]+)$/, (_, actor: string) => `${actorText(actor)} failed`)
        .replace(/^xstate\.after\((.*?)\)#[^]*$/, (_, delay: string) => `after ${delayText(delay)}`)
        .replace(/^done\.state\.([^]*)$/, '$1 done');

/**
 * The shown name of an actor. One without an id of its own is called by XState after the state that has invoked
 * it: `0.machine.state` is shown as `actor of state`, and `1.machine.state` as `actor 2 of state`.
 */
export const actorText = (id: string): string =>
  id.replace(
    /^(\d{1,4})\.(?:[^]*\.)?([^.]+)$/,
    (_, at: string, state: string) =>
      `actor${at === '0' ? '' : ` ${String(Number(at) + 1)}`} of ${state}`,
  );

/** The time of a deadline: `250 ms`, `5000 ms`, `60 s`, `10 min`, `2 h`, or its name. */
export function delayText(delay: string): string {
  if (!/^\d+$/.test(delay)) return delay;
  const ms = Number(delay);
  if (ms < 10_000) return `${delay} ms`;
  const [size, unit] = UNITS.find(([large]) => ms >= 2 * large && ms % large === 0) ?? [1000, 's'];
  return `${String(ms / size)} ${unit}`;
}

/** Units of whole numbers of them. */
const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const;

/** XState 5's name of an event that is reported by its name of XState 4. */
export const v5Name = (name: string): string =>
  name
    .replace(/^done\.invoke\.(?=[^])/, 'xstate.done.actor.')
    .replace(/^error\.platform\.(?=[^])/, 'xstate.error.actor.')
    .replace(/^done\.state\./, 'xstate.done.state.')
    .replace(/^xstate\.after\((.+?)\)#/, 'xstate.after.$1.');
