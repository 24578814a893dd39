/**
 * Runs the library for a long time, and checks that the resources it holds do not grow.
 *
 *   npm run soak -- [--quick] [--only PHASE] [--scale N] [--minutes N] [--seed N] [--json FILE]
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rerunWithDescriptors } from './descriptors.ts';
import { type Options, optionsOf, USAGE } from './options.ts';
import type { Phase, Work } from './phase.ts';
import { takeSample } from './sample.ts';
import { sessions } from './sessions.ts';
import { growthOf, lineOf, type Reading } from './verdict.ts';

function parseOptions(): Options | undefined {
  try {
    return optionsOf(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

/** The result of a phase. */
interface Result {
  readonly name: string;
  readonly seconds: number;
  readonly readings: readonly Reading[];
  /** The figures that grew, in words; `undefined` when the phase was too short for a verdict. */
  readonly grown: readonly string[] | undefined;
}

async function runPhase(phase: Phase, work: Omit<Work, 'sample' | 'print'>): Promise<Result> {
  const { name, unit } = phase;
  const started = performance.now();
  const readings: Reading[] = [];
  const addReading = (reading: Reading): void => {
    readings.push(reading);
    console.log(lineOf(reading));
  };
  console.log(`\n${name}: ${work.count.toLocaleString('en-US')} ${unit}\n${lineOf()}`);
  await phase.run({
    ...work,
    print: (line) => {
      console.log(line);
    },
    sample: async (done, { listeners, peer } = {}) => {
      addReading({ done, of: 'here', sample: await takeSample(listeners) });
      if (peer !== undefined) addReading({ done, of: 'peer', sample: peer });
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const grown = growthOf(readings);
  const verdict = grown === undefined ? 'too short to tell' : grown.join('; ') || 'flat';
  console.log(`${name}: ${verdict} (${seconds.toFixed(1)} s)`);
  return { name, seconds, readings, grown };
}

async function main({ phases, scale, minutes, seed, json }: Options): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'wirechart-soak-'));
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
  console.log(`Node ${process.version}, seed ${String(seed)}`);
  const end = performance.now() + minutes * 60_000;
  const results: Result[] = [];
  for (const [at, phase] of phases.entries()) {
    const now = performance.now();
    // An equal share of the remaining time: time that a phase does not use goes to the later ones.
    const until = now + (end - now) / (phases.length - at);
    const count = Math.max(10, Math.round(phase.count * scale));
    const hasTime = (): boolean => performance.now() < until;
    results.push(await runPhase(phase, { count, seed, directory, hasTime }));
  }
  if (results.some(({ grown = [] }) => grown.length > 0)) process.exitCode = 1;
  if (json === undefined) return;
  writeFileSync(
    json,
    `${JSON.stringify({ node: process.version, seed, results }, undefined, 2)}\n`,
  );
}

// An exit removes the directory and, because it closes the IPC channel, ends the peer process.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const options = parseOptions();
if (options !== undefined) {
  const sockets = Math.max(
    ...options.phases.map((phase) =>
      phase.name === 'sessions' ? sessions.count * options.scale : 0,
    ),
  );
  const code = rerunWithDescriptors(sockets + 1000);
  if (code === undefined) await main(options);
  else process.exitCode = code;
}
