/** The corpus: an input of each kind, and one for every bug that fuzzing has found. */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', 'corpus');

/** An input, named for its purpose. */
export interface Entry {
  readonly name: string;
  readonly input: Buffer;
}

/** Reads the inputs of a target. */
export function readCorpus(target: string): Entry[] {
  const folder = join(ROOT, target);
  const names = readdirSync(folder).sort();
  return names.map((name) => ({ name, input: readFileSync(join(folder, name)) }));
}

/** Adds an input, and returns its path. */
export function addToCorpus(target: string, reason: string, input: Buffer): string {
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 8);
  const path = join(ROOT, target, `${reason}-${hash}`);
  mkdirSync(join(ROOT, target), { recursive: true });
  writeFileSync(path, input);
  return path;
}
