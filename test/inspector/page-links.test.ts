import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { actorAt, pathOf } from '../../inspector/page/actor-path.ts';
import { fragmentOf, type Link, readFragment } from '../../inspector/page/links.ts';
import { actorView, programView } from './views.ts';

const NO_CONTROLS: ReadonlyMap<string, string> = new Map();

describe('a link', () => {
  test('names the actor, the moment, the view and the controls, and nothing else', () => {
    const link: Link = {
      actor: [
        { name: 'my program/1', index: 0 },
        { name: 'a;b#c', index: 2 },
      ],
      moment: { seq: 12, at: 1_700_000_000_000 },
      view: 'lanes',
      controls: new Map([['search', 'x&y=z']]),
    };
    const fragment = fragmentOf(link);
    expect(fragment).toBe(
      '#actor=my%20program%2F1/a%3Bb%23c;2&at=12@1700000000000&view=lanes&search=x%26y%3Dz',
    );
    expect(readFragment(fragment)).toEqual(link);
  });

  test('is read back as it was written, whatever its names are', () => {
    const name = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });
    const step = fc.record({ name, index: fc.nat(999_999) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 8 }), (actor) => {
        const link = { actor, controls: NO_CONTROLS };
        expect(readFragment(fragmentOf(link))).toEqual(link);
      }),
    );
  });

  test('that says nothing is empty, and one that is too long is not written', () => {
    expect(fragmentOf({ controls: NO_CONTROLS })).toBe('');
    const name = 'x'.repeat(1_000);
    const actor = Array.from({ length: 50 }, () => ({ name, index: 0 }));
    expect(fragmentOf({ actor, controls: NO_CONTROLS })).toBe('');
  });

  test('has a replacement for half a character, which has no encoding', () => {
    const actor = [
      { name: '\ud800', index: 0 },
      { name: 'a', index: 0 },
    ];
    expect(fragmentOf({ actor, controls: NO_CONTROLS })).toBe('#actor=%EF%BF%BD/a');
  });
});

describe('a hostile fragment', () => {
  test.each([
    ['actor=%', 'an invalid encoding'],
    ['actor=a', 'a program without an actor'],
    ['actor=a//b', 'an empty name'],
    ['actor=a/b;99999999', 'a place that is too large'],
    ['actor=a/b;-1', 'a negative place'],
    [`actor=a/${'b/'.repeat(200)}c`, 'a path that is too long'],
    [`actor=a/${'x'.repeat(2_000)}`, 'a name that is too long'],
    ['at=1', 'a moment without a time'],
    ['at=1e9@2', 'a number in another form'],
    ['at=9999999999999999@1', 'a number that is too large'],
    ['view=../x', 'a view that is no name'],
    ['__proto__=1', 'a control that is no name'],
    [`x=${'y'.repeat(1_000)}`, 'a value that is too long'],
    [`x=${'y'.repeat(20_000)}`, 'a fragment that is too long'],
  ])('is ignored: %s', (fragment) => {
    expect(readFragment(`#${fragment}`)).toEqual({ controls: new Map() });
  });

  test('is read without an exception, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100, unit: 'binary' }), (text) => {
        const { actor = [], controls } = readFragment(text);
        expect(actor.length).toBeLessThanOrEqual(100);
        expect(controls.size).toBeLessThanOrEqual(50);
      }),
    );
  });
});

describe('the path of an actor', () => {
  const programs = new Map(['p1', 'p2'].map((id) => [id, programView(id, { name: 'vm' })]));
  const actors = [
    actorView('p1/x:0', { name: 'root' }),
    actorView('p1/x:1', { name: 'job', parent: 'p1/x:0' }),
    actorView('p1/x:2', { name: 'job', parent: 'p1/x:0' }),
    actorView('p2/x:0', { name: 'root' }),
    actorView('p2/x:9', { name: 'job', parent: 'p2/x:0' }),
    actorView('p2/x:8', { name: 'lost', parent: 'p2/x:8' }),
  ];
  const known = {
    programs,
    actors: () => actors,
    actorOf: (id: string) => actors.find((actor) => actor.id === id),
  };

  test('leads back to it, among others of the same name', () => {
    for (const { id } of actors.slice(0, 5)) {
      const path = pathOf(known, id) ?? [];
      expect(actorAt(known, path)).toEqual({ id, isExact: true });
    }
    expect(pathOf(known, 'p1/x:2')).toEqual([
      { name: 'vm', index: 0 },
      { name: 'root', index: 0 },
      { name: 'job', index: 1 },
    ]);
  });

  test('leads to the same actor of another run, or to its nearest ancestor', () => {
    const path = pathOf(known, 'p1/x:1') ?? [];
    expect(actorAt(known, path, 'p2')).toEqual({ id: 'p2/x:9', isExact: true });
    const missing = [...path.slice(0, 2), { name: 'gone', index: 0 }];
    expect(actorAt(known, missing, 'p2')).toEqual({ id: 'p2/x:0', isExact: false });
    expect(actorAt(known, [{ name: 'other', index: 0 }])).toBeUndefined();
  });

  test('is not known for an actor that is its own parent, or that is unknown', () => {
    expect(pathOf(known, 'p2/x:8')).toBeUndefined();
    expect(pathOf(known, 'p3/x:0')).toBeUndefined();
  });
});
