/**
 * Runs the library for long, and looks at what it holds meanwhile.
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

function parsed(): Options | undefined {
  try {
    return optionsOf(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

/** What came of a phase. */
interface Result {
  readonly name: string;
  readonly seconds: number;
  readonly readings: readonly Reading[];
  /** What grew; `undefined` when it was too short to tell. */
  readonly grown: readonly string[] | undefined;
}

async function runPhase(phase: Phase, work: Omit<Work, 'sample' | 'say'>): Promise<Result> {
  const { name, unit } = phase;
  const started = performance.now();
  const readings: Reading[] = [];
  const note = (reading: Reading): void => {
    readings.push(reading);
    console.log(lineOf(reading));
  };
  console.log(`\n${name}: ${work.count.toLocaleString('en-US')} ${unit}\n${lineOf()}`);
  await phase.run({
    ...work,
    say: (line) => {
      console.log(line);
    },
    sample: async (done, { listeners, peer } = {}) => {
      note({ done, of: 'here', sample: await takeSample(listeners) });
      if (peer !== undefined) note({ done, of: 'peer', sample: peer });
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
    // What a phase leaves of its time is for those that follow.
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

// An exit takes the directory and, by the end of its IPC channel, the other process along.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const options = parsed();
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
