/** The duration of a process that imports the package and exits. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { alternate, type Run, type Series, type Variant } from '../measure.ts';
import { tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const NOTHING = 'nothing';

/** The program of each variant. */
const PROGRAMS: Readonly<Record<string, string>> = {
  [NOTHING]: '',
  xstate: "import 'xstate'",
  wirechart: "import 'wirechart'",
  'wirechart/qmp': "import 'wirechart/qmp'",
};

export async function* importing({ plan }: Setting): AsyncGenerator<Table> {
  const variants = Object.entries(PROGRAMS).map(([name, program]): Variant => ({
    name,
    count: 1,
    fixed: true,
    run: () => timed(program),
  }));
  // More rounds, because the durations of short processes vary much.
  const series = await alternate(variants, { ...plan, rounds: plan.rounds * 3, warmups: 1 });
  yield tableOf('a process that imports: wall time, lower is better', 'ms', series);
  yield tableOf('the same, more than a process that imports nothing', 'ms', above(NOTHING, series));
}

async function timed(program: string): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT,
    // Without the Node options of this process: the child would also import tsx.
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const ms = performance.now() - started;
  if (code !== 0) throw new Error(`The program "${program}" exited with code ${String(code)}`);
  return { ms, figures: [ms] };
}

/** Subtracts the series with this name from the others, round by round. */
function above(name: string, series: readonly Series[]): Series[] {
  const base = series.find((one) => one.name === name)?.rounds ?? [];
  return series
    .filter((one) => one.name !== name)
    .map((one) => ({
      name: one.name,
      rounds: one.rounds.map(([ms = NaN], round) => [ms - (base[round]?.[0] ?? NaN)]),
    }));
}
