/** The sequence diagram of the page: its lanes, and where its entries are. */

import { describe, expect, it } from 'vitest';
import { LanesDiagram, lanesOf, MAX_ITEMS, MAX_LANES } from '../../inspector/page/lanes-model.ts';
import { MadeUpModel } from './page-model.ts';

/** `boss` with its child `worker`, `friend` that sends events, and `stranger`. */
function actors(): MadeUpModel {
  const made = new MadeUpModel();
  for (const name of ['boss', 'worker', 'friend', 'stranger']) {
    made.actor(`p1/${name}`, name === 'worker' ? 'p1/boss' : undefined);
  }
  made.model.selected = 'p1/boss';
  return made;
}

const names = (made: MadeUpModel, scope: 'near' | 'program' = 'near', search = '') =>
  lanesOf(made.model, scope, search).map(({ name }) => name);

/** A diagram in which a millisecond is a pixel. */
const diagramOf = (made: MadeUpModel) =>
  new LanesDiagram(made.model, lanesOf(made.model, 'program', ''), 1);

describe('the lanes', () => {
  it('are those of the selected actor, its family, and the actors it has exchanged events with', () => {
    const made = actors();
    expect(names(made)).toEqual(['boss', 'worker']);
    made.event('p1/boss', 'HELLO', { origin: 'p1/friend' });
    expect(names(made)).toEqual(['boss', 'worker', 'friend']);
    made.model.selected = 'p1/worker';
    expect(names(made)).toEqual(['boss', 'worker']);
    made.model.selected = 'p1/friend';
    expect(names(made)).toEqual(['boss', 'friend']);
  });

  it('are all of the program on request, or those with a name, and never those of another program', () => {
    const made = actors();
    made.program('p2');
    made.actor('p2/far');
    made.model.selected = 'p1/boss';
    expect(names(made, 'program')).toEqual(['boss', 'worker', 'friend', 'stranger']);
    expect(names(made, 'program', 'STR')).toEqual(['boss', 'stranger']);
  });

  it('are bounded, and always include the selected actor', () => {
    const made = new MadeUpModel();
    for (let count = 0; count < 200; count += 1) made.actor(`p1/a${String(count)}`);
    made.model.selected = 'p1/a150';
    const all = names(made, 'program');
    expect(all.length).toBeLessThanOrEqual(MAX_LANES);
    expect(all).toContain('a150');
  });

  it('are none without a selected actor', () => {
    const made = actors();
    made.model.selected = undefined;
    expect(names(made)).toEqual([]);
  });
});

describe('the diagram', () => {
  it('has arrows from lane to lane, and from nowhere', () => {
    const made = actors();
    made.event('p1/worker', 'GO', { origin: 'p1/boss' });
    made.event('p1/boss', 'GO', { origin: 'p1/boss' });
    made.event('p1/boss', 'GO');
    const arrows = diagramOf(made).items.filter(({ entry }) => entry.kind === 'event');
    expect(arrows.map(({ from, lane }) => [from, lane])).toEqual([
      ...[
        [0, 1],
        [0, 0],
        [undefined, 0],
      ],
    ]);
  });

  it('gives time its space up to a bound, and says how long the rest is', () => {
    const made = actors();
    const seqs = [0, 5, 50, 60_000].map((later) => {
      made.at += later - 10;
      return made.event('p1/boss', 'E');
    });
    const { items } = diagramOf(made);
    const [first, close, later, last] = seqs.map((seq) =>
      items.find(({ entry }) => entry.seq === seq),
    );
    const distance = (one: typeof first, other: typeof first) => (other?.y ?? 0) - (one?.y ?? 0);
    expect(distance(first, close)).toBe(20);
    expect(distance(close, later)).toBe(50);
    expect(distance(later, last)).toBe(90);
    expect([close?.gap, later?.gap, last?.gap]).toEqual([undefined, undefined, 60_000]);
  });

  it('shows each state from where it is entered to where it is left, and how long it lasted', () => {
    const made = actors();
    made.state('p1/boss', 'busy');
    made.at += 490;
    made.state('p1/boss', 'busy');
    made.state('p1/boss', 'broken', 'E', { tags: ['failed'] });
    made.stop('p1/boss');
    const diagram = diagramOf(made);
    const blocks = diagram.blocks.filter(({ lane }) => lane === 0);
    expect(blocks.map(({ text, ms, isFailure }) => [text, ms, isFailure])).toEqual([
      ...[
        ['idle', 40, false],
        ['busy', 510, false],
        ['broken', 10, true],
      ],
    ]);
    for (const [at, { end }] of blocks.entries()) {
      expect(end).toBe(blocks[at + 1]?.y ?? diagram.items.at(-1)?.y);
    }
  });

  it('shows deadlines that have passed, that were cancelled, and that are running', () => {
    const made = actors();
    const deadline = (name: string, ms: number) => ({
      ...{ event: `xstate.after(${name})#boss`, ms, startedAt: made.at },
    });
    made.state('p1/boss', 'a', 'E', { deadlines: [deadline('short', 10)] });
    made.event('p1/boss', 'xstate.after(short)#boss');
    made.state('p1/boss', 'b', 'E', { deadlines: [deadline('long', 1_000)] });
    const kept = deadline('kept', 5_000);
    made.at += 190;
    made.state('p1/boss', 'c', 'E', { deadlines: [kept] });
    made.state('p1/boss', 'd', 'E', { deadlines: [kept] });
    const bars = diagramOf(made).deadlines;
    expect(bars.map(({ text, outcome, left }) => [text, outcome, left])).toEqual([
      ...[
        ['after short', 'passed', 0],
        ['after long', 'cancelled', 800],
        ['after kept', 'running', 0],
      ],
    ]);
  });

  it('grows with what happens, and finds entries and heights', () => {
    const made = actors();
    const diagram = diagramOf(made);
    const before = diagram.items.length;
    const seq = made.event('p1/boss', 'E');
    made.event('p1/boss', 'xstate.init');
    diagram.extend();
    expect(diagram.items.length).toBe(before + 1);
    const at = diagram.indexOf(seq + 1);
    expect(diagram.items[at]?.entry.seq).toBe(seq);
    expect(diagram.indexAt(diagram.items[at]?.y ?? 0)).toBe(at);
    expect([diagram.indexOf(0), diagram.indexAt(1e9)]).toEqual([-1, before + 1]);
  });

  it('begins with the latest entries, in the states of that time', () => {
    const made = actors();
    made.state('p1/boss', 'busy');
    for (let count = 0; count < MAX_ITEMS; count += 1) made.event('p1/boss', 'E');
    const diagram = diagramOf(made);
    expect(diagram.items.length).toBe(MAX_ITEMS);
    expect(diagram.blocks.map(({ lane, y, text }) => [lane, y, text])).toEqual([
      ...[
        [0, 0, 'busy'],
        [1, 0, 'idle'],
        [2, 0, 'idle'],
        [3, 0, 'idle'],
      ],
    ]);
    expect(diagram.isFull).toBe(false);
  });
});
