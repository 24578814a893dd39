import fc from 'fast-check';
import { expect, it } from 'vitest';
import { initialTransition, transition } from 'xstate';
import { ClosedError, type WirechartError } from '../../src/core/errors.ts';
import type { ProtocolEmitted } from '../../src/machines/protocol-types.ts';
import type { Runstate } from '../../src/core/runstate.ts';
import { COMMANDS, POSSIBLE_EVENTS, internal, type Snapshot } from './chart.ts';
import { FakeLink } from './fake-link.ts';
import {
  asRoot,
  chart,
  Harness,
  pathOf,
  STABLE_STATES,
  ROUTES,
  turn,
  withSession,
} from './support.ts';

/** The permitted transitions of the runstate. */
const TRANSITIONS: readonly string[] = [
  'IDLE→CONNECTING',
  'CONNECTING→RUNNING',
  'CONNECTING→DISCONNECTING',
  'RUNNING→DISCONNECTING',
  'DISCONNECTING→IDLE',
];

/** Asserts that the events that a machine emitted from its start until it is IDLE are complete. */
function expectCompleteSessions(emitted: readonly ProtocolEmitted[], causes: Causes): void {
  const runstates = emitted.filter(({ type }) => type === 'runstate') as Emitted<'runstate'>[];
  const closed = emitted.filter(({ type }) => type === 'closed') as Emitted<'closed'>[];
  const transitions = runstates.map(({ runstate }, at): [Runstate | undefined, Runstate] => [
    runstates[at - 1]?.runstate,
    runstate,
  ]);
  expect(transitions[0]).toEqual([undefined, 'IDLE']);
  const illegal = transitions
    .slice(1)
    .filter(([from, to]) => !TRANSITIONS.includes(`${String(from)}→${to}`));
  expect(illegal).toEqual([]);

  const begun = runstates.filter(({ runstate }) => runstate === 'CONNECTING');
  expect(closed.map(({ session }) => session)).toEqual(begun.map(({ session }) => session));
  expect(begun.map(({ session }) => session)).toEqual(begun.map((_, at) => at + 1));
  for (const { session, outcome } of closed) {
    expect(outcome.cause).toBe(causes.get(session));
    const all = [outcome.cause, ...outcome.suppressed];
    expect(new Set(all).size).toBe(all.length);
  }
}
type Emitted<T> = Extract<ProtocolEmitted, { type: T }>;

/** The first cause that was seen in the context, by session. */
type Causes = Map<number, WirechartError>;
const noteCause = (causes: Causes, { session, cause }: Snapshot['context']): void => {
  if (cause !== undefined && !causes.has(session)) causes.set(session, cause);
};

const emittedIn = (params: unknown): ProtocolEmitted[] =>
  typeof params === 'object' && params !== null && 'event' in params
    ? [params.event as ProtocolEmitted]
    : [];

it('any walk of the pure transition function can reach IDLE, and emits every session once', () => {
  const walk = fc.array(fc.nat(), { maxLength: 20, size: 'max' });
  fc.assert(
    fc.property(walk, (steps) => {
      const causes: Causes = new Map();
      const emitted: ProtocolEmitted[] = [];
      const [initial, first] = initialTransition(chart, new FakeLink());
      let snapshot: Snapshot = initial;
      const note = (actions: typeof first): void => {
        for (const { type, params } of actions as { type: string; params: unknown }[]) {
          if (type === 'xstate.emit') emitted.push(...emittedIn(params));
        }
      };
      const take = (event: Parameters<typeof internal>[0]): void => {
        const [next, actions] = transition(chart, snapshot, internal(event));
        snapshot = next;
        noteCause(causes, snapshot.context);
        note(actions);
      };
      note(first);
      for (const step of steps) {
        const possible = POSSIBLE_EVENTS.filter(({ isPossibleIn }) =>
          isPossibleIn(snapshot._nodes),
        );
        const event = possible[step % possible.length]?.event;
        if (event !== undefined) take({ ...event });
      }
      take({ type: 'DISCONNECT', force: true });
      expect(['IDLE', 'DISCONNECTING.destroying']).toContain(pathOf(snapshot.value));
      take({ type: 'xstate.done.actor.destroyer' });
      expect(snapshot.value).toBe('IDLE');
      expectCompleteSessions(emitted, causes);
    }),
    { numRuns: 500 },
  );
});

/** One step of a walk of the running machine. */
type Move = { readonly hurried: boolean } & (
  | { readonly kind: 'settle'; readonly which: number; readonly late: boolean; readonly as: End }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'command'; readonly which: number }
);
type End = 'done' | 'failed' | 'closed';

// After a `hurried` move the next one follows in the same turn, before a promise has an effect.
const hurried = fc.boolean();
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(7),
      late: fc.constantFrom(false, false, false, true),
      as: fc.constantFrom<End>('done', 'done', 'done', 'failed', 'closed'),
      hurried,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(600), hurried }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      which: fc.nat({ max: COMMANDS.length - 1 }),
      hurried,
    }),
  },
);

function make(machine: Harness, step: Move): void {
  const { link } = machine;
  if (step.kind === 'wait') machine.clock.increment(step.ms);
  if (step.kind === 'command') {
    const event = COMMANDS[step.which]?.event;
    if (event?.type === 'FAIL') machine.send({ ...event, error: new ClosedError('unbearable') });
    else if (event !== undefined) machine.send(event);
  }
  if (step.kind === 'settle') {
    const calls = step.late ? link.calls.filter((call) => call.isPending) : link.live;
    const call = calls[step.which % calls.length];
    if (step.as === 'done') call?.resolve();
    else call?.reject(step.as === 'closed' ? new ClosedError('reset') : new Error('broken'));
  }
}

it('any walk of a running machine can reach IDLE, and leaves no timer and no call behind', async () => {
  const start = fc.constantFrom(...STABLE_STATES);
  const walk = fc.array(move, { maxLength: 20, size: 'max' });
  // The logic of a session ends and fails at any time, as the other actors do.
  const kind = fc.constantFrom(asRoot, withSession);
  const visited = new Set<string>();
  await fc.assert(
    fc.asyncProperty(start, walk, fc.boolean(), kind, async (state, moves, atDeadline, create) => {
      const causes: Causes = new Map();
      const machine = new Harness({}, create);
      const { actor, clock, link } = machine;
      actor.subscribe((snapshot) => {
        noteCause(causes, snapshot.context);
      });
      await machine.go(...ROUTES[state]);
      for (const step of moves) {
        make(machine, step);
        if (!step.hurried) await turn();
        visited.add(machine.state);
      }
      machine.send({ type: 'DISCONNECT', force: true });
      await turn();
      if (atDeadline) clock.increment(link.deadlines.close);
      for (const call of link.live) call.resolve();
      await turn();

      expect(machine.state).toBe('IDLE');
      expect(machine.actorErrors).toEqual([]);
      expect(clock.timers).toBe(0);
      expect(link.live).toEqual([]);
      expect(Object.keys(actor.getSnapshot().children)).toEqual(['owner']);
      expect([...link.maxLive.values()].filter((most) => most > 1)).toEqual([]);
      expect(link.settledWith).toEqual(machine.outcomes.map(({ cause }) => cause));
      expect(machine.context.outcome).toEqual(machine.outcomes.at(-1));
      expectCompleteSessions(machine.emitted, causes);
      actor.stop();
      expect(link.released).toBe(1);
    }),
    { numRuns: 1000 },
  );
  expect([...visited].sort()).toEqual([...STABLE_STATES].sort());
});
