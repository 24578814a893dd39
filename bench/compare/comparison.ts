/** The interface of a comparison. */

import type { Plan } from '../measure.ts';
import type { Table } from '../table.ts';

/** The input of a comparison. */
export interface Setting {
  readonly plan: Plan;
  /** A private directory for sockets. */
  readonly directory: string;
}

/** Compares variants of one kind of work; yields each table when it is ready. */
export type Comparison = (setting: Setting) => AsyncIterable<Table>;

/** Reduces a plan for figures that vary little or take long. */
export const fewer = (plan: Plan): Plan => ({
  ...plan,
  rounds: Math.min(3, plan.rounds),
  warmups: 0,
});
