import { expect, test } from 'vitest';
import { type AnyStateMachine, assign, createActor, createMachine } from 'xstate';
import {
  type Candidate,
  handlingOf,
  matchesEvent,
  StatesOfMachine,
} from '../../inspector/page/entry-handling.ts';
import type { ChartNode, ChartTransition, Json, Microstep } from '../../inspector/shared/view.ts';

interface StateNode {
  readonly id: string;
  readonly key: string;
  readonly type: ChartNode['kind'];
  readonly states: Readonly<Record<string, StateNode>>;
  readonly always?: readonly Transition[] | undefined;
  readonly transitions: ReadonlyMap<string, readonly Transition[]>;
}
interface Transition {
  readonly eventType: string;
  readonly guard?: unknown;
  readonly target?: readonly { readonly id: string }[] | undefined;
}

/** The chart of a machine, as far as it matters here. */
function chartOf(machine: AnyStateMachine): StatesOfMachine {
  const nodes: ChartNode[] = [];
  const visit = (node: StateNode, parent: string | undefined): void => {
    const always = (node.always ?? []).map((one) => ({ ...one, eventType: '' }));
    const transitions = [...node.transitions.values(), always].flat();
    nodes.push({
      ...BLANK,
      id: node.id,
      key: node.key,
      kind: node.type,
      ...(parent !== undefined && { parent }),
      transitions: transitions.map(transitionOf).toSorted((one, other) => rank(other) - rank(one)),
    });
    for (const child of Object.values(node.states)) visit(child, node.id);
  };
  visit(machine.root, undefined);
  return new StatesOfMachine(nodes);
}

const BLANK = {
  ...{ tags: [], entry: [], exit: [], notes: [], lines: [] },
  ...{ x: 0, y: 0, width: 0, height: 0 },
};

const transitionOf = ({ eventType, guard, target }: Transition): ChartTransition => ({
  event: eventType,
  index: 0,
  text: eventType,
  ...(guard !== undefined && { guard: typeof guard === 'string' ? guard : 'guarded' }),
  target: target?.map(({ id }) => id) ?? [],
  actions: [],
});

/** The server puts the transitions into the order in which XState tries them. */
const rank = ({ event }: ChartTransition): number =>
  event.endsWith('*') ? event.length : Number.MAX_SAFE_INTEGER;

/** How a machine handles the last of some events. */
function handle(machine: AnyStateMachine, ...types: readonly string[]) {
  let microsteps: Microstep[] = [];
  const actor = createActor(machine, {
    inspect: (event) => {
      if (event.type !== '@xstate.microstep') return;
      const transitions = event._transitions.map(({ source, eventType, target }: Taken) => ({
        source: source.id,
        event: eventType,
        target: target?.map(({ id }) => id) ?? [],
      }));
      const value = 'value' in event.snapshot ? (event.snapshot.value as Json) : null;
      microsteps.push({ event: event.event.type, value, transitions });
    },
  }).start();
  for (const type of types.slice(0, -1)) actor.send({ type });
  const before = actor.getSnapshot().value as Json;
  microsteps = [];
  const last = types.at(-1) ?? '';
  actor.send({ type: last });
  const value = actor.getSnapshot().value as Json;
  const handling = handlingOf(chartOf(machine), last, before, { value, microsteps });
  actor.stop();
  return handling;
}

type Taken = Transition & { readonly source: { readonly id: string } };

const text = ({ source, transition: { event, guard, target }, result }: Candidate): string =>
  `${source}: ${event} [${guard ?? ''}] ${target.join()} ${result}`;

test('guards are listed in the order in which they refused, the innermost state first', () => {
  const machine = createMachine({
    id: 'm',
    initial: 'a',
    on: { GO: '.b' },
    states: {
      a: {
        initial: 'x',
        on: { GO: [{ guard: 'never', target: 'c' }] },
        states: { x: { on: { GO: { guard: 'never', target: 'y' }, OTHER: 'y' } }, y: {} },
      },
      b: {},
      c: {},
    },
  }).provide({ guards: { never: () => false } });
  const handling = handle(machine, 'GO');
  expect(handling.isHandled).toBe(true);
  expect(handling.steps[0]?.candidates.map(text)).toEqual([
    'm.a.x: GO [never] m.a.y refused',
    'm.a: GO [never] m.c refused',
    'm: GO [] m.b taken',
  ]);
});

test('wildcards are tried after the exact event, the longest first', () => {
  const machine = createMachine({
    id: 'm',
    initial: 'a',
    states: {
      a: {
        on: {
          '*': 'any',
          'user.*': { guard: 'never', target: 'user' },
          'user.login': { guard: 'never', target: 'login' },
        },
      },
      any: {},
      user: {},
      login: {},
    },
  }).provide({ guards: { never: () => false } });
  const { steps } = handle(machine, 'user.login');
  expect(steps[0]?.candidates.map(text)).toEqual([
    'm.a: user.login [never] m.login refused',
    'm.a: user.* [never] m.user refused',
    'm.a: * [] m.any taken',
  ]);
});

test('an event without a transition has no candidates and was not handled', () => {
  const machine = createMachine({ id: 'm', initial: 'a', states: { a: { on: { GO: 'a' } } } });
  const handling = handle(machine, 'NOPE');
  expect(handling).toMatchObject({ isHandled: false, refusedLast: [] });
  expect(handling.steps.flatMap(({ candidates }) => candidates)).toEqual([]);
});

test('an event whose guards all refuse was not handled, and says which', () => {
  const machine = createMachine({
    id: 'm',
    initial: 'a',
    states: {
      a: {
        on: {
          GO: [
            { guard: 'one', target: 'b' },
            { guard: 'two', target: 'b' },
          ],
        },
      },
      b: {},
    },
  }).provide({ guards: { one: () => false, two: () => false } });
  const handling = handle(machine, 'GO');
  expect(handling.isHandled).toBe(false);
  expect(handling.steps[0]?.candidates.map(text)).toEqual([
    'm.a: GO [one] m.b refused',
    'm.a: GO [two] m.b refused',
  ]);
});

test('eventless transitions are steps of their own, and those refused last are told', () => {
  const machine = createMachine({
    id: 'm',
    context: { n: 0 },
    initial: 'a',
    states: {
      a: { on: { GO: { target: 'b', actions: assign({ n: 1 }) } } },
      b: {
        always: [
          { guard: 'never', target: 'a' },
          { guard: 'isOne', target: 'c' },
        ],
      },
      c: { always: { guard: 'never', target: 'a' } },
    },
  }).provide({ guards: { never: () => false, isOne: ({ context }) => context.n === 1 } });
  const handling = handle(machine, 'GO');
  expect(handling.steps.map(({ event, candidates }) => [event, candidates.map(text)])).toEqual([
    ['GO', ['m.a: GO [] m.b taken']],
    ['', ['m.b:  [never] m.a refused', 'm.b:  [isOne] m.c taken']],
  ]);
  expect(handling.refusedLast.map(text)).toEqual(['m.c:  [never] m.a refused']);
});

test('each region of a parallel state is tried, and the state itself only if none has a transition', () => {
  const machine = createMachine({
    id: 'm',
    type: 'parallel',
    on: { GO: { guard: 'never' }, BOTH: {} },
    states: {
      one: { initial: 'a', states: { a: { on: { GO: 'b', BOTH: 'b' } }, b: {} } },
      two: { initial: 'a', states: { a: { on: { BOTH: 'b' } }, b: {} } },
    },
  }).provide({ guards: { never: () => false } });
  expect(handle(machine, 'GO').steps[0]?.candidates.map(text)).toEqual([
    'm.one.a: GO [] m.one.b taken',
  ]);
  expect(handle(machine, 'BOTH').steps[0]?.candidates.map(text)).toEqual([
    'm.one.a: BOTH [] m.one.b taken',
    'm.two.a: BOTH [] m.two.b taken',
  ]);
  expect(handle(machine, 'GO', 'GO').steps[0]?.candidates.map(text)).toEqual([
    'm: GO [never]  refused',
  ]);
});

test('a transition that is excluded by one of another region is set aside', () => {
  const machine = createMachine({
    id: 'm',
    initial: 'p',
    states: {
      p: {
        type: 'parallel',
        states: {
          one: { initial: 'a', states: { a: { on: { OUT: '#m.x' } } } },
          two: { initial: 'a', states: { a: { on: { OUT: '#m.y' } } } },
        },
      },
      x: {},
      y: {},
    },
  });
  expect(handle(machine, 'OUT').steps[0]?.candidates.map(text)).toEqual([
    'm.p.one.a: OUT [] m.x taken',
    'm.p.two.a: OUT [] m.y setAside',
  ]);
});

test('transitions with the same target are not told apart', () => {
  const machine = createMachine({
    id: 'm',
    initial: 'a',
    states: {
      a: {
        on: {
          GO: [
            { guard: 'never', target: 'c' },
            { guard: 'never', target: 'b' },
            { guard: 'always', target: 'b' },
          ],
        },
      },
      b: {},
      c: {},
    },
  }).provide({ guards: { never: () => false, always: () => true } });
  expect(handle(machine, 'GO').steps[0]?.candidates.map(text)).toEqual([
    'm.a: GO [never] m.c refused',
    'm.a: GO [never] m.b unknown',
    'm.a: GO [always] m.b unknown',
  ]);
});

test('without a chart only what was reported is known', () => {
  const microsteps = [
    { event: 'GO', value: 'b', transitions: [{ source: 'm.a', event: 'GO', target: ['m.b'] }] },
  ];
  const handling = handlingOf(undefined, 'GO', 'a', { value: 'b', microsteps });
  expect(handling).toMatchObject({ isHandled: true, steps: [{ candidates: [], taken: [{}] }] });
});

test('a wildcard matches whole parts of a name', () => {
  for (const [descriptor, name, is] of [
    ['a.*', 'a.b', true],
    ['a.*', 'a', true],
    ['a.*', 'ab', false],
    ['*', 'a', true],
    ['*', '', false],
    ['', 'a', false],
  ] as const)
    expect([descriptor, name, matchesEvent(descriptor, name)]).toEqual([descriptor, name, is]);
});
