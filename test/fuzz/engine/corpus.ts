/** Inputs that are worth running each time: one of each kind, and one for every bug that was found. */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', 'corpus');

/** An input, and what it is there for. */
export interface Entry {
  readonly name: string;
  readonly input: Buffer;
}

/** The inputs of a target. */
export function readCorpus(target: string): Entry[] {
  const folder = join(ROOT, target);
  const names = readdirSync(folder).sort();
  return names.map((name) => ({ name, input: readFileSync(join(folder, name)) }));
}

/** Adds an input, and says where. */
export function addToCorpus(target: string, why: string, input: Buffer): string {
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 8);
  const path = join(ROOT, target, `${why}-${hash}`);
  mkdirSync(join(ROOT, target), { recursive: true });
  writeFileSync(path, input);
  return path;
}
