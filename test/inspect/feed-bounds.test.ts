/** What a program reports is bounded, whatever its machines are like. */

import { describe, expect, it } from 'vitest';
import { type AnyActorRef, createActor, createMachine, emit } from 'xstate';
import { type WatchableActor, withDescendants } from '../../src/inspect/actors.ts';
import { definitionText } from '../../src/inspect/definition.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { stateValueToPlain } from '../../src/inspect/short.ts';
import { toPlain } from '../../src/inspect/plain.ts';
import { toV5Name } from '../../src/inspect/names.ts';
import { cleanUp } from '../support/cleanup.ts';
import { nodeOf } from './support.ts';

const LONG = 'x'.repeat(6_000_000);

function nested(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

/** The messages about an actor that gets an event. */
function reportOf(actor: AnyActorRef, event = 'E'): string[] {
  const lines: string[] = [];
  const feed = new Feed();
  feed.add((line) => lines.push(line));
  feed.inspect.attach(actor);
  cleanUp(() => {
    actor.stop();
  });
  actor.start();
  actor.send({ type: event });
  return lines;
}

const typesOf = (lines: readonly string[]): unknown[] =>
  lines.map((line) => (JSON.parse(line) as { type: unknown }).type);

const deepStates = (levels: number): object =>
  levels === 0 ? {} : { initial: 'a', states: { a: deepStates(levels - 1) } };

/** The logic of an actor that is not a machine but whose snapshot has a value. */
const logicWith = (value: unknown) => {
  const snapshot = { status: 'active', output: undefined, error: undefined, value } as const;
  return {
    config: {},
    transition: () => snapshot,
    getInitialSnapshot: () => snapshot,
    getPersistedSnapshot: () => snapshot,
  };
};

const ACTORS: readonly (readonly [string, () => AnyActorRef])[] = [
  [
    'a context 8 000 levels deep',
    () => createActor(createMachine({ context: { deep: nested(8_000) }, on: { E: {} } })),
  ],
  ['states 500 levels deep', () => createActor(createMachine(deepStates(500)))],
  ['an id of six megabytes', () => createActor(createMachine({}), { id: LONG })],
  ['a property of six megabytes', () => createActor(createMachine({ context: { [LONG]: 1 } }))],
  [
    'a state of six megabytes',
    () => createActor(createMachine({ initial: LONG, states: { [LONG]: {} } })),
  ],
  ['a tag of six megabytes', () => createActor(createMachine({ tags: [LONG] }))],
  [
    'an action of six megabytes',
    () => createActor(createMachine({ on: { E: { actions: LONG } } })),
  ],
  ['a snapshot 8 000 levels deep', () => createActor(logicWith(nested(8_000)))],
  ['a snapshot with a text of six megabytes', () => createActor(logicWith({ a: LONG }))],
];

describe('an actor', () => {
  it.each(ACTORS)('with %s is reported in short messages', (_, create) => {
    const lines = reportOf(create());
    expect(typesOf(lines)).toEqual(expect.arrayContaining(['service.register', 'service.event']));
    expect(typesOf(lines)).not.toContain('wirechart.problem');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(400_000);
  });

  it('that gets an event with a name of six megabytes is reported in short messages', () => {
    const lines = reportOf(createActor(createMachine({ on: { '*': {} } })), LONG);
    expect(lines.filter((line) => line.includes('(6000000 characters)'))).not.toEqual([]);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(10_000);
  });

  it('is reported as a problem where a message would end the connection', () => {
    const text = 'x'.repeat(16_000);
    const machine = createMachine({
      on: { E: { actions: Array(100).fill(emit({ type: 'E', texts: Array(10).fill(text) })) } },
    });
    const lines = reportOf(createActor(machine));
    const problem = /A message of \d+ characters was not reported; the most are 5000000/;
    expect(lines.filter((line) => problem.test(line))).toHaveLength(1);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(5_000_000);
  });

  it('is found however deeply actors are nested', () => {
    let actor: object | undefined;
    for (let level = 0; level < 20_000; level += 1) {
      const children = actor === undefined ? {} : { child: actor };
      actor = { level, getSnapshot: () => ({ status: 'active', children }) };
    }
    const all = [...withDescendants(actor as WatchableActor)];
    expect(all).toHaveLength(20_000);
    expect(all[0]).toBe(actor);
  });
});

describe('a definition', () => {
  it('of more than 5 000 states has none of them, and says why', () => {
    const states = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, at) => [`s${String(at)}`, {}]),
    );
    const node = nodeOf(definitionText(createMachine({ id: 'big', states, initial: 's0' })));
    expect(node).toMatchObject({ id: 'big', key: 'big (not drawn: it has more than 5000 states)' });
    expect(node.states).toBeUndefined();
  });

  it('of more than two megabytes is left out, and says why', () => {
    const text = definitionText(createMachine({ id: 'big', description: 'x'.repeat(3_000_000) }));
    expect(nodeOf(text).key).toMatch(
      /^big \(not drawn: its definition has 3000\d\d\d characters\)$/,
    );
  });
});

describe('the value of a state', () => {
  const plain = (value: unknown) => stateValueToPlain(value, toPlain);

  it.each(['open', { a: 'b' }, { a: { b: 'c' }, d: {} }])('is unchanged: %j', (value) => {
    expect(plain(value)).toEqual(value);
  });

  it('keeps a name with a meaning in JavaScript', () => {
    expect(JSON.stringify(plain(JSON.parse('{"__proto__":{"a":"b"}}')))).toBe(
      '{"__proto__":{"a":"b"}}',
    );
  });

  it('is cut where it is too deep or too large', () => {
    expect(JSON.stringify(plain(nested(100)))).toBe(
      `${'{"a":'.repeat(60)}"[too deep]"${'}'.repeat(60)}`,
    );
    const wide = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, at) => [`s${String(at)}`, {}]),
    );
    expect(Object.keys(plain(wide) as object)).toHaveLength(2_001);
    expect(plain(wide)).toMatchObject({ '…': '[too large]' });
  });

  it('is whatever it is for an actor that is not a machine', () => {
    expect(plain(new Map([['a', 1n]]))).toEqual({ 'Map(1)': [['a', '1n']] });
    expect(plain({ a: [undefined] })).toEqual({ a: ['[undefined]'] });
  });
});

describe("XState 4's name of an event", () => {
  it('is translated in linear time, with line breaks', () => {
    const name = `xstate.after(1)#${')#'.repeat(100_000)}\n`;
    expect(toV5Name(name)).toBe(`xstate.after.1.${')#'.repeat(100_000)}\n`);
  });
});
