/** What is kept of several programs, each within bounds of its own. */

import { describe, expect, it } from 'vitest';
import { History } from '../../inspector/shared/history.ts';
import type { Entry, ProgramView } from '../../inspector/shared/view.ts';

const view = (id: string, source: ProgramView['source'], dropped?: number): ProgramView => ({
  ...{ type: 'program', id, name: id, pid: 1, source, control: false },
  ...(dropped !== undefined && { dropped }),
});

/** A history with a live program `p1` and a recording `p2`, and a function that adds an entry. */
function twoPrograms(total = { entries: 100, size: 10_000 }) {
  const history = new History({ entries: 3, size: 100 }, { entries: 8, size: 1_000 }, total);
  history.addProgram(view('p1', 'live'));
  history.addProgram(view('p2', 'recording'));
  let seq = 0;
  const add = (program: string, size = 1): number => {
    seq += 1;
    const entry: Entry = {
      ...{ type: 'entry', seq, at: seq, size, kind: 'event', name: 'E', data: null },
      actor: `${program}/x:0`,
    };
    history.add(entry);
    return seq;
  };
  return { history, add };
}

const seqsOf = (history: History, after?: number) =>
  [...history.entries(after)].map(({ seq }) => seq);

describe('a history of several programs', () => {
  it('keeps the entries of one program however many another one has', () => {
    const { history, add } = twoPrograms();
    add('p2');
    for (let count = 0; count < 10; count += 1) add('p1');
    expect(seqsOf(history)).toEqual([1, 9, 10, 11]);
    expect([history.droppedOf('p1'), history.droppedOf('p2')]).toEqual([7, 0]);
    expect([history.oldestOf('p1'), history.oldestOf('p2')]).toEqual([9, 1]);
    expect([history.oldest, history.newest, history.length]).toEqual([1, 11, 4]);
  });

  it('keeps more of a recording than of a program', () => {
    const { history, add } = twoPrograms();
    for (let count = 0; count < 10; count += 1) add('p2');
    expect([history.length, history.droppedOf('p2')]).toEqual([8, 2]);
  });

  it('keeps a problem with the program that it is about', () => {
    const { history, add } = twoPrograms();
    for (let count = 0; count < 3; count += 1) add('p1');
    const entry: Entry = {
      ...{ type: 'entry', seq: 4, at: 4, size: 1, kind: 'problem', actor: 'p1', text: 'Oh' },
    };
    history.add(entry);
    expect(seqsOf(history)).toEqual([2, 3, 4]);
  });

  it('gives the entries after any number, kept or not', () => {
    const { history, add } = twoPrograms();
    add('p2');
    for (let count = 0; count < 10; count += 1) add('p1');
    expect([0, 1, 5, 9, 11].map((after) => seqsOf(history, after))).toEqual([
      [1, 9, 10, 11],
      [9, 10, 11],
      [9, 10, 11],
      [10, 11],
      [],
    ]);
    expect([1, 5, 9].map((seq) => history.entry(seq)?.seq)).toEqual([1, undefined, 9]);
  });

  it('takes from the largest when all together are too large, but never the newest of one', () => {
    const { history, add } = twoPrograms({ entries: 100, size: 120 });
    add('p1', 20);
    add('p2', 50);
    add('p2', 40);
    add('p1', 20);
    // 130 bytes: the recording is the largest, and loses its oldest entry.
    expect(seqsOf(history)).toEqual([1, 3, 4]);
    add('p2', 200);
    expect(history.entry(5)).toBeDefined();
    expect(seqsOf(history).filter((seq) => seq < 5)).toEqual([4]);
  });

  it('forgets a program, with its bounds and its actors', () => {
    const { history, add } = twoPrograms();
    history.addActor({
      ...{ type: 'actor', id: 'p2/x:0', program: 'p2', name: 'm', kind: 'machine', chart: 'c' },
      ...{ start: 1, base: { at: 0, status: 'active', value: 'a', context: null, event: 'E' } },
    });
    add('p2');
    add('p1');
    history.forget('p2');
    expect([seqsOf(history), [...history.actors.keys()]]).toEqual([[2], []]);
    for (let count = 0; count < 5; count += 1) add('p2');
    expect(seqsOf(history)).toEqual([2, 5, 6, 7]);
    history.forget('p2');
    history.forget('unknown');
    expect(seqsOf(history)).toEqual([2]);
  });

  it('counts what a program had lost before it was seen', () => {
    const { history, add } = twoPrograms();
    history.addProgram(view('p1', 'live', 40));
    for (let count = 0; count < 5; count += 1) add('p1');
    history.addProgram(view('p1', 'disconnected'));
    expect(history.droppedOf('p1')).toBe(42);
  });

  it('stays small when one program holds on to its oldest entry for long', () => {
    const { history, add } = twoPrograms();
    add('p2');
    let last = 0;
    for (let count = 0; count < 50_000; count += 1) last = add('p1');
    expect(seqsOf(history)).toEqual([1, last - 2, last - 1, last]);
    expect(seqsOf(history, 10)).toEqual([last - 2, last - 1, last]);
  });
});
