/** The layout of any machine is valid. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { Layouter } from '../../inspector/src/layout.ts';
import { chartOf, expectValidLayout } from './charts.ts';

/** The config of a generated state. */
interface Config {
  readonly id: string;
  type?: 'parallel' | 'final' | 'history';
  initial?: string;
  readonly states: Record<string, Config>;
  readonly on: Record<string, { target: string; reenter: boolean }>;
}

const MACHINE = fc.record({
  /** The parent of each state: an earlier one. */
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
}: typeof MACHINE extends fc.Arbitrary<infer M> ? M : never) {
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

it('is valid for any states and transitions', async () => {
  const layouter = new Layouter();
  try {
    await fc.assert(
      fc.asyncProperty(MACHINE, async (parts) => {
        const machine = machineOf(parts);
        expectValidLayout(await chartOf(layouter, machine), machine);
      }),
      { numRuns: 15 },
    );
  } finally {
    await layouter.close();
  }
  expect.hasAssertions();
});
