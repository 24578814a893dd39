/** The command `wirechart-inspector coverage`. */

import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  type Coverage,
  mergeCoverage,
  NO_COVERAGE,
  percentOf,
  type Share,
  statesCovered,
  totalShare,
  transitionsCovered,
} from '../shared/coverage.ts';
import {
  COVERAGE_BOUNDS,
  coverageText,
  isCoverageText,
  parseCoverage,
} from '../shared/coverage-file.ts';
import { coverageReport, shareText } from '../shared/coverage-report.ts';
import { readCoverage } from './coverage.ts';
import { printable } from './printable.ts';
import { UsageError } from './usage-error.ts';

export const COVERAGE_USAGE = `       wirechart-inspector coverage FILE ...          prints which states and transitions of the
                                                      machines in recordings were covered

  --merge FILE       also writes the sum of all files to a coverage file, which this command and
                     the page read again; an existing one is replaced
  --json             prints the sum as JSON instead of a report
  --min-states N%, --min-transitions N%
                     exits with 1 when less of them was covered, of all machines together`;

interface Options {
  readonly files: readonly string[];
  readonly merge: string | undefined;
  readonly json: boolean;
  readonly minStates: number;
  readonly minTransitions: number;
}

/**
 * Runs the command.
 *
 * @returns The exit code: 1 when less than the minimum was covered, else 0.
 * @throws {UsageError} When an argument is wrong, or a file cannot be read or written.
 */
export async function coverageCommand(args: readonly string[]): Promise<number> {
  const options = optionsIn(args);
  let coverage = NO_COVERAGE;
  for (const file of options.files) coverage = mergeCoverage(coverage, await coverageIn(file));
  if (options.merge !== undefined) await write(options.merge, coverage);
  console.log(options.json ? coverageText(coverage).trimEnd() : coverageReport(coverage));
  return isEnough(coverage, options) ? 0 : 1;
}

function optionsIn(args: readonly string[]): Options {
  const { values, positionals: files } = parse(args);
  if (files.length === 0)
    throw new UsageError("'coverage' needs the path of at least one recording or coverage file");
  return {
    files,
    merge: values.merge,
    json: values.json,
    minStates: percentIn(values['min-states'], '--min-states'),
    minTransitions: percentIn(values['min-transitions'], '--min-transitions'),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        merge: { type: 'string' },
        json: { type: 'boolean', default: false },
        'min-states': { type: 'string', default: '0%' },
        'min-transitions': { type: 'string', default: '0%' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'Invalid arguments');
  }
}

function percentIn(text: string, option: string): number {
  const percent = /^\d+(?:\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(percent <= 100))
    throw new UsageError(`${option} is '${text}'; it must be a percentage from 0% to 100%`);
  return percent;
}

/** The coverage in a file of either kind, which its beginning tells. */
async function coverageIn(file: string): Promise<Coverage> {
  try {
    if (isCoverageText(await beginningOf(file))) return parseCoverage(await readWhole(file));
    const { coverage, problems } = await readCoverage(createReadStream(file, 'utf8'));
    for (const problem of problems) console.error(printable(`${file}: ${problem}`));
    return coverage;
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be read';
    throw new UsageError(`Cannot read '${file}': ${why}`, { needsUsage: false });
  }
}

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1_024), 0, 1_024, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function readWhole(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size > COVERAGE_BOUNDS.characters)
      throw new RangeError(`it has more than ${String(COVERAGE_BOUNDS.characters)} bytes`);
    return await readFile(handle, 'utf8');
  } finally {
    await handle.close();
  }
}

/** Replaces a file at once, so that several commands that write it leave a whole one. */
async function write(file: string, coverage: Coverage): Promise<void> {
  const text = coverageText(coverage);
  const temporary = `${file}.${String(process.pid)}.tmp`;
  try {
    parseCoverage(text); // A sum that exceeds a bound could not be read again.
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    const why = error instanceof Error ? error.message : 'unknown error';
    throw new UsageError(`Cannot write '${file}': ${why}`, { needsUsage: false });
  }
}

function isEnough(coverage: Coverage, { minStates, minTransitions }: Options): boolean {
  const shares: readonly (readonly [string, Share, number])[] = [
    ['states', totalShare(coverage.machines.map(statesCovered)), minStates],
    ['transitions', totalShare(coverage.machines.map(transitionsCovered)), minTransitions],
  ];
  const isNothing = coverage.machines.length === 0;
  const missing = shares.filter(
    ([, share, least]) => least > 0 && (isNothing || exactPercent(share) < least),
  );
  for (const [what, share, least] of missing)
    console.error(
      `Too few ${what} were covered: ${shareText(share)}; at least ${String(least)} % are required`,
    );
  return missing.length === 0;
}

const exactPercent = (share: Share): number =>
  share.all === 0 ? percentOf(share) : (100 * share.covered) / share.all;
