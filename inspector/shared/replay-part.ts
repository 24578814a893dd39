/** Which part of what an actor did is put into a test, and in which state the test begins. */

import { handledIn, type HandledEvent } from './replay-steps.ts';
import type { MachineShape } from './shape.ts';
import type { ActorState, ActorView, Entry, Json } from './view.ts';
import { valueText } from './words.ts';

/** What is known of an actor. */
export interface ReplaySource {
  readonly actor: ActorView;
  /** The kept entries of the actor up to the moment, the oldest first. */
  readonly entries: readonly Entry[];
  /** The shape of its machine, if it is known. */
  readonly shape: MachineShape | undefined;
  /** The names of the actors that it has started. */
  readonly children: readonly string[];
  /** The name of an actor, if it is known. */
  readonly nameOf: (id: string) => string | undefined;
}

/** The part that is replayed. */
export interface ReplayPart {
  readonly begin: ActorState;
  readonly end: ActorState;
  /** Whether it begins with the start of the actor. */
  readonly isStart: boolean;
  /** Of the actor, if it is known. */
  readonly input: Json | undefined;
  /** Why it does not begin with the start. */
  readonly why: string;
  readonly handled: readonly HandledEvent[];
}

/** The most events of a test. */
const MAX_REPLAYED = 500;

const START_EVENT = 'xstate.init';

/** `undefined` when there is nothing to replay. */
export function partToReplay({ actor, entries }: ReplaySource): ReplayPart | undefined {
  if (actor.kind !== 'machine') return undefined;
  const handled = handledIn(entries);
  const start = handled.findLastIndex(({ state }) => state.event === START_EVENT);
  const later = handled.slice(start + 1);
  const begun = handled[start]?.event;
  const cut = firstToReplay(later, handled[start]?.state ?? actor.base);
  const isStart = begun !== undefined && cut === 0;
  const begin = later[cut - 1]?.state ?? handled[start]?.state ?? actor.base;
  const end = handled.at(-1)?.state ?? actor.base;
  const data = begun?.data;
  const input = isRecord(data) ? data['input'] : undefined;
  const why = begun === undefined ? 'The recording begins later than the actor' : WHY_LATER;
  return { begin, end, isStart, input, why, handled: later.slice(cut) };
}

const WHY_LATER = `What came before is left out, because a test has at most ${String(MAX_REPLAYED)} events, or because it is not known`;

/** The first event that can be replayed: after those that are too many, and after any gap. */
function firstToReplay(handled: readonly HandledEvent[], base: ActorState): number {
  const gap = handled.findLastIndex(({ event, state }, at) => {
    const before = handled[at - 1]?.state ?? base;
    return (
      event === undefined && valueText(state.value) !== valueText(before.value) && isRunning(state)
    );
  });
  return Math.max(gap + 1, handled.length - MAX_REPLAYED, 0);
}

const isRunning = ({ status }: ActorState): boolean => status === 'active';

const isRecord = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
