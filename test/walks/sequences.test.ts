/**
 * Walks every sequence of stimuli up to a length on the real machine, and compares it with the
 * model.
 *
 * Two kinds of sequences are left out, because others represent them:
 *
 * - Those with a stimulus that is refused. After each step of each walk, every stimulus that must
 *   be refused there is applied, and the machine must keep the identical context and actors, make
 *   no call, set no timer and emit nothing. What follows is then the same as without the refused
 *   stimulus.
 * - Those in which a method fails with a foreign error (`broken`). It leads where the end of the
 *   stream (`reset`) leads, with another error text; `edges.test.ts` takes each of these edges.
 *
 * A sequence that is the beginning of a longer one is walked as a part of that. Each walk ends in
 * IDLE, which is two steps away from any state.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isThorough, thorough } from '../support/thorough.ts';
import { answerTo, type Model, possibleIn, startOf, type Stimulus, type Variant } from './model.ts';
import { Rig } from './rig.ts';

/** The stimuli that continue a sequence: all but the refused ones and the fault `broken`. */
const stepsFrom = (variant: Variant, model: Model): Stimulus[] =>
  possibleIn(model, variant).filter(
    (stimulus) =>
      !stimulus.endsWith(' broken') &&
      (stimulus.startsWith('late ') || answerTo(variant, model, stimulus).row !== undefined),
  );

/** The stimuli to refuse. None once the machine has ended: XState drops them with a warning. */
const refusedIn = (variant: Variant, model: Model): Stimulus[] =>
  (model.state === 'ENDED' ? [] : possibleIn(model, variant)).filter(
    (stimulus) =>
      !stimulus.startsWith('late ') && answerTo(variant, model, stimulus).row === undefined,
  );

/** All sequences of the walk's length, and the shorter ones after which the machine has ended. */
function* sequences(walk: Walk): Generator<readonly Stimulus[]> {
  const { variant, prefix, steps: length } = walk;
  let model = startOf(variant);
  for (const step of prefix) ({ model } = answerTo(variant, model, step));
  yield* continuations(variant, model, [], length);
}

function* continuations(
  variant: Variant,
  model: Model,
  path: readonly Stimulus[],
  length: number,
): Generator<readonly Stimulus[]> {
  const steps = path.length === length ? [] : stepsFrom(variant, model);
  if (steps.length === 0) yield path;
  for (const step of steps) {
    yield* continuations(variant, answerTo(variant, model, step).model, [...path, step], length);
  }
}

const sharedLength = (one: readonly unknown[], other: readonly unknown[]): number => {
  const at = one.findIndex((step, index) => step !== other[index]);
  return at === -1 ? one.length : at;
};

/** One sequence. Its steps before `newFrom` were checked with the sequence before it. */
interface Sequence {
  readonly path: readonly Stimulus[];
  readonly newFrom: number;
  readonly number: number;
}

/**
 * Takes a sequence. After each step that is new in it, checks the machine, and tries every stimulus
 * that must be refused.
 */
async function take({ variant, prefix }: Walk, { path, newFrom, number }: Sequence): Promise<void> {
  const rig = new Rig(variant);
  for (const step of prefix) await rig.take(step);
  if (number === 0) await rig.expectRefused(refusedIn(variant, rig.model));
  for (const [at, step] of path.entries()) {
    await rig.take(step);
    if (at < newFrom) continue;
    rig.check();
    await rig.expectRefused(refusedIn(variant, rig.model));
  }
  await rig.returnToIdle(number % 2 === 0 ? 'destroy done' : 'deadline');
}

async function takeAll(walk: Walk): Promise<number> {
  let before: readonly Stimulus[] = [];
  let count = 0;
  let number = 0;
  for (const path of sequences(walk)) {
    const newFrom = sharedLength(path, before);
    await take(walk, { path, newFrom, number });
    count += path.length - newFrom;
    number += 1;
    before = path;
    if (number % 100 === 0) await turn();
  }
  return count;
}

/** Where sequences start, for which variant, and how long they are. */
interface Walk {
  readonly from: string;
  readonly variant: Variant;
  readonly prefix: readonly Stimulus[];
  readonly steps: number;
}

const ALL: Variant = {
  handshake: true,
  queued: true,
  finite: true,
  once: false,
  autoConnect: false,
  handling: false,
  farewell: false,
  halfOpen: false,
  session: false,
};
const NONE: Variant = {
  handshake: false,
  queued: false,
  finite: false,
  once: false,
  autoConnect: false,
  handling: false,
  farewell: false,
  halfOpen: false,
  session: false,
};
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
  { from: 'its start', variant: ALL, prefix: [], steps: thorough(5, 7) },
  { from: 'the end of a session', variant: ALL, prefix: ONE_SESSION, steps: thorough(3, 5) },
  {
    from: 'its start, with no handshake, queue or deadline',
    variant: NONE,
    prefix: [],
    steps: thorough(4, 6),
  },
  {
    from: 'its start, with logic for the session',
    variant: { ...ALL, handshake: false, session: true },
    prefix: [],
    steps: thorough(3, 5),
  },
  {
    from: 'its start, when it connects at once for a single session',
    variant: { ...ALL, handshake: false, once: true, autoConnect: true },
    prefix: [],
    steps: thorough(3, 5),
  },
];

/** Long, because the machine that runs the tests may be under load. */
const TIMEOUT_MS = thorough(60_000, 600_000);

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
    TIMEOUT_MS,
  );
});
