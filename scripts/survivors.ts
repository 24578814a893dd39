/**
 * Checks the mutants that survived a run of Stryker again, one by one, with more tests.
 *
 * Stryker runs only the quick tests. It also counts a mutant with which a module fails to load as a
 * survivor, because then no test fails: a chart with a target that does not exist, for example. Here each
 * mutant is written into a copy of the source, and the exit code of Vitest decides.
 *
 *   npm run survivors
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** The part of Stryker's report that is used here. */
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
/** Tests that kill the most mutants come first; later tiers run only for the mutants that are left. */
const TIERS = [
  ['test/async/', 'test/io/inbound', 'test/io/outbound', 'test/io/reader', 'test/io/writer'],
  ['test/machines/', 'test/protocol/reading', 'test/protocol/send', 'test/protocol/disconnect'],
  ['test/walks/', 'test/protocol/', 'test/embedding/', 'test/faults/chaos-stream'],
];
/** Not copied: the tests do not need it. */
const NOT_COPIED = new Set(['.git', 'coverage', 'dist', 'node_modules']);
const TIER_DEADLINE_MS = 300_000;

const root = process.cwd();
const copy = mkdtempSync(join(tmpdir(), 'survivors-'));

function makeCopy(): void {
  const filter = (path: string): boolean => !NOT_COPIED.has(basename(path));
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

/** Whether a test fails, or does not end within the deadline. */
function isKilled(): boolean {
  const vitest = resolve(root, 'node_modules/vitest/vitest.mjs');
  return TIERS.some((tests) => {
    const { status } = spawnSync(process.execPath, [vitest, 'run', '--bail', '1', ...tests], {
      cwd: copy,
      timeout: TIER_DEADLINE_MS,
    });
    return status !== 0;
  });
}

function check(file: string, source: string, mutant: Mutant): boolean {
  writeFileSync(join(copy, file), mutated(source, mutant));
  const killed = isKilled();
  const where = `${file}:${String(mutant.location.start.line)}`;
  const change = mutant.replacement.replaceAll(/\s+/g, ' ').slice(0, 60);
  console.log(`${killed ? 'killed' : 'SURVIVED'}  ${where} ${mutant.mutatorName}: ${change}`);
  return killed;
}

function checkAll({ files }: Report): number {
  let [count, killed] = [0, 0];
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const survivors = mutants.filter(({ status }) => ['Survived', 'NoCoverage'].includes(status));
    count += survivors.length;
    killed += survivors.filter((mutant) => check(file, source, mutant)).length;
    writeFileSync(join(copy, file), source);
  }
  return count - killed;
}

try {
  const report = JSON.parse(readFileSync(REPORT, 'utf8')) as Report;
  makeCopy();
  if (isKilled()) throw new Error('The tests fail without a mutant: fix them first');
  console.log(`${String(checkAll(report))} survivors`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
