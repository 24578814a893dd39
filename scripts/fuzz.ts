/**
 * Fuzzes the code that processes bytes from a peer. A failing input is minimized and added to the corpus,
 * which the tests run. So is an input that costs too much CPU time per byte.
 *
 *   npm run fuzz -- [TARGET…] [--seconds N] [--inputs N] [--seed N]
 */

import { parseArgs } from 'node:util';
import { addPattern, addToCorpus, readCorpus } from '../test/fuzz/engine/corpus.ts';
import { fuzz } from '../test/fuzz/engine/loop.ts';
import type { Target } from '../test/fuzz/engine/target.ts';
import { TARGETS } from '../test/fuzz/targets/index.ts';

const NAMES = TARGETS.map(({ name }) => name);
const USAGE = `Usage: npm run fuzz -- [TARGET…] [options]
  TARGET       ${NAMES.join(', ')}; default: all
  --seconds N  time for each target, in seconds; default 60
  --inputs N   maximum number of inputs for each target; default: no limit
  --seed N     seed of the random inputs, to repeat a run; default: random`;

interface Options {
  readonly targets: readonly Target[];
  readonly seconds: number;
  readonly inputs: number;
  readonly seed: number;
}

/** @throws {TypeError} When an argument is invalid. */
function optionsOf(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { seconds: { type: 'string' }, inputs: { type: 'string' }, seed: { type: 'string' } },
  });
  const unknown = positionals.find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`Unknown target '${unknown}': use ${NAMES.join(', ')}`);
  return {
    targets: TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    seconds: numberOf('seconds', values.seconds, 60),
    inputs: numberOf('inputs', values.inputs, Infinity),
    seed: numberOf('seed', values.seed, Date.now() % 2 ** 32),
  };
}

function numberOf(name: string, text: string | undefined, byDefault: number): number {
  const number = text === undefined ? byDefault : Number(text);
  if (text?.trim() === '' || !(number >= 0)) {
    throw new TypeError(`--${name} must be a number of at least 0, not '${String(text)}'`);
  }
  return number;
}

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

async function run(target: Target, { seconds, inputs, seed }: Options): Promise<void> {
  const started = performance.now();
  const { runs, features, kept, measured, failure, excess } = await fuzz(target, {
    seed,
    inputs,
    deadline: started + seconds * 1000,
    corpus: readCorpus(target.name).map(({ input }) => input),
  });
  const took = ((performance.now() - started) / 1000).toFixed(1);
  const counts =
    `${String(runs)} inputs in ${took} s, ${String(features)} features, ` +
    `${String(kept.length)} inputs kept, ${String(measured)} costs measured`;
  console.log(`${target.name.padEnd(16)} ${counts}, seed ${String(seed)}`);
  if (failure !== undefined)
    report(failure.error, addToCorpus(target.name, 'found', failure.input));
  if (excess !== undefined) report(excess.error, addPattern(target.name, 'slow', excess.pattern));
}

function report(error: unknown, path: string): void {
  process.exitCode = 1;
  console.log(error);
  console.log(`The input was saved to ${path}`);
}

const options = parsed();
for (const target of options?.targets ?? []) if (options) await run(target, options);
