/** Formats values as short texts. */

import { actorText, eventText, valueText } from '../shared/words.ts';
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

/** A duration with about three digits: `0.12 ms`, `45.6 ms`, `7.89 s`, `12 min`, `24 h 59 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '';
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${String(minutes)} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return inTwoUnits(hours, 'h', minutes % 60, 'min');
  return inTwoUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const inTwoUnits = (large: number, unit: string, small: number, smallUnit: string): string =>
  `${large.toLocaleString('en')} ${unit}${small === 0 ? '' : ` ${String(small)} ${smallUnit}`}`;

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

/**
 * The parts of the shown name of an actor. A machine without an id of its own, which XState calls `x:0`, is called
 * by its machine; its session tells it from others of that machine.
 */
export const nameParts = ({
  name,
  kind,
  id,
  machine,
}: ActorView): readonly [name: string, session?: string] =>
  kind === 'machine' && /^x:\d+$/.test(name)
    ? [machine ?? 'machine', id.slice(id.indexOf('/') + 1)]
    : [actorText(name)];

/** The shown name of an actor: `vm1`, or `checkout x:0`. */
export const actorName = (actor: ActorView): string => nameParts(actor).join(' ');

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
