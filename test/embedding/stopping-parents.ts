/** Parents that stop their child in every possible way, over a fake link and a fake clock. */

import { createActor, setup, stopChild } from 'xstate';
import type { CountingClock, FakeLink } from '../machines/fake-link.ts';
import { asChild, chart, type ActorHandle } from '../machines/support.ts';

const throwNotInvoked = (): never => {
  throw new Error('The parent has not invoked the machine');
};

interface Input {
  readonly link: FakeLink;
}

/** A parent that invokes the machine in its first state, and ends when it leaves that. */
const parent = setup({
  types: { children: {} as { child: 'child' }, input: {} as Input, context: {} as Input },
  actors: { child: chart },
}).createMachine({
  context: ({ input }) => input,
  initial: 'inside',
  states: {
    inside: {
      invoke: { id: 'child', src: 'child', input: ({ context }) => context.link },
      on: { END: 'ended' },
    },
    ended: { type: 'final' },
  },
});
const start = (link: FakeLink, clock: CountingClock) => {
  const actor = createActor(parent, { input: { link }, clock }).start();
  return { actor, child: actor.getSnapshot().children.child ?? throwNotInvoked() };
};

/** The parent is stopped. */
const asChildOfStopped = (link: FakeLink, clock: CountingClock): ActorHandle => {
  const { actor, child } = start(link, clock);
  return { actor: child, start: () => undefined, stop: () => actor.stop() };
};

/** The parent reaches its final state. */
const asChildOfEnding = (link: FakeLink, clock: CountingClock): ActorHandle => {
  const { actor, child } = start(link, clock);
  const stop = () => {
    actor.send({ type: 'END' });
  };
  return { actor: child, start: () => undefined, stop };
};

/** The parent is itself invoked, in a state that is left. */
const asGrandchild = (link: FakeLink, clock: CountingClock): ActorHandle => {
  const grandparent = setup({
    types: { children: {} as { parent: 'parent' } },
    actors: { parent },
  });
  const top = createActor(
    grandparent.createMachine({
      initial: 'inside',
      states: {
        inside: {
          invoke: { id: 'parent', src: 'parent', input: { link } },
          on: { LEAVE: 'outside' },
        },
        outside: {},
      },
    }),
    { clock },
  ).start();
  const actor =
    top.getSnapshot().children.parent?.getSnapshot().children.child ?? throwNotInvoked();
  const stop = () => {
    top.send({ type: 'LEAVE' });
  };
  return { actor, start: () => undefined, stop };
};

/** The parent has spawned the machine, and stops it. */
const asSpawned = (link: FakeLink, clock: CountingClock): ActorHandle => {
  const spawner = setup({
    types: { context: {} as { child: ActorHandle['actor'] } },
    actors: { child: chart },
  }).createMachine({
    context: ({ spawn }) => ({ child: spawn('child', { input: link }) }),
    on: { STOP: { actions: stopChild(({ context }) => context.child) } },
  });
  const actor = createActor(spawner, { clock }).start();
  const stop = () => {
    actor.send({ type: 'STOP' });
  };
  return { actor: actor.getSnapshot().context.child, start: () => undefined, stop };
};

/** All of them, by name. Each creates the machine's actor, and a `stop()` by the parent. */
export const STOPPING_PARENTS: readonly (readonly [string, typeof asChild])[] = [
  ['a parent that leaves the invoking state', asChild],
  ['a parent that is stopped', asChildOfStopped],
  ['a parent that reaches its final state', asChildOfEnding],
  ['a grandparent that leaves the invoking state', asGrandchild],
  ['a parent that stops the actor that it spawned', asSpawned],
];
