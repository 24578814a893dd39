/**
 * The corpus: an input of each kind, and one for every bug that fuzzing has found. An input that costs
 * too much when it is large is kept as a pattern, in a file that ends with `.pattern`.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PARTS, type Pattern } from './pattern.ts';

const ROOT = join(import.meta.dirname, '..', 'corpus');

/** An input, named for its purpose. */
export interface Entry {
  readonly name: string;
  readonly input: Buffer;
}

/** A pattern, named for its purpose. */
export interface PatternEntry {
  readonly name: string;
  readonly pattern: Pattern;
}

const PATTERN = '.pattern';

const namesIn = (target: string): string[] => readdirSync(join(ROOT, target)).sort();

/** Reads the inputs of a target. */
export function readCorpus(target: string): Entry[] {
  const names = namesIn(target).filter((name) => !name.endsWith(PATTERN));
  return names.map((name) => ({ name, input: readFileSync(join(ROOT, target, name)) }));
}

/** Reads the patterns of a target. */
export function readPatterns(target: string): PatternEntry[] {
  const names = namesIn(target).filter((name) => name.endsWith(PATTERN));
  return names.map((name) => {
    const parts = JSON.parse(readFileSync(join(ROOT, target, name), 'utf8')) as Partial<Pattern>;
    return { name, pattern: { head: '', left: '', middle: '', right: '', tail: '', ...parts } };
  });
}

/** Adds an input, and returns its path. */
export function addToCorpus(target: string, reason: string, input: Buffer): string {
  return write(target, `${reason}-${hashOf(input)}`, input);
}

/** Adds a pattern, and returns its path. */
export function addPattern(target: string, reason: string, pattern: Pattern): string {
  const parts = PARTS.filter((part) => pattern[part] !== '').map((part) => [part, pattern[part]]);
  const text = `${JSON.stringify(Object.fromEntries(parts))}\n`;
  return write(target, `${reason}-${hashOf(text)}${PATTERN}`, text);
}

const hashOf = (content: Buffer | string): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 8);

function write(target: string, name: string, content: Buffer | string): string {
  const path = join(ROOT, target, name);
  mkdirSync(join(ROOT, target), { recursive: true });
  writeFileSync(path, content);
  return path;
}
