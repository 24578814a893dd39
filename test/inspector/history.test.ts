/** What is kept of the past, and what it says of any moment. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bounds, History } from '../../inspector/shared/history.ts';
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

/** A history, told as programs do. */
function teller(bounds: Bounds) {
  const history = new History(bounds);
  let seq = 0;
  const say = (kind: Kind, actor: string, size = 1): Entry => {
    seq += 1;
    if (kind === 'start') history.addActor(actorOf(actor, seq));
    const entry = entryOf(kind, seq, actor, size);
    history.add(entry);
    return entry;
  };
  return { history, say };
}

const valueAt = (history: History, id: string, seq: number) => history.stateAt(id, seq)?.value;
const seqsOf = (history: History) => [...history.entries()].map(({ seq }) => seq);

describe('a history', () => {
  it('is empty at first, and when it is cleared', () => {
    const { history, say } = teller({ entries: 10, size: 100 });
    const expectEmpty = () => {
      expect([history.length, history.oldest, history.newest]).toEqual([0, 0, 0]);
      expect([seqsOf(history), history.lives.size]).toEqual([[], 0]);
      expect([history.entry(0), history.entry(1), history.stateAt('a', 1)]).toEqual(
        Array(3).fill(undefined),
      );
    };
    expectEmpty();
    say('start', 'a', 90);
    expect(history.length).toBe(1);
    history.clear();
    expectEmpty();
    // Nor is there any less room than before.
    say('state', 'b', 60);
    say('state', 'b', 40);
    expect(seqsOf(history)).toEqual([2, 3]);
  });

  it('keeps so many entries, and drops the oldest', () => {
    const { history, say } = teller({ entries: 3, size: 100 });
    for (let times = 0; times < 5; times += 1) say('event', 'a');
    expect(seqsOf(history)).toEqual([3, 4, 5]);
    expect([history.length, history.oldest, history.newest]).toEqual([3, 3, 5]);
    expect([2, 3, 5, 6].map((seq) => history.entry(seq)?.seq)).toEqual([
      undefined,
      3,
      5,
      undefined,
    ]);
  });

  it('keeps so many bytes, but always the newest entry', () => {
    const { history, say } = teller({ entries: 100, size: 10 });
    say('event', 'a', 4);
    say('event', 'a', 6);
    expect(seqsOf(history)).toEqual([1, 2]);
    say('event', 'a', 1);
    expect(seqsOf(history)).toEqual([2, 3]);
    say('event', 'a', 50);
    expect(seqsOf(history)).toEqual([4]);
    say('event', 'a', 10);
    expect(seqsOf(history)).toEqual([5]);
  });

  it('knows the state at each moment', () => {
    const { history, say } = teller({ entries: 100, size: 100 });
    say('event', 'b');
    say('start', 'a');
    say('state', 'a');
    say('event', 'a');
    say('state', 'a');
    const values = [0, 1, 2, 3, 4, 5, 6].map((seq) => valueAt(history, 'a', seq));
    expect(values).toEqual([
      ...[undefined, undefined, 'a at 2', 'a at 3', 'a at 3', 'a at 5', 'a at 5'],
    ]);
    expect(history.stateAt('b', 5)).toBeUndefined();
  });

  it('keeps what was before, when it drops what led there', () => {
    const { history, say } = teller({ entries: 2, size: 100 });
    say('start', 'a');
    say('state', 'a');
    say('event', 'b');
    say('event', 'b');
    expect(history.lives.get('a')?.actor).toMatchObject({ start: 0, base: { value: 'a at 2' } });
    expect([1, 3, 4].map((seq) => valueAt(history, 'a', seq))).toEqual([
      'a at 2',
      'a at 2',
      'a at 2',
    ]);
  });

  it('forgets an actor with the entry that stopped it, and not before', () => {
    const { history, say } = teller({ entries: 2, size: 100 });
    say('start', 'a');
    say('stop', 'a');
    say('event', 'b');
    expect(valueAt(history, 'a', 3)).toBe('a at 1');
    expect(history.lives.get('a')?.stop).toBe(2);
    say('event', 'b');
    expect(history.lives.has('a')).toBe(false);
  });

  it('does not take the end of an earlier life for that of a later one', () => {
    const { history, say } = teller({ entries: 4, size: 100 });
    say('start', 'a');
    say('state', 'a');
    say('stop', 'a');
    say('start', 'a');
    for (let times = 0; times < 3; times += 1) say('event', 'b');
    expect(seqsOf(history)).toEqual([4, 5, 6, 7]);
    expect(history.lives.get('a')?.actor).toMatchObject({ start: 4, base: { value: 'a at 4' } });
    expect([3, 4].map((seq) => valueAt(history, 'a', seq))).toEqual([undefined, 'a at 4']);
  });

  it('goes on for long, in the same room', () => {
    const { history, say } = teller({ entries: 50, size: 1_000 });
    say('start', 'a');
    for (let times = 1; times <= 10_000; times += 1) {
      const { seq } = say(times % 3 === 0 ? 'state' : 'event', 'a');
      expect(history.entry(seq)?.seq).toBe(seq);
      expect(history.entry(seq - 49)?.seq).toBe(seq < 50 ? undefined : seq - 49);
      expect(history.length).toBe(Math.min(seq, 50));
    }
    expect(seqsOf(history)).toEqual(Array.from({ length: 50 }, (_, at) => 9_952 + at));
    expect(history.lives.get('a')?.states.length).toBeLessThanOrEqual(50);
    expect(valueAt(history, 'a', 9_960)).toBe('a at 9958');
  });
});

/** The same, with everything kept, and looked through from the beginning. */
class Naive {
  readonly #all: Entry[] = [];
  readonly #bounds: Bounds;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  add(entry: Entry): void {
    this.#all.push(entry);
  }

  /** The longest end of it that there is room for. */
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
    const begin = ofActor.findLast(({ kind }) => kind === 'start');
    if (begin === undefined) return undefined;
    const life = ofActor.filter((entry) => entry.seq >= begin.seq);
    if (life.some((entry) => entry.kind === 'stop' && entry.seq < oldest)) return undefined;
    if (begin.seq >= oldest && begin.seq > seq) return undefined;
    // What has been dropped is told by nothing but its end.
    const moment = Math.max(seq, oldest - 1);
    const last = life.findLast((entry) => entry.kind === 'state' && entry.seq <= moment);
    return `${id} at ${String((last ?? begin).seq)}`;
  }
}

const COMMAND = fc.record({
  actor: fc.constantFrom('a', 'b', 'c'),
  kind: fc.constantFrom<Kind>('state', 'state', 'event', 'stop', 'start'),
  size: fc.integer({ min: 1, max: 9 }),
});

describe('any history', () => {
  it('says what one says that drops nothing and looks at everything', () => {
    fc.assert(
      fc.property(
        fc.array(COMMAND, { maxLength: 60, size: 'max' }),
        fc.record({
          entries: fc.integer({ min: 1, max: 30 }),
          size: fc.integer({ min: 1, max: 120 }),
        }),
        (commands, bounds) => {
          const { history, say } = teller(bounds);
          const naive = new Naive(bounds);
          const alive = new Set<string>();
          for (const { actor, kind, size } of commands) {
            const isAlive = alive.has(actor);
            naive.add(say(isAlive ? kind : 'start', actor, size));
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
