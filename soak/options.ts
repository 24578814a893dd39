/** The command line of `npm run soak`. */

import { parseArgs } from 'node:util';
import { cycles } from './cycles.ts';
import { leak } from './leak.ts';
import { messages } from './messages.ts';
import type { Phase } from './phase.ts';
import { sessions } from './sessions.ts';

const PHASES: readonly Phase[] = [cycles, sessions, messages];
const ALL: readonly Phase[] = [...PHASES, leak];
const QUICK_SCALE = 0.02;

export const USAGE = `Usage: npm run soak -- [options]
  --only PHASE  run one phase: ${ALL.map(({ name }) => name).join(', ')} (leak must fail)
  --quick       the same as --scale ${String(QUICK_SCALE)}
  --scale N     the share of the full work; default 1
  --minutes N   maximum duration; the work that is left then is skipped; default: no limit
  --seed N      seed of the random faults, to repeat a run; default: random
  --json FILE   write the tables to FILE as JSON`;

/** The arguments, parsed. */
export interface Options {
  readonly phases: readonly Phase[];
  readonly scale: number;
  readonly minutes: number;
  readonly seed: number;
  readonly json: string | undefined;
}

/** @throws {TypeError} When an argument is invalid. */
export function optionsOf(args: string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ only: text, scale: text, minutes: text, seed: text, json: text },
      quick: { type: 'boolean', default: false },
    },
  });
  const { only, quick, json } = values;
  const named = ALL.filter(({ name }) => name === only);
  if (only !== undefined && named.length === 0) throw new TypeError(`Unknown phase '${only}'`);
  return {
    phases: only === undefined ? PHASES : named,
    scale: numberOf('scale', values.scale, quick ? QUICK_SCALE : 1),
    minutes: numberOf('minutes', values.minutes, Infinity),
    seed: numberOf('seed', values.seed, Date.now() % 2 ** 32),
    json,
  };
}

function numberOf(name: string, text: string | undefined, byDefault: number): number {
  const number = text === undefined ? byDefault : Number(text);
  if (text?.trim() === '' || !(number > 0)) {
    throw new TypeError(`--${name} must be a number above 0, not '${String(text)}'`);
  }
  return number;
}
