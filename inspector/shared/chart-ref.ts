/** Names the drawings of a chart: with different states collapsed, with and without details. */

import type { ChartRef } from './view.ts';

/** The same text for the same drawing. The default one has the id of the chart. */
export const chartKey = ({ id, collapsed, details }: ChartRef): string =>
  collapsed === undefined && details === undefined
    ? id
    : JSON.stringify([id, collapsed ?? null, details ?? null]);
