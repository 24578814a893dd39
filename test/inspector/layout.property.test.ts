/** Any machine is laid out soundly. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { Layouter } from '../../inspector/src/layout.ts';
import { chartOf, expectSound } from './charts.ts';

/** A state of a machine that is made here. */
interface Config {
  readonly id: string;
  type?: 'parallel' | 'final' | 'history';
  initial?: string;
  readonly states: Record<string, Config>;
  readonly on: Record<string, { target: string; reenter: boolean }>;
}

const PLAN = fc.record({
  /** What each state stands in: one of those before it. */
  parents: fc.array(fc.nat(), { minLength: 1, maxLength: 18, size: 'max' }),
  kinds: fc.array(fc.constantFrom('plain', 'plain', 'parallel', 'final', 'history'), {
    maxLength: 19,
    size: 'max',
  }),
  arrows: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom('A', 'B', 'A_LONG_NAME')), {
    maxLength: 25,
    size: 'max',
  }),
});

function machineOf({
  parents,
  kinds,
  arrows,
}: typeof PLAN extends fc.Arbitrary<infer P> ? P : never) {
  const root: Config = { id: 's0', states: {}, on: {} };
  const all: [Config, ...Config[]] = [root];
  const one = (number: number): Config => all[number % all.length] ?? root;
  for (const number of parents) {
    const parent = one(number);
    const config: Config = { id: `s${String(all.length)}`, states: {}, on: {} };
    parent.states[config.id] = config;
    parent.initial ??= config.id;
    all.push(config);
  }
  for (const [at, kind] of kinds.entries()) {
    const config = all[at];
    if (config === undefined || kind === 'plain') continue;
    const isLeaf = config.initial === undefined;
    const isFirst = all.some(({ initial }) => initial === config.id);
    if (kind === 'parallel' ? isLeaf : !isLeaf || isFirst || at === 0) continue;
    config.type = kind;
    if (kind === 'parallel') delete config.initial;
  }
  for (const [from, to, event] of arrows) {
    const source = one(from);
    if (source.type === 'final' || source.type === 'history') continue;
    source.on[event] = { target: `#${one(to).id}`, reenter: to % 2 === 0 };
  }
  return createMachine(root);
}

it('whatever its states and transitions are', async () => {
  const layouter = new Layouter();
  try {
    await fc.assert(
      fc.asyncProperty(PLAN, async (plan) => {
        const machine = machineOf(plan);
        expectSound(await chartOf(layouter, machine), machine);
      }),
      { numRuns: 15 },
    );
  } finally {
    await layouter.close();
  }
  expect.hasAssertions();
});
