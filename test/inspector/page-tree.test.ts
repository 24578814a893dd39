import { describe, expect, test } from 'vitest';
import { Rates, rateText } from '../../inspector/page/rates.ts';
import { moveOf } from '../../inspector/page/tree-keys.ts';
import {
  MAX_WHOLE,
  rowsOf,
  type TreeActor,
  type TreeRow,
  type TreeWishes,
  windowOf,
} from '../../inspector/page/tree-rows.ts';

const actor = (id: string, rest: Partial<TreeActor> = {}): TreeActor => ({
  id,
  program: 'p',
  parent: undefined,
  name: id,
  state: 'idle',
  isActive: true,
  isHidden: false,
  failures: 0,
  changedAt: 0,
  rate: 0,
  ...rest,
});

const ALL: TreeWishes = { order: 'tree', show: 'all', filter: '', folded: new Set() };
const PROGRAM = { id: 'p', dropped: 0 };

const rows = (actors: readonly TreeActor[], wishes: Partial<TreeWishes> = {}): TreeRow[] =>
  rowsOf([PROGRAM], actors, { ...ALL, ...wishes });

/** The rows of the actors, indented by their levels. */
const shown = (all: readonly TreeRow[]): string[] =>
  all.flatMap((row) => (row.kind === 'actor' ? ['.'.repeat(row.level - 1) + row.id] : []));

const FAMILY = [
  actor('root'),
  actor('child', { parent: 'root', state: 'on.fast', failures: 2 }),
  actor('grandchild', { parent: 'child', name: 'worker', failures: 1 }),
  actor('other', { isActive: false, changedAt: 5, rate: 3 }),
];

describe('the rows of the tree', () => {
  test('are the program, what it has lost, and each actor below its parent', () => {
    const all = rowsOf(
      [
        { id: 'p', dropped: 7 },
        { id: 'q', dropped: 0 },
      ],
      FAMILY,
      ALL,
    );
    expect(all.map(({ kind }) => kind)).toEqual([
      ...['program', 'note', 'actor', 'actor', 'actor', 'actor'],
      'program',
    ]);
    expect(all[0]).toMatchObject({ id: 'p', actors: 4 });
    expect(all[1]).toMatchObject({ dropped: 7 });
    expect(shown(all)).toEqual(['root', '.child', '..grandchild', 'other']);
  });

  test('are without what is folded, whose failures the folded row shows', () => {
    const all = rows(FAMILY, { folded: new Set(['root']) });
    expect(shown(all)).toEqual(['root', 'other']);
    expect(all[1]).toMatchObject({ id: 'root', isFolded: true, hiddenFailures: 3 });
    const folded = rows(FAMILY, { folded: new Set(['p']) });
    expect(shown(folded)).toEqual([]);
    expect(folded[0]).toMatchObject({ kind: 'program', actors: 4, hiddenFailures: 3 });
  });

  test('show the failures of ended actors above them', () => {
    const ended = actor('ended', { parent: 'root', isHidden: true, failures: 4 });
    const all = rows([actor('root'), ended]);
    expect(shown(all)).toEqual(['root']);
    expect(all[1]).toMatchObject({ isFolded: undefined, hiddenFailures: 4 });
  });

  test('that pass a filter keep the ones above them', () => {
    const all = rows(FAMILY, { filter: 'WORK' });
    expect(shown(all)).toEqual(['root', '.child', '..grandchild']);
    expect(all.map((row) => row.kind === 'actor' && row.isContext)).toEqual([
      ...[false, true, true],
      false,
    ]);
  });

  test.each([
    [{ filter: 'state=on' }, ['root', '.child']],
    [{ filter: 'on.f' }, ['root', '.child']],
    [{ filter: 'nothing' }, []],
    [{ show: 'failed' }, ['root', '.child', '..grandchild']],
    [{ show: 'active' }, ['root', '.child', '..grandchild']],
  ] as const)('pass %o', (wishes, expected) => {
    expect(shown(rows(FAMILY, wishes))).toEqual(expected);
  });

  test.each([
    ['name', ['child', 'other', 'root', 'grandchild']],
    ['state', ['other', 'root', 'grandchild', 'child']],
    ['errors', ['child', 'grandchild', 'other', 'root']],
    ['rate', ['other', 'child', 'root', 'grandchild']],
    ['change', ['other', 'child', 'root', 'grandchild']],
  ] as const)('in the order of "%s" are a list', (order, expected) => {
    expect(shown(rows(FAMILY, { order }))).toEqual(expected);
  });

  test('contain actors that are each other’s parents, once, and very deep ones', () => {
    const circle = [actor('a', { parent: 'b' }), actor('b', { parent: 'a' })];
    const own = actor('own', { parent: 'own', failures: 1 });
    expect(shown(rows([...circle, own])).map((row) => row.replaceAll('.', ''))).toEqual([
      ...['a', 'b'],
      'own',
    ]);
    const deep = Array.from({ length: 20_000 }, (_, at) =>
      actor(`d${String(at)}`, at === 0 ? {} : { parent: `d${String(at - 1)}`, failures: 1 }),
    );
    const all = rows(deep, { folded: new Set(['d0']) });
    expect(shown(all)).toEqual(['d0']);
    const hidden = all.map((row) => (row.kind === 'note' ? 0 : row.hiddenFailures));
    expect(hidden.reduce((sum, count) => sum + count)).toBe(19_999);
  });

  test('of 20 000 actors are found fast enough for a filter that is being typed', () => {
    const many = Array.from({ length: 20_000 }, (_, at) =>
      actor(`w${String(at)}`, { parent: at % 10 === 0 ? undefined : `w${String(at - (at % 10))}` }),
    );
    const times = Array.from({ length: 5 }, () => {
      const before = performance.now();
      expect(rows(many, { order: 'name', filter: 'w' })).toHaveLength(20_001);
      return performance.now() - before;
    });
    expect(Math.min(...times)).toBeLessThan(250);
  });
});

describe('the rows that are elements', () => {
  test('are all of them, up to a number', () => {
    expect(windowOf(MAX_WHOLE, 10_000, 500, 24)).toEqual({ from: 0, to: MAX_WHOLE });
  });

  test('are the visible ones and some around them, of many', () => {
    const count = MAX_WHOLE + 1;
    expect(windowOf(count, 0, 480, 24)).toEqual({ from: 0, to: 60 });
    const { from, to } = windowOf(count, 24_000, 480, 24);
    expect(from).toBe(980);
    expect(to).toBe(1_040);
    expect(windowOf(count, 1e9, 480, 24).to).toBe(count);
  });
});

describe('a key in the tree', () => {
  const all = rows(FAMILY);
  const move = (key: string, from: string | undefined, of: readonly TreeRow[] = all) =>
    moveOf(key, of, from, 2);

  test.each([
    ['ArrowDown', undefined, 'root'],
    ['ArrowDown', 'root', 'child'],
    ['ArrowDown', 'other', 'other'],
    ['ArrowUp', 'child', 'root'],
    ['ArrowUp', 'root', 'root'],
    ['PageDown', 'root', 'grandchild'],
    ['PageUp', 'other', 'child'],
    ['Home', 'other', 'root'],
    ['End', 'root', 'other'],
    ['ArrowLeft', 'grandchild', 'child'],
    ['ArrowRight', 'root', 'child'],
  ])('%s moves from %s to %s', (key, from, id) => {
    expect(move(key, from)).toEqual({ id, isFold: false });
  });

  test('folds and unfolds, and otherwise does nothing', () => {
    expect(move('ArrowLeft', 'root')).toEqual({ id: 'root', isFold: true });
    const folded = rows(FAMILY, { folded: new Set(['root']) });
    expect(move('ArrowRight', 'root', folded)).toEqual({ id: 'root', isFold: true });
    expect(move('ArrowRight', 'grandchild')).toBeUndefined();
    expect(move('ArrowLeft', 'other')).toBeUndefined();
    expect(move('x', 'root')).toBeUndefined();
    expect(move('ArrowDown', undefined, [])).toBeUndefined();
  });
});

describe('the rates of actors', () => {
  const NOW = 1_700_000_010_500;

  test('count the transitions of the last five whole seconds', () => {
    const rates = new Rates();
    for (let at = 0; at < 10; at += 1) rates.count('a', NOW - 1_000 * (at % 5) - 1_000, NOW);
    rates.count('old', NOW - 60_000, NOW);
    rates.count('broken', Number.NaN, NOW);
    rates.count('now', NOW, NOW);
    rates.count('ahead', NOW + 60_000, NOW);
    expect([...rates.rates(NOW)]).toEqual([['a', 2]]);
    expect(rates.rates(NOW + 1_000).get('ahead')).toBe(0.2);
    expect([...rates.rates(NOW + 10_000)]).toEqual([]);
  });

  test('are shown with two digits at least', () => {
    expect([0, 0.2, 9.99, 1_234.5].map(rateText)).toEqual(['', '0.2/s', '10.0/s', '1235/s']);
  });
});
