import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { and, assign, not, stateIn } from 'xstate';
import { inWords, nameOf, toV4Name, toV5Name } from '../../src/inspect/names.ts';

describe("an event of XState's own", () => {
  it.each([
    ['xstate.done.actor.reader', 'done.invoke.reader', 'reader done'],
    ['xstate.done.actor.0.machine.a', 'done.invoke.0.machine.a', '0.machine.a done'],
    ['xstate.error.actor.reader', 'error.platform.reader', 'reader failed'],
    ['xstate.after.1000.door.open', 'xstate.after(1000)#door.open', 'after 1000'],
    ['xstate.after.limit.(machine)', 'xstate.after(limit)#(machine)', 'after limit'],
    ['xstate.after.a)b.door', 'xstate.after(a)b)#door', 'after a)b'],
    ['xstate.done.state.door.open', 'done.state.door.open', 'done'],
  ])('has a version 4 name, which converts back, and a readable name: %s', (v5, v4, words) => {
    expect(toV4Name(v5)).toBe(v4);
    expect(toV5Name(v4)).toBe(v5);
    expect(inWords(v5)).toBe(words);
  });

  it.each(['xstate.init', 'xstate.stop', 'xstate.snapshot.child', 'xstate.promise.resolve'])(
    'has the same name in both versions: %s',
    (type) => {
      expect([toV4Name(type), toV5Name(type), inWords(type)]).toEqual([type, type, type]);
    },
  );
});

describe('an event of the user', () => {
  it.each(['OPEN', '', '*', 'door.*', '$1', 'after 1000', 'my.xstate.done.actor.x'])(
    'keeps its name: %j',
    (type) => {
      expect([toV4Name(type), toV5Name(type), inWords(type)]).toEqual([type, type, type]);
    },
  );
});

describe('for any ids and delays', () => {
  it('a version 4 name converts back to its version 5 name', () => {
    const kinds = ['done.actor', 'error.actor', 'done.state'].map((kind) => `xstate.${kind}.`);
    const generated = fc.oneof(
      fc.tuple(fc.constantFrom(...kinds), fc.string()).map((parts) => parts.join('')),
      // In version 5 a delay with a dot cannot be separated from the state id after it.
      fc
        .tuple(fc.stringMatching(/^[^.#\n]+$/), fc.string())
        .map(([delay, id]) => `xstate.after.${delay}.${id}`),
    );
    fc.assert(
      fc.property(generated, (v5) => {
        expect(toV5Name(toV4Name(v5))).toBe(v5);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the name of a guard or an action', () => {
  const isReady = () => true;

  it.each<[string, unknown, string]>([
    ['a string', 'isReady', 'isReady'],
    ['an object', { type: 'isReady', params: { n: 1 } }, 'isReady'],
    ['a function', isReady, 'isReady'],
    ['an action of XState', assign({}), 'xstate.assign'],
    ['a combined guard', and(['isReady', not('isDone')]), 'and'],
    ['a state guard', stateIn('#door.open'), 'stateIn'],
  ])('is that of %s', (_, named, name) => {
    expect(nameOf(named, 'inline')).toBe(name);
  });

  it.each<[string, unknown]>([
    [
      'an anonymous function',
      (
        () => () =>
          true
      )(),
    ],
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['an object without a name', {}],
    ['an object whose type and name are not strings', { type: 5, name: 6 }],
  ])('is the fallback for %s', (_, named) => {
    expect(nameOf(named, 'inline')).toBe('inline');
  });
});
