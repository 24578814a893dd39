/** Whatever happens in a system, a watcher knows which actors are alive, and in which states. */

import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type AnyActor,
  assign,
  cancel,
  createActor,
  fromCallback,
  raise,
  setup,
  SimulatedClock,
  spawnChild,
  stopChild,
} from 'xstate';
import { Feed } from '../../src/inspect/feed.ts';
import { parse, stateOf } from './support.ts';

const fail = () => {
  throw new Error('broken');
};

const leaf = setup({
  actions: { fail },
  actors: { never: fromCallback(() => undefined), broken: fromCallback(fail) },
}).createMachine({
  initial: 'a',
  states: {
    a: { on: { GO: 'b' }, invoke: { src: 'never', id: 'n' } },
    b: {
      entry: [
        raise({ type: 'OTHER' }, { delay: 500_000 }),
        raise({ type: 'OTHER' }, { delay: 1, id: 'o' }),
      ],
      exit: cancel('o'),
      on: { GO: 'via' },
      after: { 1_000_000: 'a' },
    },
    via: { invoke: { src: 'never', id: 'n' }, always: 'c' },
    c: { on: { GO: 'd' } },
    d: { invoke: { src: 'broken', id: 'x', onError: 'a' } },
    end: { type: 'final' },
  },
  on: { END: '.end', FAIL: { actions: 'fail' } },
});

const tree = setup({
  types: { context: {} as { n: number } },
  actions: { fail },
  actors: { leaf },
}).createMachine({
  context: { n: 0 },
  initial: 'on',
  states: {
    on: { on: { GO: 'off' } },
    off: { on: { GO: 'on' }, invoke: { src: 'leaf', id: 'inner' } },
  },
  on: {
    SPAWN: {
      actions: [
        assign({ n: ({ context }) => context.n + 1 }),
        spawnChild('leaf', { id: ({ context }) => `leaf${String(context.n)}` }),
      ],
    },
    STOP: { actions: stopChild(({ context }) => `leaf${String(context.n)}`) },
    'xstate.error.actor.*': {},
    'xstate.done.actor.*': {},
  },
});

/** An actor and all its descendants. */
function* below(actor: AnyActor): Generator<AnyActor> {
  yield actor;
  const { children }: { children?: object } = actor.getSnapshot() as object;
  for (const child of Object.values(children ?? {}) as (AnyActor | undefined)[]) {
    if (child !== undefined) yield* below(child);
  }
}

const stateWith = (value: unknown, timers: number): string =>
  `${JSON.stringify(value)} and ${String(timers)} timers`;

/** The actors that are alive, with their states and the number of their timers. */
function livingStates(actors: readonly AnyActor[]): Map<string, string> {
  const living = new Map<string, string>();
  for (const one of actors) {
    const { status, value = status } = one.getSnapshot() as { status: string; value?: unknown };
    const timers = Object.values(one.system.getSnapshot()._scheduledEvents).filter(({ source }) =>
      Object.is(source, one),
    );
    if (status === 'active') living.set(one.sessionId, stateWith(value, timers.length));
  }
  return living;
}

/** Asserts that a watcher knows each reachable actor as it is, and no actor that has ended. */
function expectAccurate(
  known: Map<string, string>,
  root: AnyActor,
  allActors: readonly AnyActor[],
) {
  const found = livingStates([...below(root)]);
  expect(Object.fromEntries(known)).toMatchObject(Object.fromEntries(found));
  // When an action of a parent fails, XState leaves its children running but unreachable.
  const living = livingStates(allActors);
  expect([...known].filter(([id, value]) => living.get(id) !== value && !found.has(id))).toEqual(
    [],
  );
}

/** A sink that derives the living actors from the messages. */
class Watcher {
  readonly known = new Map<string, string>();
  readonly faults: string[] = [];

  readonly sink = (line: string): void => {
    const message = parse(line);
    if (message.type === 'service.register' || message.type === 'service.state') {
      const isNew = message.type === 'service.register';
      if (!isNew && !this.known.has(message.sessionId)) this.faults.push(`unknown: ${line}`);
      const timers = message.wirechart.deadlines?.length ?? 0;
      this.known.set(message.sessionId, stateWith(stateOf(message).value, timers));
    } else if (message.type === 'service.stop') {
      if (!this.known.delete(message.sessionId)) this.faults.push(`not there: ${line}`);
    } else if (message.type === 'wirechart.problem') {
      this.faults.push(line);
    }
  };
}

const EVENTS = ['GO', 'SPAWN', 'STOP', 'END', 'FAIL', 'OTHER'] as const;
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ event: fc.constantFrom(...EVENTS), to: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ watcher: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ time: fc.constantFrom(1, 500_000, 1_000_000) }) },
  ),
  { maxLength: 40, size: 'max' },
);

describe.each(['inspect', 'attach'])('a watcher, by %s,', (way) => {
  it('knows all actors after every step, whenever it was added', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    onTestFinished(() => {
      warn.mockRestore();
    });
    await fc.assert(
      fc.asyncProperty(steps, async (walk) => {
        const feed = new Feed();
        const clock = new SimulatedClock();
        const inspect = way === 'inspect' ? feed.inspect : undefined;
        const actor = createActor(tree, { clock, ...(inspect && { inspect }) });
        actor.subscribe({ error: () => undefined });
        if (way === 'attach') feed.inspect.attach(actor);
        const allActors: AnyActor[] = [actor.start()];
        const watchers = new Map<number, Watcher>();
        for (const step of walk) {
          if ('time' in step) {
            clock.increment(step.time);
          } else if ('event' in step) {
            // Ended actors get events too.
            allActors[step.to % allActors.length]?.send({ type: step.event });
          } else {
            const watching = watchers.get(step.watcher);
            if (watching === undefined) {
              const watcher = new Watcher();
              watchers.set(step.watcher, watcher);
              feed.add(watcher.sink);
            } else {
              watchers.delete(step.watcher);
              feed.remove(watching.sink);
            }
          }
          await Promise.resolve();
          for (const child of below(actor)) if (!allActors.includes(child)) allActors.push(child);
          for (const { known, faults } of watchers.values()) {
            expect(faults).toEqual([]);
            expectAccurate(known, actor, allActors);
          }
        }
        actor.stop();
        await Promise.resolve();
        for (const { known } of watchers.values()) {
          expectAccurate(known, actor, allActors);
          expect([...known.keys()]).not.toContain(actor.sessionId);
        }
      }),
      { numRuns: 300 },
    );
  });
});
