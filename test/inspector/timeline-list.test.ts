/** The list of the page's timeline: its numbers, its scroll bar, its position. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListPosition } from '../../inspector/page/timeline-position.ts';
import { ScrollMap } from '../../inspector/page/timeline-scroll.ts';
import { SeqList } from '../../inspector/page/timeline-seqs.ts';

const listOf = (seqs: Iterable<number>): SeqList => {
  const list = new SeqList();
  for (const seq of seqs) list.add(seq);
  return list;
};
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const numbersIn = (list: SeqList) => upTo(list.length).map((at) => list.at(at - 1));

describe('a list of numbers', () => {
  it('is what a sorted set is, after any changes', () => {
    const change = fc.record({ seq: fc.nat(40), isAdded: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        const [list, set] = [new SeqList(), new Set<number>()];
        for (const { seq, isAdded } of changes) {
          if (isAdded) list.add(seq);
          else expect(list.remove(seq)).toBe(set.has(seq));
          if (isAdded) set.add(seq);
          else set.delete(seq);
        }
        const sorted = [...set].sort((one, other) => one - other);
        expect(numbersIn(list)).toEqual(sorted);
        for (let seq = 0; seq <= 41; seq += 1) {
          expect(list.has(seq)).toBe(set.has(seq));
          expect(list.countUpTo(seq)).toBe(sorted.filter((one) => one <= seq).length);
        }
      }),
    );
  });

  it('holds many, added from either end and removed from the middle', () => {
    const list = listOf(upTo(5_000));
    for (const seq of upTo(5_000)) list.add(-seq);
    expect([list.length, list.at(0), list.at(4_999), list.at(5_000), list.at(9_999)]).toEqual([
      ...[10_000, -5_000, -1, 1, 5_000],
    ]);
    for (const seq of upTo(3_000)) expect(list.remove(seq)).toBe(true);
    expect([list.length, list.at(5_000), list.countUpTo(2_000)]).toEqual([7_000, 3_001, 5_000]);
    expect([list.at(-1), list.at(7_000)]).toEqual([undefined, undefined]);
    list.clear();
    expect([list.length, list.at(0), list.countUpTo(9), list.has(1)]).toEqual([
      0,
      undefined,
      0,
      false,
    ]);
  });
});

describe('the scroll bar of a list', () => {
  const mapOf = (rows: number, maxHeight?: number): ScrollMap => {
    const map = new ScrollMap(20, maxHeight);
    map.rows = rows;
    map.viewport = 100;
    return map;
  };

  it('is the position itself for a list that is not too tall', () => {
    const map = mapOf(50);
    expect([map.height, map.maxOffset]).toEqual([1_000, 900]);
    expect([map.offsetOf(340), map.scrollTopOf(340), map.offsetOf(5_000)]).toEqual([340, 340, 900]);
  });

  it('of a million rows stays below the bounds of browsers, and reaches each row', () => {
    const map = mapOf(1_000_000);
    expect(map.height).toBeLessThan(17_000_000);
    expect(map.offsetOf(0)).toBe(0);
    expect(map.offsetOf(map.height - 100)).toBe(map.maxOffset);
    for (const offset of [0, 20, 9_999_980, map.maxOffset]) {
      expect(map.offsetOf(map.scrollTopOf(offset))).toBeCloseTo(offset, 3);
    }
  });

  it('does not move a list that fits', () => {
    const map = mapOf(3);
    expect([map.maxOffset, map.offsetOf(10), map.scrollTopOf(10)]).toEqual([0, 0, 0]);
  });

  it('moves as little as it must to show a row', () => {
    const map = mapOf(50);
    expect(map.offsetShowing(10, 150)).toBe(150);
    expect(map.offsetShowing(3, 150)).toBe(60);
    expect(map.offsetShowing(20, 150)).toBe(320);
  });
});

describe('the position in a list', () => {
  function positionIn(count: number) {
    const seqs = listOf(upTo(count));
    const map = new ScrollMap(20);
    map.viewport = 100;
    const position = new ListPosition(seqs, map);
    position.update(0, false);
    return { seqs, map, position };
  }

  it('follows the newest row until the user scrolls up, and again at the end', () => {
    const { seqs, map, position } = positionIn(20);
    expect(position.offset).toBe(300);
    seqs.add(21);
    position.update(0, false);
    expect(position.offset).toBe(320);
    position.scrollTo(100);
    seqs.add(22);
    position.update(0, false);
    expect(position.offset).toBe(100);
    position.scrollTo(map.maxOffset);
    seqs.add(23);
    position.update(0, false);
    expect(position.offset).toBe(360);
  });

  it('stays where it is while it is held', () => {
    const { seqs, position } = positionIn(20);
    for (const seq of [21, 22, 23]) seqs.add(seq);
    position.update(0, true);
    expect(position.offset).toBe(300);
    position.update(0, false);
    expect(position.offset).toBe(360);
  });

  it('keeps the first visible row when older ones are dropped, or come', () => {
    const { seqs, position } = positionIn(20);
    position.scrollTo(205);
    for (const seq of [1, 2, 3]) seqs.remove(seq);
    position.update(0, true);
    expect(position.offset).toBe(145);
    // A row that says so is added above them.
    position.update(1, true);
    expect(position.offset).toBe(165);
    for (const seq of [-1, -2]) seqs.add(seq);
    position.update(1, true);
    expect(position.offset).toBe(205);
  });

  it('shows the next row when the first visible one is dropped', () => {
    const { seqs, position } = positionIn(20);
    position.scrollTo(40);
    for (const seq of [1, 2, 3, 4, 5]) seqs.remove(seq);
    position.update(0, true);
    expect(position.offset).toBe(0);
    expect(seqs.at(0)).toBe(6);
  });

  it('shows the row of an entry, and none that it does not have', () => {
    const { position } = positionIn(20);
    position.show(3);
    expect(position.offset).toBe(40);
    position.show(99);
    expect(position.offset).toBe(40);
  });
});
