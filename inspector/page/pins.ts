/** Pinned values: which values of which actors the user wants to keep in view. Kept while the tab is open. */

import type { ActorState, Json, StateEntry } from '../shared/view.ts';
import { type ActorPath, MAX_STEPS } from './actor-path.ts';
import { isEqual } from './diff.ts';
import { type JsonPath, pathText, valueAt } from './json-path.ts';

/** What a path begins at. */
export type PinRoot = 'context' | 'output' | 'value';

/** A pinned value. Its actor is found again by its names, also in another run of the program. */
export interface Pin {
  readonly actor: ActorPath;
  readonly root: PinRoot;
  readonly path: JsonPath;
}

/** A change of a pinned value. */
export interface PinChange {
  /** The number of the state entry; 0 for what it was before the first one. */
  readonly seq: number;
  readonly at: number;
  /** `undefined` when there was no such value. */
  readonly value: Json | undefined;
}

const MAX_PINS = 20;
const MAX_PATH = 32;
const MAX_NAME_CHARACTERS = 1_100;
/** What the page stores is at most as long. */
const MAX_STORED_CHARACTERS = 4_000;
/** The latest states of an actor in which changes are looked for. */
const MAX_STATES = 200;
const MAX_COMPARED = 1_000;
const ROOTS: ReadonlySet<unknown> = new Set<PinRoot>(['context', 'output', 'value']);

/** Where pins are kept. */
export interface PinStorage {
  readonly read: () => string | undefined;
  readonly write: (text: string) => void;
}

/** The pins, at most 20. */
export class Pins {
  readonly #storage: PinStorage;
  #pins: readonly Pin[];

  constructor(storage: PinStorage) {
    this.#storage = storage;
    this.#pins = pinsIn(storage.read());
  }

  get all(): readonly Pin[] {
    return this.#pins;
  }

  has(pin: Pin): boolean {
    return this.#pins.some((other) => idOf(other) === idOf(pin));
  }

  /**
   * Adds a pin, or removes it if it is there. With too many, the oldest one goes.
   *
   * @returns Whether it is pinned now. One that is too long to keep is not.
   */
  toggle(pin: Pin): boolean {
    const isAdded = !this.has(pin) && isPin(pin);
    const others = this.#pins.filter((other) => idOf(other) !== idOf(pin));
    this.#pins = isAdded ? [...others, pin].slice(-MAX_PINS) : others;
    this.#save();
    return isAdded;
  }

  /** Stores as many as there is room for, the newest first. */
  #save(): void {
    let stored = this.#pins;
    while (JSON.stringify(stored).length > MAX_STORED_CHARACTERS) stored = stored.slice(1);
    this.#storage.write(JSON.stringify(stored));
  }
}

/** What identifies a pin. */
export const idOf = ({ actor, root, path }: Pin): string => JSON.stringify([actor, root, path]);

/** `context.users[0].name`. */
export const textOfPin = ({ root, path }: Pin): string => pathText(root, path);

/** The valid pins in what was stored, which any page of the same address may have changed. */
function pinsIn(text: string | undefined): readonly Pin[] {
  try {
    const values: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(values)
      ? (values as readonly unknown[]).filter(isPin).slice(0, MAX_PINS)
      : [];
  } catch {
    return [];
  }
}

function isPin(value: unknown): value is Pin {
  if (typeof value !== 'object' || value === null) return false;
  if (!('actor' in value) || !('root' in value) || !('path' in value)) return false;
  const { actor, root, path } = value;
  const isKey = (key: unknown) => isText(key) || isIndex(key);
  return ROOTS.has(root) && isListOf(actor, MAX_STEPS, isStep) && isListOf(path, MAX_PATH, isKey);
}

const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= MAX_NAME_CHARACTERS;

const isIndex = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const isStep = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  'index' in value &&
  isText(value.name) &&
  isIndex(value.index);

const isListOf = (value: unknown, most: number, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length <= most && value.every(isItem);

/** The value of a pin in a state. */
export function valueOfPin({ root, path }: Pin, state: ActorState): Json | undefined {
  const whole = root === 'context' ? state.context : root === 'output' ? state.output : state.value;
  return valueAt(whole, path);
}

/** The latest changes of a pinned value up to an entry, the oldest first. */
export function changesOf(
  pin: Pin,
  states: readonly StateEntry[],
  seq: number,
  most: number,
): PinChange[] {
  const end = states.findLastIndex((entry) => entry.seq <= seq) + 1;
  const changes: PinChange[] = [];
  let previous: { value: Json | undefined } | undefined;
  for (const { seq: at, state } of states.slice(Math.max(0, end - MAX_STATES), end)) {
    const value = valueOfPin(pin, state);
    const isSame = previous !== undefined && isEqual(previous.value, value, MAX_COMPARED);
    previous = { value };
    if (!isSame) changes.push({ seq: at, at: state.at, value });
  }
  return changes.slice(-most);
}

/** The points of a sparkline of numbers, in a box of a width and a height; empty for less than two. */
export function sparkline(values: readonly number[], width: number, height: number): string {
  const shown = values.filter(Number.isFinite);
  if (shown.length < 2) return '';
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const step = width / (shown.length - 1);
  return shown
    .map((value, at) => {
      const part = high === low ? 0.5 : (value - low) / (high - low);
      return `${(at * step).toFixed(1)},${(height - part * height).toFixed(1)}`;
    })
    .join(' ');
}
