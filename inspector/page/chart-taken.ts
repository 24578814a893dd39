/** The transitions that were taken last, for each parallel region. */

import type { ActorState, StateEntry, TakenTransition } from '../shared/view.ts';

/** The last transitions of one region. */
interface Taken {
  /** The number of the entry; 0 for the state before the first kept entry. */
  readonly seq: number;
  readonly transitions: readonly TakenTransition[];
}

/** By region. The one of the newest entry is the last. */
export type TakenByRegion = ReadonlyMap<string, Taken>;

/** Older states are not looked at: a region that has not changed since is without a last transition. */
const MAX_STATES = 300;

const NOTHING: TakenByRegion = new Map();

/** Finds the last transitions. What was found for an entry is kept with it. */
export class TakenTransitions {
  readonly #regionOf: (state: string) => string;
  readonly #known = new WeakMap<object, TakenByRegion>();

  /** @param regionOf - The region of a state, by its id. */
  constructor(regionOf: (state: string) => string) {
    this.#regionOf = regionOf;
  }

  /**
   * The last transitions of each region.
   *
   * @param base - The state before the first entry.
   * @param entries - The states since then, the oldest first.
   */
  of(base: ActorState, entries: readonly StateEntry[]): TakenByRegion {
    let start = entries.length;
    let taken: TakenByRegion | undefined;
    const oldest = Math.max(0, entries.length - MAX_STATES);
    while (taken === undefined && start > oldest) {
      start -= 1;
      const entry = entries[start];
      taken = entry && this.#known.get(entry);
      if (taken !== undefined) start += 1;
    }
    taken ??= start === 0 ? this.#add(NOTHING, base, 0) : NOTHING;
    for (const entry of entries.slice(start)) {
      taken = this.#add(taken, entry.state, entry.seq);
      this.#known.set(entry, taken);
    }
    return taken;
  }

  #add(before: TakenByRegion, { microsteps = [] }: ActorState, seq: number): TakenByRegion {
    const all = microsteps.flatMap(({ transitions }) => transitions);
    if (all.length === 0) return before;
    const after = new Map(before);
    for (const transition of all) {
      const region = this.#regionOf(transition.source);
      const known = after.get(region);
      const earlier = known?.seq === seq ? known.transitions : [];
      after.delete(region);
      after.set(region, { seq, transitions: [...earlier, transition] });
    }
    return after;
  }
}

/** Whether a transition is the one of a label. */
export function isSame(
  taken: TakenTransition,
  source: string,
  target: string | undefined,
  { event, index }: { readonly event: string; readonly index?: number },
): boolean {
  return (
    taken.source === source &&
    taken.event === event &&
    (target === undefined ? taken.target.length === 0 : taken.target.includes(target)) &&
    (taken.index === undefined || index === undefined || taken.index === index)
  );
}
