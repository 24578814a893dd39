/** Aligning two sequences: nothing is lost, and as much as possible is equal. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aligned, alignment, type Part } from '../../inspector/shared/compare.ts';

/** Both sides, put together again from an alignment. */
function sidesOf(parts: readonly Part[], left: readonly string[], right: readonly string[]) {
  const sides: { left: string[]; right: string[] } = { left: [], right: [] };
  for (const part of parts) {
    expect([part.left, part.right]).toEqual([sides.left.length, sides.right.length]);
    const [one, other] = [
      left.slice(part.left, part.left + part.count),
      right.slice(part.right, part.right + part.count),
    ];
    if (part.kind === 'same') expect(one).toEqual(other);
    if (part.kind !== 'right') sides.left.push(...one);
    if (part.kind !== 'left') sides.right.push(...other);
  }
  return sides;
}

const sameOf = (parts: readonly Part[]): number =>
  parts.reduce((sum, { kind, count }) => sum + (kind === 'same' ? count : 0), 0);

/** The length of the longest common subsequence, computed in the plain way. */
function commonOf(left: readonly string[], right: readonly string[]): number {
  let row = Array<number>(right.length + 1).fill(0);
  for (const one of left) {
    const next = [0];
    for (const [at, other] of right.entries())
      next.push(one === other ? (row[at] ?? 0) + 1 : Math.max(next[at] ?? 0, row[at + 1] ?? 0));
    row = next;
  }
  return row.at(-1) ?? 0;
}

const words = fc.array(fc.constantFrom('a', 'b', 'c', '__proto__'), { maxLength: 40 });

describe('an alignment', () => {
  it('has all items of both sides in their order, and the most that can be equal', () => {
    fc.assert(
      fc.property(words, words, (left, right) => {
        const parts = aligned(left, right);
        expect(sidesOf(parts, left, right)).toEqual({ left, right });
        expect(sameOf(parts)).toBe(commonOf(left, right));
      }),
      { numRuns: 500 },
    );
  });

  it('joins what belongs together', () => {
    expect(aligned(['a', 'b', 'x', 'y', 'c'], ['a', 'b', 'c', 'd'])).toEqual([
      { kind: 'same', left: 0, right: 0, count: 2 },
      { kind: 'left', left: 2, right: 2, count: 2 },
      { kind: 'same', left: 4, right: 2, count: 1 },
      { kind: 'right', left: 5, right: 3, count: 1 },
    ]);
    expect(aligned([], [])).toEqual([]);
  });

  it('of sequences of 20 000 items that have nothing in common takes many short steps', () => {
    const [left, right] = ['l', 'r'].map((side) =>
      Array.from({ length: 20_000 }, (_, at) =>
        at % 1_000 === 0 ? String(at) : side + String(at),
      ),
    );
    const steps = alignment(left ?? [], right ?? []);
    let [count, before] = [0, 0];
    for (;;) {
      const { done, value } = steps.next();
      count += 1;
      if (done === true) {
        expect(sidesOf(value, left ?? [], right ?? [])).toEqual({ left, right });
        break;
      }
      expect(value).toBeGreaterThanOrEqual(before);
      before = value;
    }
    expect(count).toBeGreaterThan(100);
  });

  it('finds equal parts between large differences', () => {
    const common = Array.from({ length: 3_000 }, (_, at) => `c${String(at)}`);
    const noise = (side: string) => Array.from({ length: 300 }, (_, at) => side + String(at));
    const left = [...noise('l'), ...common, ...noise('m')];
    const right = [...noise('r'), ...common, ...noise('s')];
    expect(sameOf(aligned(left, right))).toBe(3_000);
  });
});
