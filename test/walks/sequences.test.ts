/**
 * Every sequence of stimuli up to a length, on the real machine, against the model by hand.
 *
 * Two kinds of sequences are not walked, because others stand for them:
 *
 * - Those with a stimulus that is refused. After each step of each walk all that must be refused there
 *   is given, and the machine must then be the same, not merely alike: the very same memory, actors and
 *   calls, as many timers, nothing emitted. So what follows goes as it goes without the refused ones,
 *   and that is walked.
 * - Those in which a method fails by an error that is not ours (`broken`). It goes where a stream's end
 *   (`reset`) goes, by another text: `edges.test.ts` takes each of its edges.
 *
 * A sequence that is the beginning of another is walked as that. From everywhere it is two steps home,
 * and each walk ends there.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isThorough, thorough } from '../support/thorough.ts';
import { answerTo, type Model, possibleIn, startOf, type Stimulus, type World } from './model.ts';
import { Rig } from './rig.ts';

/** What goes on from a place: all but what the model refuses there, and the third kind of fault. */
const stepsFrom = (world: World, model: Model): Stimulus[] =>
  possibleIn(model).filter(
    (stimulus) =>
      !stimulus.endsWith(' broken') &&
      (stimulus.startsWith('late ') || answerTo(world, model, stimulus).row !== undefined),
  );

/** XState itself hears nothing any more for a machine that has ended, and warns of it. */
const refusedIn = (world: World, model: Model): Stimulus[] =>
  (model.place === 'ENDED' ? [] : possibleIn(model)).filter(
    (stimulus) =>
      !stimulus.startsWith('late ') && answerTo(world, model, stimulus).row === undefined,
  );

/** All sequences of so many steps from a place; those that end before, as the machine does, as they are. */
function* sequences(walk: Walk): Generator<readonly Stimulus[]> {
  const { world, first, steps: length } = walk;
  let model = startOf(world);
  for (const step of first) ({ model } = answerTo(world, model, step));
  yield* continuations(world, model, [], length);
}

function* continuations(
  world: World,
  model: Model,
  path: readonly Stimulus[],
  length: number,
): Generator<readonly Stimulus[]> {
  const steps = path.length === length ? [] : stepsFrom(world, model);
  if (steps.length === 0) yield path;
  for (const step of steps) {
    yield* continuations(world, answerTo(world, model, step).model, [...path, step], length);
  }
}

const sharedLength = (one: readonly unknown[], other: readonly unknown[]): number => {
  const at = one.findIndex((step, index) => step !== other[index]);
  return at === -1 ? one.length : at;
};

/** One sequence, of which a part has been seen already. */
interface Sequence {
  readonly path: readonly Stimulus[];
  readonly isNewFrom: number;
  readonly number: number;
}

/**
 * Takes a sequence, and looks at the machine after each step that the one before had not; there also
 * everything is tried that must be refused.
 */
async function take({ world, first }: Walk, { path, isNewFrom, number }: Sequence): Promise<void> {
  const rig = new Rig(world);
  for (const step of first) await rig.take(step);
  if (number === 0) await rig.refuse(refusedIn(world, rig.model));
  for (const [at, step] of path.entries()) {
    await rig.take(step);
    if (at < isNewFrom) continue;
    rig.check();
    await rig.refuse(refusedIn(world, rig.model));
  }
  await rig.goHome(number % 2 === 0 ? 'destroy done' : 'deadline');
}

async function takeAll(walk: Walk): Promise<number> {
  let before: readonly Stimulus[] = [];
  let count = 0;
  let number = 0;
  for (const path of sequences(walk)) {
    const isNewFrom = sharedLength(path, before);
    await take(walk, { path, isNewFrom, number });
    count += path.length - isNewFrom;
    number += 1;
    before = path;
    if (number % 100 === 0) await turn();
  }
  return count;
}

/** Where sequences start, in which machine, and how long they get. */
interface Walk {
  readonly from: string;
  readonly world: World;
  readonly first: readonly Stimulus[];
  readonly steps: number;
}

const ALL: World = { handshake: true, queued: true, finite: true, once: false, planned: false };
const NONE: World = { handshake: false, queued: false, finite: false, once: false, planned: false };
const ONE_SESSION = [
  'LISTEN',
  'listen done',
  'ACCEPT',
  'accept done',
  'establish done',
  'EXPECT_END',
  'read reset',
  'close done',
] as const;

const WALKS: readonly Walk[] = [
  { from: 'its start', world: ALL, first: [], steps: thorough(5, 7) },
  { from: 'the end of a session', world: ALL, first: ONE_SESSION, steps: thorough(3, 5) },
  {
    from: 'its start, with no handshake, queue or deadline',
    world: NONE,
    first: [],
    steps: thorough(4, 6),
  },
  {
    from: 'its start, where it connects for one session',
    world: { ...ALL, handshake: false, once: true, planned: true },
    first: [],
    steps: thorough(3, 5),
  },
];

/** Under load, which is no failure. */
const TIMEOUT = thorough(60_000, 600_000);

describe('every sequence of stimuli', () => {
  it.each(WALKS)(
    'leads where the model says, from $from, in $steps steps',
    async (walk) => {
      const count = await takeAll(walk);
      expect(count).toBeGreaterThan(100);
      const { from, steps } = walk;
      if (isThorough) {
        console.log(`${String(count)} sequences of up to ${String(steps)} steps from ${from}`);
      }
    },
    TIMEOUT,
  );
});
