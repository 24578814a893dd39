/** What a soak can be told. */

import { parseArgs } from 'node:util';
import { cycles } from './cycles.ts';
import { leak } from './leak.ts';
import { messages } from './messages.ts';
import type { Phase } from './phase.ts';
import { sessions } from './sessions.ts';

const PHASES: readonly Phase[] = [cycles, sessions, messages];
const ALL: readonly Phase[] = [...PHASES, leak];
const QUICK = 0.02;

export const USAGE = `Usage: npm run soak -- [options]
  --only PHASE  ${ALL.map(({ name }) => name).join(', ')} (which is to fail)
  --quick       a fiftieth of it
  --scale N     another part of it; 1 is all
  --minutes N   how long in all; what is not done by then is left out
  --seed N      the same faults as last time; default: others each time
  --json FILE   the tables as JSON`;

/** What is asked for. */
export interface Options {
  readonly phases: readonly Phase[];
  readonly scale: number;
  readonly minutes: number;
  readonly seed: number;
  readonly json: string | undefined;
}

/** @throws {TypeError} When the arguments are wrong. */
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
  if (only !== undefined && named.length === 0) throw new TypeError(`There is no phase '${only}'`);
  return {
    phases: only === undefined ? PHASES : named,
    scale: numberOf('scale', values.scale, quick ? QUICK : 1),
    minutes: numberOf('minutes', values.minutes, Infinity),
    seed: numberOf('seed', values.seed, Date.now() % 2 ** 32),
    json,
  };
}

function numberOf(name: string, text: string | undefined, byDefault: number): number {
  const number = text === undefined ? byDefault : Number(text);
  if (text?.trim() === '' || !(number > 0)) {
    throw new TypeError(`--${name} wants a number above 0, not '${String(text)}'`);
  }
  return number;
}
