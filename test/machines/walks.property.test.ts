import fc from 'fast-check';
import { expect, it } from 'vitest';
import { initialTransition, transition } from 'xstate';
import { ClosedError, type WirechartError } from '../../src/core/errors.ts';
import type { ProtocolEmitted } from '../../src/machines/protocol-types.ts';
import type { Runstate } from '../../src/core/runstate.ts';
import { COMMANDS, HAPPENINGS, internal, type Snapshot } from './chart.ts';
import { FakeLink } from './fake-link.ts';
import { chart, Harness, pathOf, RESTING, ROUTES, turn } from './support.ts';

/** Every step that the public state may take. */
const LEGAL: readonly string[] = [
  'IDLE→CONNECTING',
  'CONNECTING→RUNNING',
  'CONNECTING→DISCONNECTING',
  'RUNNING→DISCONNECTING',
  'DISCONNECTING→IDLE',
];

/** What must hold of the emitted events of a machine that is home, from its start on. */
function expectWholeSessions(emitted: readonly ProtocolEmitted[], causes: Causes): void {
  const runstates = emitted.filter(({ type }) => type === 'runstate') as Emitted<'runstate'>[];
  const closed = emitted.filter(({ type }) => type === 'closed') as Emitted<'closed'>[];
  const steps = runstates.map(({ runstate }, at): [Runstate | undefined, Runstate] => [
    runstates[at - 1]?.runstate,
    runstate,
  ]);
  expect(steps[0]).toEqual([undefined, 'IDLE']);
  const illegal = steps.slice(1).filter(([from, to]) => !LEGAL.includes(`${String(from)}→${to}`));
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

/** The first cause that was seen of each session. */
type Causes = Map<number, WirechartError>;
const noteCause = (causes: Causes, { session, cause }: Snapshot['context']): void => {
  if (cause !== undefined && !causes.has(session)) causes.set(session, cause);
};

const emittedIn = (params: unknown): ProtocolEmitted[] =>
  typeof params === 'object' && params !== null && 'event' in params
    ? [params.event as ProtocolEmitted]
    : [];

it('on paper: any walk can be brought home, and tells of every session once', () => {
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
        const possible = HAPPENINGS.filter(({ isLiveIn }) => isLiveIn(snapshot._nodes));
        const event = possible[step % possible.length]?.event;
        if (event !== undefined) take({ ...event });
      }
      take({ type: 'DISCONNECT', force: true });
      expect(['IDLE', 'DISCONNECTING.destroying']).toContain(pathOf(snapshot.value));
      take({ type: 'xstate.done.actor.destroyer' });
      expect(snapshot.value).toBe('IDLE');
      expectWholeSessions(emitted, causes);
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

// `hurried` moves are followed by the next in the same turn, before the machine hears of a promise.
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

it('at work: any walk can be brought home, and leaves nothing behind', async () => {
  const start = fc.constantFrom(...RESTING);
  const walk = fc.array(move, { maxLength: 20, size: 'max' });
  const visited = new Set<string>();
  await fc.assert(
    fc.asyncProperty(start, walk, fc.boolean(), async (state, moves, byTime) => {
      const causes: Causes = new Map();
      const machine = new Harness();
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
      if (byTime) clock.increment(link.deadlines.close);
      for (const call of link.live) call.resolve();
      await turn();

      expect(machine.state).toBe('IDLE');
      expect(machine.deaths).toEqual([]);
      expect(clock.timers).toBe(0);
      expect(link.live).toEqual([]);
      expect(Object.keys(actor.getSnapshot().children)).toEqual(['owner']);
      expect([...link.mostLive.values()].filter((most) => most > 1)).toEqual([]);
      expect(link.settledWith).toEqual(machine.outcomes.map(({ cause }) => cause));
      expect(machine.context.outcome).toEqual(machine.outcomes.at(-1));
      expectWholeSessions(machine.emitted, causes);
      actor.stop();
      expect(link.released).toBe(1);
    }),
    { numRuns: 1000 },
  );
  expect([...visited].sort()).toEqual([...RESTING].sort());
});
