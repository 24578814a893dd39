/** What a history keeps, and the states that it knows at any kept entry. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History, type HistoryBounds } from '../../inspector/shared/history.ts';
import type { ActorState, ActorView, Entry } from '../../inspector/shared/view.ts';

const stateOf = (value: string): ActorState => ({
  ...{ at: 0, status: 'active', value, context: null, event: 'E' },
});

const actorOf = (id: string, start: number, value = `${id} at ${String(start)}`): ActorView => ({
  ...{ type: 'actor', id, program: 'p1', name: id, kind: 'machine', chart: 'c' },
  ...{ start, base: stateOf(value) },
});

type Kind = 'start' | 'stop' | 'state' | 'event';

function entryOf(kind: Kind, seq: number, actor: string, size = 1): Entry {
  const common = { type: 'entry', seq, at: seq, actor, size } as const;
  if (kind === 'event') return { ...common, kind, name: 'E', data: null };
  if (kind === 'state') return { ...common, kind, state: stateOf(`${actor} at ${String(seq)}`) };
  return { ...common, kind };
}

/** A history, and a function that adds entries to it. */
function historyWith(bounds: HistoryBounds) {
  const history = new History(bounds);
  let seq = 0;
  const add = (kind: Kind, actor: string, size = 1): Entry => {
    seq += 1;
    if (kind === 'start') history.addActor(actorOf(actor, seq));
    const entry = entryOf(kind, seq, actor, size);
    history.add(entry);
    return entry;
  };
  return { history, add };
}

const valueAt = (history: History, id: string, seq: number) => history.stateAt(id, seq)?.value;
const seqsOf = (history: History) => [...history.entries()].map(({ seq }) => seq);

describe('a history', () => {
  it('is empty at first, and after it is cleared', () => {
    const { history, add } = historyWith({ entries: 10, size: 100 });
    const expectEmpty = () => {
      expect([history.length, history.oldest, history.newest]).toEqual([0, 0, 0]);
      expect([seqsOf(history), history.actors.size]).toEqual([[], 0]);
      expect([history.entry(0), history.entry(1), history.stateAt('a', 1)]).toEqual(
        Array(3).fill(undefined),
      );
    };
    expectEmpty();
    add('start', 'a', 90);
    expect(history.length).toBe(1);
    history.clear();
    expectEmpty();
    // The whole size is available again.
    add('state', 'b', 60);
    add('state', 'b', 40);
    expect(seqsOf(history)).toEqual([2, 3]);
  });

  it('keeps a number of entries, and drops the oldest', () => {
    const { history, add } = historyWith({ entries: 3, size: 100 });
    for (let times = 0; times < 5; times += 1) add('event', 'a');
    expect(seqsOf(history)).toEqual([3, 4, 5]);
    expect([history.length, history.oldest, history.newest]).toEqual([3, 3, 5]);
    expect([2, 3, 5, 6].map((seq) => history.entry(seq)?.seq)).toEqual([
      undefined,
      3,
      5,
      undefined,
    ]);
  });

  it('keeps a number of bytes, but always the newest entry', () => {
    const { history, add } = historyWith({ entries: 100, size: 10 });
    add('event', 'a', 4);
    add('event', 'a', 6);
    expect(seqsOf(history)).toEqual([1, 2]);
    add('event', 'a', 1);
    expect(seqsOf(history)).toEqual([2, 3]);
    add('event', 'a', 50);
    expect(seqsOf(history)).toEqual([4]);
    add('event', 'a', 10);
    expect(seqsOf(history)).toEqual([5]);
  });

  it('knows the state at each entry', () => {
    const { history, add } = historyWith({ entries: 100, size: 100 });
    add('event', 'b');
    add('start', 'a');
    add('state', 'a');
    add('event', 'a');
    add('state', 'a');
    const values = [0, 1, 2, 3, 4, 5, 6].map((seq) => valueAt(history, 'a', seq));
    expect(values).toEqual([
      ...[undefined, undefined, 'a at 2', 'a at 3', 'a at 3', 'a at 5', 'a at 5'],
    ]);
    expect(history.stateAt('b', 5)).toBeUndefined();
  });

  it('keeps the latest dropped state as the base', () => {
    const { history, add } = historyWith({ entries: 2, size: 100 });
    add('start', 'a');
    add('state', 'a');
    add('event', 'b');
    add('event', 'b');
    expect(history.actors.get('a')?.actor).toMatchObject({ start: 0, base: { value: 'a at 2' } });
    expect([1, 3, 4].map((seq) => valueAt(history, 'a', seq))).toEqual([
      'a at 2',
      'a at 2',
      'a at 2',
    ]);
  });

  it('drops an actor with the entry that stopped it, and not before', () => {
    const { history, add } = historyWith({ entries: 2, size: 100 });
    add('start', 'a');
    add('stop', 'a');
    add('event', 'b');
    expect(valueAt(history, 'a', 3)).toBe('a at 1');
    expect(history.actors.get('a')?.stop).toBe(2);
    add('event', 'b');
    expect(history.actors.has('a')).toBe(false);
  });

  it('does not drop a restarted actor with the earlier stop', () => {
    const { history, add } = historyWith({ entries: 4, size: 100 });
    add('start', 'a');
    add('state', 'a');
    add('stop', 'a');
    add('start', 'a');
    for (let times = 0; times < 3; times += 1) add('event', 'b');
    expect(seqsOf(history)).toEqual([4, 5, 6, 7]);
    expect(history.actors.get('a')?.actor).toMatchObject({ start: 4, base: { value: 'a at 4' } });
    expect([3, 4].map((seq) => valueAt(history, 'a', seq))).toEqual([undefined, 'a at 4']);
  });

  it('stays within its bounds for many entries', () => {
    const { history, add } = historyWith({ entries: 50, size: 1_000 });
    add('start', 'a');
    for (let times = 1; times <= 10_000; times += 1) {
      const { seq } = add(times % 3 === 0 ? 'state' : 'event', 'a');
      expect(history.entry(seq)?.seq).toBe(seq);
      expect(history.entry(seq - 49)?.seq).toBe(seq < 50 ? undefined : seq - 49);
      expect(history.length).toBe(Math.min(seq, 50));
    }
    expect(seqsOf(history)).toEqual(Array.from({ length: 50 }, (_, at) => 9_952 + at));
    expect(history.actors.get('a')?.states.length).toBeLessThanOrEqual(50);
    expect(valueAt(history, 'a', 9_960)).toBe('a at 9958');
  });
});

/** A reference implementation that keeps everything and searches it from the start. */
class Naive {
  readonly #all: Entry[] = [];
  readonly #bounds: HistoryBounds;

  constructor(bounds: HistoryBounds) {
    this.#bounds = bounds;
  }

  add(entry: Entry): void {
    this.#all.push(entry);
  }

  /** The longest tail within the bounds. */
  get kept(): Entry[] {
    let size = 0;
    const kept: Entry[] = [];
    for (const entry of this.#all.toReversed()) {
      size += entry.size;
      const hasRoom = kept.length < this.#bounds.entries && size <= this.#bounds.size;
      if (!hasRoom && kept.length > 0) break;
      kept.unshift(entry);
    }
    return kept;
  }

  valueAt(id: string, seq: number): unknown {
    const oldest = this.kept[0]?.seq ?? 0;
    const ofActor = this.#all.filter(({ actor }) => actor === id);
    const start = ofActor.findLast(({ kind }) => kind === 'start');
    if (start === undefined) return undefined;
    const sinceStart = ofActor.filter((entry) => entry.seq >= start.seq);
    if (sinceStart.some((entry) => entry.kind === 'stop' && entry.seq < oldest)) return undefined;
    if (start.seq >= oldest && start.seq > seq) return undefined;
    // Of the dropped entries, only the latest state is known.
    const moment = Math.max(seq, oldest - 1);
    const last = sinceStart.findLast((entry) => entry.kind === 'state' && entry.seq <= moment);
    return `${id} at ${String((last ?? start).seq)}`;
  }
}

const COMMAND = fc.record({
  actor: fc.constantFrom('a', 'b', 'c'),
  kind: fc.constantFrom<Kind>('state', 'state', 'event', 'stop', 'start'),
  size: fc.integer({ min: 1, max: 9 }),
});

describe('any history', () => {
  it('agrees with a reference implementation that keeps everything', () => {
    fc.assert(
      fc.property(
        fc.array(COMMAND, { maxLength: 60, size: 'max' }),
        fc.record({
          entries: fc.integer({ min: 1, max: 30 }),
          size: fc.integer({ min: 1, max: 120 }),
        }),
        (commands, bounds) => {
          const { history, add } = historyWith(bounds);
          const naive = new Naive(bounds);
          const alive = new Set<string>();
          for (const { actor, kind, size } of commands) {
            const isAlive = alive.has(actor);
            naive.add(add(isAlive ? kind : 'start', actor, size));
            if (isAlive && kind === 'stop') alive.delete(actor);
            else alive.add(actor);
          }
          expect(seqsOf(history)).toEqual(naive.kept.map(({ seq }) => seq));
          for (let seq = 0; seq <= commands.length + 1; seq += 1) {
            for (const id of ['a', 'b', 'c']) {
              expect([id, seq, valueAt(history, id, seq)]).toEqual([
                id,
                seq,
                naive.valueAt(id, seq),
              ]);
            }
            expect(history.entry(seq)).toBe(naive.kept.find((entry) => entry.seq === seq));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
