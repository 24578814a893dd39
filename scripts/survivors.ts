/**
 * Looks again at the mutants that Stryker calls survivors, one by one, with more tests.
 *
 * Stryker runs the quick tests only, and counts a mutant by which a module cannot even be loaded as a
 * survivor, because no test of that file has failed: a chart with a target that does not exist, say.
 * Here the source is changed for good, in a copy, and what counts is whether Vitest is content.
 *
 *   npm run survivors
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** What is needed of Stryker's report. */
interface Report {
  readonly files: Readonly<Record<string, { source: string; mutants: readonly Mutant[] }>>;
}
interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Position; readonly end: Position };
}
interface Position {
  readonly line: number;
  readonly column: number;
}

const REPORT = 'coverage/mutation.json';
/** Those that kill most come first; the others are run for those that are left. */
const TIERS = [
  ['test/async/', 'test/io/inbound', 'test/io/outbound', 'test/io/reader', 'test/io/writer'],
  ['test/machines/', 'test/protocol/reading', 'test/protocol/send', 'test/protocol/disconnect'],
  ['test/walks/', 'test/protocol/', 'test/embedding/', 'test/faults/chaos-stream'],
];
/** What no test of those needs, or makes itself. */
const LEFT_OUT = new Set(['.git', 'coverage', 'dist', 'node_modules']);
const PATIENCE_MS = 300_000;

const root = process.cwd();
const copy = mkdtempSync(join(tmpdir(), 'survivors-'));

function makeCopy(): void {
  const filter = (path: string): boolean => !LEFT_OUT.has(basename(path));
  cpSync(root, copy, { recursive: true, filter });
  symlinkSync(resolve(root, 'node_modules'), join(copy, 'node_modules'));
}

function offsetOf(source: string, { line, column }: Position): number {
  const before = source.split('\n').slice(0, line - 1);
  return before.reduce((length, text) => length + text.length + 1, 0) + column - 1;
}

function mutated(source: string, { location, replacement }: Mutant): string {
  const [start, end] = [offsetOf(source, location.start), offsetOf(source, location.end)];
  return source.slice(0, start) + replacement + source.slice(end);
}

/** A run that does not end has found the mutant, too. */
function isFound(): boolean {
  const vitest = resolve(root, 'node_modules/vitest/vitest.mjs');
  return TIERS.some((tests) => {
    const { status } = spawnSync(process.execPath, [vitest, 'run', '--bail', '1', ...tests], {
      cwd: copy,
      timeout: PATIENCE_MS,
    });
    return status !== 0;
  });
}

function check(file: string, source: string, mutant: Mutant): boolean {
  writeFileSync(join(copy, file), mutated(source, mutant));
  const found = isFound();
  const where = `${file}:${String(mutant.location.start.line)}`;
  const change = mutant.replacement.replaceAll(/\s+/g, ' ').slice(0, 60);
  console.log(`${found ? 'found' : 'SURVIVED'}  ${where} ${mutant.mutatorName}: ${change}`);
  return found;
}

function checkAll({ files }: Report): number {
  let [count, found] = [0, 0];
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const survivors = mutants.filter(({ status }) => ['Survived', 'NoCoverage'].includes(status));
    count += survivors.length;
    found += survivors.filter((mutant) => check(file, source, mutant)).length;
    writeFileSync(join(copy, file), source);
  }
  return count - found;
}

try {
  const report = JSON.parse(readFileSync(REPORT, 'utf8')) as Report;
  makeCopy();
  if (isFound()) throw new Error('The tests fail without any mutant');
  console.log(`${String(checkAll(report))} survivors`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
