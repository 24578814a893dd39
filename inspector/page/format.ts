/** Formats values as short texts. */

import { eventText, valueText } from '../shared/words.ts';
import type { ActorView, Json, Timestamp } from '../shared/view.ts';

export { eventText, valueText };

/** Whether a value is an object with named properties. */
export const isRecord = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `12:34:56.789` */
export function clockTime(at: Timestamp): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '--:--:--.---';
  const two = (value: number) => String(value).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** A duration with about three digits: `0.12 ms`, `45.6 ms`, `7.89 s`, `12 min`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '';
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${(ms / 60_000).toFixed(0)} min`;
}

/** The remaining time of a deadline, with a steady number of digits: `8.4 s`. */
export const countdown = (ms: number): string =>
  ms <= 0 ? '0.0 s' : ms < 100_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms);

/** A number of bytes. */
export function bytes(count: number): string {
  if (count < 1024) return `${String(count)} B`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} KiB`;
  return `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

/** The names of the states just below an active state, each with its part of the state value. */
export function activeBelow(value: Json): (readonly [name: string, inner: Json])[] {
  if (typeof value === 'string') return [[value, null]];
  return isRecord(value) ? Object.entries(value) : [];
}

/** The names of all active states. */
export const activeNames = (value: Json): string[] =>
  activeBelow(value).flatMap(([name, inner]) => [name, ...activeNames(inner)]);

/** The shown name of an actor. A root machine without an id is called `machine x:0`. */
export const actorName = ({ name, kind, id }: ActorView): string =>
  kind === 'machine' && /^x:\d+$/.test(name) ? `machine ${id.slice(id.indexOf('/') + 1)}` : name;

/** A text as one line, without control characters. */
export const oneLine = (text: string, maxCharacters = 400): string => {
  const line = text
    .slice(0, maxCharacters + 1)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '·');
  return line.length > maxCharacters ? `${line.slice(0, maxCharacters)}…` : line;
};

/** A value as JSON on one line. */
export const brief = (value: Json | undefined, maxCharacters = 400): string =>
  value === undefined ? '' : oneLine(JSON.stringify(value), maxCharacters);
