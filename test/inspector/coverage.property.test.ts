/** Merging coverage: the order does not matter, whatever was covered. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Coverage, mergeCoverage, NO_COVERAGE } from '../../inspector/shared/coverage.ts';
import {
  COVERAGE_BOUNDS,
  coverageText,
  isCoverageText,
  parseCoverage,
} from '../../inspector/shared/coverage-file.ts';
import {
  mergedStays,
  NO_STAYS,
  percentile,
  StayCounter,
  type Stays,
} from '../../inspector/shared/coverage-stays.ts';

const durations = fc.array(
  fc.oneof(fc.double({ min: 0, max: 1e7, noNaN: true }), fc.constant(Number.MAX_VALUE)),
);

function staysOf(ms: readonly number[]): Stays {
  const counter = new StayCounter();
  for (const one of ms) counter.add(one);
  return counter.stays;
}

const count = fc.oneof(fc.nat({ max: 9 }), fc.constant(Number.MAX_SAFE_INTEGER));

/** The coverage of a few machines, some of which have the same names and definitions. */
const coverages: fc.Arbitrary<Coverage> = fc
  .array(
    fc.record({
      machine: fc.constantFrom('one', 'two', '__proto__'),
      chart: fc.constantFrom('x', 'y'),
      isLarge: fc.boolean(),
      counts: fc.array(count, { minLength: 8, maxLength: 8 }),
      ms: durations,
      events: fc.uniqueArray(fc.constantFrom('A', 'B', '__proto__', ''), { maxLength: 4 }),
    }),
    { maxLength: 4 },
  )
  .map((machines) =>
    machines
      .map(({ machine, chart, isLarge, counts, ms, events }): Coverage => ({
        ...NO_COVERAGE,
        machines: [
          {
            machine,
            chart,
            actors: counts[0] ?? 0,
            firstSeen: (counts[1] ?? 0) % 1e12,
            lastSeen: (counts[2] ?? 0) % 1e12,
            states: (isLarge ? ['a', 'b'] : ['a']).map((id) => ({
              id,
              kind: 'atomic',
              entered: counts[3] ?? 0,
              initial: counts[4] ?? 0,
              found: counts[5] ?? 0,
              stays: staysOf(ms),
            })),
            transitions: [
              { source: 'a', event: 'A', index: 0, guard: 'g', target: [], taken: counts[6] ?? 0 },
            ],
            events: events
              .toSorted()
              .map((name) => ({ name, received: counts[7] ?? 0, unhandled: 0 })),
          },
        ],
      }))
      .reduce(mergeCoverage, NO_COVERAGE),
  );

describe('merging coverage', () => {
  it('gives the same in any order', () => {
    fc.assert(
      fc.property(coverages, coverages, coverages, (one, two, three) => {
        expect(mergeCoverage(one, two)).toEqual(mergeCoverage(two, one));
        expect(mergeCoverage(mergeCoverage(one, two), three)).toEqual(
          mergeCoverage(one, mergeCoverage(two, three)),
        );
        expect(mergeCoverage(one, NO_COVERAGE)).toEqual(one);
      }),
    );
  });

  it('gives what counting everything at once gives', () => {
    fc.assert(
      fc.property(durations, durations, (one, other) => {
        expect(mergedStays(staysOf(one), staysOf(other))).toEqual(staysOf([...one, ...other]));
      }),
    );
  });
});

describe('percentiles', () => {
  it('are at most 10 % off, and never outside of what was measured', () => {
    const some = fc.array(fc.double({ min: 0.001, max: 1e7, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(some, fc.constantFrom(0.5, 0.95, 0.99, 1), (ms, part) => {
        const sorted = ms.map((one) => Math.round(one * 1000) / 1000).sort((a, b) => a - b);
        const exact = sorted[Math.ceil(part * sorted.length) - 1] ?? expect.fail();
        const found = percentile(staysOf(ms), part) ?? expect.fail();
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(0.1 * exact + 0.0005);
      }),
    );
  });

  it('are unknown without durations, and a clock that was set back counts as 0', () => {
    expect(percentile(NO_STAYS, 0.5)).toBeUndefined();
    expect(staysOf([-5, Number.NaN])).toMatchObject({ count: 2, total: 0, max: 0 });
  });
});

describe('a coverage file', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(coverages, (coverage) => {
        const text = coverageText(coverage);
        expect(isCoverageText(text)).toBe(true);
        expect(parseCoverage(text)).toEqual(coverage);
      }),
    );
  });

  it('is refused with a sentence that says what is wrong, whatever it holds', () => {
    const broken: readonly (readonly [unknown, string])[] = [
      ['[', 'The file is not JSON'],
      ['[]', 'the file is not an object'],
      ['null', 'the file is not an object'],
      [{ type: 'wirechart.program', version: 1 }, "its type is not 'wirechart.coverage'"],
      [{ ...NO_COVERAGE, version: 2 }, 'another version than 1'],
      [{ ...NO_COVERAGE, machines: {} }, "'machines' of the file is not a list"],
      [{ ...NO_COVERAGE, machines: [null] }, 'machine 1 is not an object'],
      [
        { ...NO_COVERAGE, machines: Array(COVERAGE_BOUNDS.machines + 1).fill({}) },
        'more than 1000 items',
      ],
      [{ ...NO_COVERAGE, machines: [{ machine: 'm'.repeat(9_000) }] }, "'machine' of machine 1"],
      [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'the file is not an object'],
    ];
    for (const [content, why] of broken) {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      expect(() => parseCoverage(text)).toThrow(why);
    }
  });

  it('is read without an exception of another kind, whatever value it has anywhere', () => {
    const valid = coverageText(
      mergeCoverage(NO_COVERAGE, {
        ...NO_COVERAGE,
        machines: [
          {
            machine: 'm',
            chart: 'c',
            actors: 1,
            firstSeen: 1,
            lastSeen: 2,
            states: [
              { id: 'a', kind: 'atomic', entered: 1, initial: 0, found: 0, stays: staysOf([1, 2]) },
            ],
            transitions: [{ source: 'a', event: 'A', index: 0, target: ['a'], taken: 1 }],
            events: [{ name: 'A', received: 1, unhandled: 0 }],
          },
        ],
      }),
    );
    // Each value that ends at a comma or a bracket is replaced in turn.
    const values = [...valid.matchAll(/(?<=[:[,])(?:\d+|"[^"]*")(?=[,\]}])/g)];
    expect(values.length).toBeGreaterThan(20);
    for (const { index, 0: value } of values) {
      for (const other of ['null', '-1', '1e400', '"x"', '{}', '[[]]', '1.5']) {
        const text = valid.slice(0, index) + other + valid.slice(index + value.length);
        try {
          parseCoverage(text);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CoverageError' });
        }
      }
    }
  });
});
