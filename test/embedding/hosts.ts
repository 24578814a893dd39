/** Every way in which a parent can part with a child, over a link and a clock that do nothing. */

import { createActor, setup, stopChild } from 'xstate';
import type { CountingClock, FakeLink } from '../machines/fake-link.ts';
import { asChild, chart, type ActorHandle } from '../machines/support.ts';

const unborn = (): never => {
  throw new Error('The parent has not invoked the machine');
};

interface Given {
  readonly link: FakeLink;
}

/** A parent with the machine in its first state, which it leaves for one or for the end. */
const parent = setup({
  types: { children: {} as { child: 'child' }, input: {} as Given, context: {} as Given },
  actors: { child: chart },
}).createMachine({
  context: ({ input }) => input,
  initial: 'inside',
  states: {
    inside: {
      invoke: { id: 'child', src: 'child', input: ({ context }) => context.link },
      on: { END: 'over' },
    },
    over: { type: 'final' },
  },
});
const start = (link: FakeLink, clock: CountingClock) => {
  const actor = createActor(parent, { input: { link }, clock }).start();
  return { actor, child: actor.getSnapshot().children.child ?? unborn() };
};

/** The parent is stopped. */
const asChildOfStopped = (link: FakeLink, clock: CountingClock): ActorHandle => {
  const { actor, child } = start(link, clock);
  return { actor: child, start: () => undefined, stop: () => actor.stop() };
};

/** The parent comes to its end. */
const asChildOfEnding = (link: FakeLink, clock: CountingClock): ActorHandle => {
  const { actor, child } = start(link, clock);
  const stop = () => {
    actor.send({ type: 'END' });
  };
  return { actor: child, start: () => undefined, stop };
};

/** The parent is itself a child, of a state that is left. */
const asGrandchild = (link: FakeLink, clock: CountingClock): ActorHandle => {
  const family = setup({ types: { children: {} as { parent: 'parent' } }, actors: { parent } });
  const top = createActor(
    family.createMachine({
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
  const actor = top.getSnapshot().children.parent?.getSnapshot().children.child ?? unborn();
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

/** All of them. */
export const HOSTS: readonly (readonly [string, typeof asChild])[] = [
  ['a parent that leaves the invoking state', asChild],
  ['a parent that is stopped', asChildOfStopped],
  ['a parent that comes to its end', asChildOfEnding],
  ["a parent's parent that leaves", asGrandchild],
  ['a parent that stops what it spawned', asSpawned],
];
