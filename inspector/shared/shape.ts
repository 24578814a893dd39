/** What a machine consists of, without positions: for coverage, and for tests of what was recorded. */

/** A machine. */
export interface MachineShape {
  /** The id of the machine. */
  readonly machine: string;
  /** The id of its chart, which depends on the whole definition. */
  readonly chart: string;
  /** In document order, parents before their children. The first one is the root. */
  readonly states: readonly ShapeState[];
}

export interface ShapeState {
  readonly id: string;
  readonly key: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** The id of the state around it. */
  readonly parent?: string;
  /** For any event, in the order in which they are tried. */
  readonly transitions: readonly ShapeTransition[];
  readonly invokes: readonly ShapeInvocation[];
}

export interface ShapeTransition {
  /** The event, by its name of XState 4; '' for an eventless transition. */
  readonly event: string;
  readonly guard?: string;
  /** The ids of the targets; none for one that changes no state. */
  readonly target: readonly string[];
  /** Whether it leaves and enters its source even when its target is in it. */
  readonly reenter?: true;
}

export interface ShapeInvocation {
  readonly id: string;
  /** The name of the logic. That of an inline one starts with `xstate.invoke.`. */
  readonly src: string;
}
