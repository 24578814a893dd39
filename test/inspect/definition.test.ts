import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, and, assign, createMachine, fromPromise, raise } from 'xstate';
import { definitionText, lifecycleText } from '../../src/inspect/definition.ts';
import { chart } from '../machines/support.ts';
import { nodeOf, type V4Node } from './support.ts';

const definitionOf = (machine: AnyStateMachine): V4Node => nodeOf(definitionText(machine));

/** The state at a path of a definition. */
function at(root: V4Node, ...path: string[]): V4Node {
  let node = root;
  for (const key of path) {
    const child = node.states[key];
    if (child === undefined) throw new Error(`'${node.key}' has no state '${key}'`);
    node = child;
  }
  return node;
}

const door = createMachine({
  id: 'door',
  description: 'A door.',
  initial: 'closed',
  on: { '*': { actions: 'log' }, KICK: { target: '.closed.bolted', reenter: true } },
  states: {
    closed: {
      initial: 'free',
      tags: ['shut', 'safe'],
      meta: { weight: 5n, at: new Date(0) },
      states: {
        free: {
          entry: ['click', { type: 'light', params: { on: true } }, assign({})],
          exit: () => undefined,
          always: { guard: 'isNight', target: 'bolted' },
        },
        bolted: { description: 'Locked.' },
        last: { type: 'history' },
        deepest: { type: 'history', history: 'deep', target: 'bolted' },
      },
      on: {
        OPEN: [{ guard: 'isFree', target: 'open', description: 'Push.' }, { actions: 'creak' }],
      },
    },
    open: {
      type: 'parallel',
      states: { light: { initial: 'on', states: { on: {} } }, alarm: {} },
      after: { 1000: 'closed', patience: { guard: and(['isCold', 'isNight']), target: 'gone' } },
      invoke: [
        { id: 'wind', src: 'wind', onDone: 'gone', onError: { actions: 'log' } },
        { src: fromPromise(() => Promise.resolve(1)) },
      ],
      onDone: '#end',
    },
    gone: { id: 'end', type: 'final', entry: raise({ type: 'BYE' }) },
  },
});

describe('a definition', () => {
  const root = definitionOf(door);

  it('is a tree of states in document order', () => {
    expect(root).toMatchObject({
      id: 'door',
      key: 'door',
      type: 'compound',
      initial: 'closed',
      description: 'A door.',
      predictableActionArguments: true,
    });
    expect(Object.keys(root.states)).toEqual(['closed', 'open', 'gone']);
    expect(at(root, 'closed')).toMatchObject({
      id: 'door.closed',
      key: 'closed',
      type: 'compound',
      initial: 'free',
    });
    expect(at(root, 'closed', 'bolted')).toMatchObject({
      type: 'atomic',
      description: 'Locked.',
      states: {},
    });
    const orders = [root, at(root, 'closed'), at(root, 'closed', 'free'), at(root, 'open')];
    const numbers = orders.map((node) => Number(node['order']));
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
  });

  it('has no initial state in parallel and atomic states', () => {
    expect(at(root, 'open')).toMatchObject({ type: 'parallel' });
    expect(at(root, 'open')).not.toHaveProperty('initial');
    expect(at(root, 'closed', 'free')).not.toHaveProperty('initial');
  });

  it('has final states, and custom ids', () => {
    expect(at(root, 'gone')).toMatchObject({ id: 'end', key: 'gone', type: 'final' });
  });

  it('has history states with their default targets', () => {
    expect(at(root, 'closed', 'last')).toMatchObject({ type: 'history', history: 'shallow' });
    expect(at(root, 'closed', 'last')).not.toHaveProperty('target');
    expect(at(root, 'closed', 'deepest')).toMatchObject({ history: 'deep', target: 'bolted' });
    expect(at(root, 'closed', 'free')).not.toHaveProperty('history');
  });

  it('has transitions in the order in which XState tries them, with guards, actions and descriptions', () => {
    expect(at(root, 'closed').on['OPEN']).toEqual([
      {
        target: ['#door.open'],
        actions: [],
        cond: 'isFree',
        event: 'OPEN',
        eventType: 'OPEN',
        source: '#door.closed',
        internal: true,
        description: 'Push.',
      },
      {
        actions: [{ type: 'creak' }],
        event: 'OPEN',
        eventType: 'OPEN',
        source: '#door.closed',
        internal: true,
      },
    ]);
  });

  it('has the transitions of the root, including wildcards', () => {
    expect(root.on['*']).toMatchObject([{ actions: [{ type: 'log' }], source: '#door' }]);
    expect(root.on['KICK']).toMatchObject([{ target: ['#door.closed.bolted'], internal: false }]);
  });

  it("has version 4's names for XState's own events", () => {
    expect(Object.keys(at(root, 'open').on)).toEqual([
      'done.state.door.open',
      'done.invoke.wind',
      'error.platform.wind',
      'xstate.after(1000)#door.open',
      'xstate.after(patience)#door.open',
    ]);
    expect(at(root, 'open').on['xstate.after(patience)#door.open']).toMatchObject([
      { target: ['#end'], cond: 'and' },
    ]);
  });

  it('has eventless transitions as `always`', () => {
    expect(at(root, 'closed', 'free').always).toMatchObject([
      { target: ['#door.closed.bolted'], cond: 'isNight', event: '', eventType: '' },
    ]);
  });

  it('can have events named like members of Object.prototype', () => {
    const machine = createMachine({ on: { constructor: {}, toString: {}, ['__proto__']: {} } });
    expect(Object.keys(definitionOf(machine).on)).toEqual(['constructor', 'toString', '__proto__']);
  });

  it('names actions, without those that XState adds itself', () => {
    const free = at(root, 'closed', 'free');
    expect(free['entry']).toEqual([
      { type: 'click' },
      { type: 'light' },
      { type: 'xstate.assign' },
    ]);
    expect(free['exit']).toEqual([{ type: 'exit' }]);
    // XState starts the timers of `after`, and raises events, by actions.
    expect(at(root, 'open')).toMatchObject({ entry: [], exit: [] });
    expect(at(root, 'gone')['entry']).toEqual([]);
  });

  it('names the invoked actors', () => {
    const inline = expect.stringMatching(/^1\.door\.open$/) as unknown;
    expect(at(root, 'open')['invoke']).toEqual([
      { type: 'xstate.invoke', id: 'wind', src: { type: 'wind' } },
      { type: 'xstate.invoke', id: inline, src: { type: expect.any(String) as unknown } },
    ]);
  });

  it('has the tags, and the meta data as JSON', () => {
    expect(at(root, 'closed')).toMatchObject({
      tags: ['shut', 'safe'],
      meta: { weight: '5n', at: '1970-01-01T00:00:00.000Z' },
    });
    expect(at(root, 'gone')).toMatchObject({ tags: [] });
    expect(at(root, 'gone')).not.toHaveProperty('meta');
  });

  it('can be that of a machine without states', () => {
    expect(definitionOf(createMachine({ on: { HI: {} } }))).toMatchObject({
      id: '(machine)',
      type: 'atomic',
      states: {},
      on: { HI: [{ event: 'HI' }] },
    });
  });

  it('can be that of a machine with a parallel root', () => {
    const root = definitionOf(createMachine({ type: 'parallel', states: { a: {}, b: {} } }));
    expect(root).toMatchObject({ type: 'parallel', states: { a: {}, b: {} } });
  });

  it('can be that of the protocol machine', () => {
    const running = at(definitionOf(chart), 'RUNNING');
    expect(running.on['done.invoke.reader']).toMatchObject([
      { cond: 'staysHalfOpen', target: ['#protocol.RUNNING.halfOpen'] },
      { cond: 'isFlushed', target: ['#protocol.DISCONNECTING.closing'] },
      { target: ['#protocol.DISCONNECTING.flushing.oneway'] },
    ]);
  });

  it('refers to its own states only', () => {
    for (const machine of [door, chart]) {
      const all = [...below(definitionOf(machine))];
      const ids = new Set(all.map(({ id }) => `#${id}`));
      const targets = all.flatMap(({ on }) =>
        Object.values(on).flatMap((transitions) =>
          transitions.flatMap(({ target = [] }) => target),
        ),
      );
      expect(targets.length).toBeGreaterThan(5);
      expect(targets.filter((target) => !ids.has(target))).toEqual([]);
    }
  });

  it('is computed once per machine', () => {
    let reads = 0;
    const meta = { toJSON: () => (reads += 1) };
    const machine = createMachine({ meta });
    expect(definitionText(machine)).toBe(definitionText(machine));
    expect(reads).toBe(1);
    expect(definitionText(machine.provide({}))).toContain('"meta":2');
  });
});

function* below(node: V4Node): Generator<V4Node> {
  yield node;
  for (const child of Object.values(node.states)) yield* below(child);
}

describe('an actor that is not a machine', () => {
  it('is shown as a chart of four statuses', () => {
    const { id, initial, states } = nodeOf(lifecycleText('a "promise"'));
    expect({ id, initial, states: Object.keys(states) }).toEqual({
      id: 'a "promise"',
      initial: 'active',
      states: ['active', 'done', 'error', 'stopped'],
    });
  });
});
