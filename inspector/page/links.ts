/**
 * The fragment of the page's URL, which names what the page shows: `#actor=vm1/protocol&at=12@1700000000000`.
 * It never has the token. A fragment may come from anywhere: what is not valid in it is ignored.
 */

import { type ActorPath, MAX_STEPS, type PathStep } from './actor-path.ts';

/** A moment: the number of its entry, and when that was, in whole milliseconds since 1970. */
export interface LinkedMoment {
  readonly seq: number;
  readonly at: number;
}

/** What a link shows. */
export interface Link {
  readonly actor?: ActorPath;
  readonly moment?: LinkedMoment;
  /** The name of a view of the dock. */
  readonly view?: string;
  /** The values of the page's controls, by their names in links. */
  readonly controls: ReadonlyMap<string, string>;
}

const MAX_CHARACTERS = 16_000;
const MAX_CONTROLS = 50;
/** The name of an actor may be as long. */
const MAX_NAME = 1_100;
const MAX_VALUE = 300;
const CONTROL_NAME = /^[a-z][a-z-]{0,29}$/;
/** The names of the parts that are no controls. */
const PARTS: ReadonlySet<string> = new Set(['actor', 'at', 'view']);

/** The fragment of a link, with `#`; an empty text when the link says nothing. */
export function fragmentOf({ actor, moment, view, controls }: Link): string {
  const parts: string[] = [];
  if (actor !== undefined) parts.push(`actor=${actor.map(stepText).join('/')}`);
  if (moment !== undefined) parts.push(`at=${String(moment.seq)}@${String(moment.at)}`);
  if (view !== undefined) parts.push(`view=${encodeURIComponent(view)}`);
  for (const [name, value] of controls) parts.push(`${name}=${encoded(value.slice(0, MAX_VALUE))}`);
  const fragment = parts.join('&');
  return fragment === '' || fragment.length > MAX_CHARACTERS ? '' : `#${fragment}`;
}

/** Reads a fragment. Never throws. */
export function readFragment(fragment: string): Link {
  if (fragment.length > MAX_CHARACTERS) return { controls: new Map() };
  const controls = new Map<string, string>();
  const parts = new Map<string, string>();
  for (const part of fragment.replace(/^#/, '').split('&').slice(0, MAX_CONTROLS)) {
    const [name = '', ...rest] = part.split('=');
    const value = rest.join('=');
    if (PARTS.has(name)) parts.set(name, value);
    else if (CONTROL_NAME.test(name)) addControl(controls, name, decoded(value));
  }
  const actor = actorIn(parts.get('actor'));
  const moment = momentIn(parts.get('at'));
  const view = decoded(parts.get('view') ?? '');
  return {
    ...(actor !== undefined && { actor }),
    ...(moment !== undefined && { moment }),
    ...(view !== undefined && CONTROL_NAME.test(view) && { view }),
    controls,
  };
}

function addControl(controls: Map<string, string>, name: string, value: string | undefined): void {
  if (value !== undefined && value.length <= MAX_VALUE) controls.set(name, value);
}

/** A name cannot contain the separator: `;` and `/` are encoded in it. */
const stepText = ({ name, index }: PathStep): string =>
  encoded(name) + (index === 0 ? '' : `;${String(index)}`);

function actorIn(text: string | undefined): ActorPath | undefined {
  if (text === undefined) return undefined;
  const steps = text.split('/', MAX_STEPS + 1).map(stepIn);
  const valid = steps.filter((step) => step !== undefined);
  const isValid = valid.length === steps.length && valid.length > 1 && valid.length <= MAX_STEPS;
  return isValid ? valid : undefined;
}

function stepIn(text: string): PathStep | undefined {
  const [, encodedName = '', index = '0'] = /^([^;]*)(?:;(\d{1,6}))?$/.exec(text) ?? [];
  const name = decoded(encodedName);
  if (name === undefined || name === '' || name.length > MAX_NAME) return undefined;
  return { name, index: Number(index) };
}

function momentIn(text: string | undefined): LinkedMoment | undefined {
  const [, seq, at] = /^(\d{1,15})@(\d{1,15})$/.exec(text ?? '') ?? [];
  return seq === undefined || at === undefined ? undefined : { seq: Number(seq), at: Number(at) };
}

/** A half of a surrogate pair has no encoding. */
const encoded = (text: string): string =>
  encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '\ufffd'));

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
