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
const MAX_STATES = 10_000;
/** What was found is kept for so many of the latest states: pages go from one to the next. */
const MAX_KEPT = 300;

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
    taken ??= start === 0 ? this.#after(NOTHING, base, 0) : NOTHING;
    const kept = Math.max(start, entries.length - MAX_KEPT);
    if (start < kept) {
      const passed = new Map(taken);
      for (const { state, seq } of entries.slice(start, kept)) this.#note(passed, state, seq);
      taken = passed;
    }
    for (const entry of entries.slice(kept)) {
      taken = this.#after(taken, entry.state, entry.seq);
      this.#known.set(entry, taken);
    }
    return taken;
  }

  #after(before: TakenByRegion, state: ActorState, seq: number): TakenByRegion {
    if (state.microsteps?.some(({ transitions }) => transitions.length > 0) !== true) return before;
    const after = new Map(before);
    this.#note(after, state, seq);
    return after;
  }

  #note(taken: Map<string, Taken>, { microsteps = [] }: ActorState, seq: number): void {
    for (const transition of microsteps.flatMap(({ transitions }) => transitions)) {
      const region = this.#regionOf(transition.source);
      const known = taken.get(region);
      const earlier = known?.seq === seq ? known.transitions : [];
      taken.delete(region);
      taken.set(region, { seq, transitions: [...earlier, transition] });
    }
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
