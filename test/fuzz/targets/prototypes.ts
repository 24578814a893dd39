/** Notices an input that changes the prototypes of all objects. */

import { Mismatch } from '../engine/target.ts';

const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype, String.prototype];

const keysOf = (): string =>
  PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join('\n');

const KEYS = keysOf();

/** @throws {Mismatch} When a prototype has other properties than at the start. */
export function checkPrototypes(): void {
  const keys = keysOf();
  if (keys !== KEYS) throw new Mismatch('A prototype was changed', KEYS, keys);
}
