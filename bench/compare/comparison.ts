/** What a comparison is. */

import type { Plan } from '../measure.ts';
import type { Table } from '../table.ts';

/** What a comparison is given. */
export interface Setting {
  readonly plan: Plan;
  /** A private directory, for sockets. */
  readonly directory: string;
}

/** Some variants of one kind of work; yields its tables as they are ready. */
export type Comparison = (setting: Setting) => AsyncIterable<Table>;

/** A plan for figures that hardly vary, or take long. */
export const fewer = (plan: Plan): Plan => ({
  ...plan,
  rounds: Math.min(3, plan.rounds),
  warmups: 0,
});
