/** Moves from state to state with the arrow keys. */

import type { ChartNode } from '../shared/view.ts';

type Direction = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown';

export const isDirection = (key: string): key is Direction =>
  /^Arrow(?:Left|Right|Up|Down)$/.test(key);

/**
 * The nearest state in a direction; `undefined` when there is none. From a state one gets down to the
 * states in it, and from an uppermost one up to the state around it.
 */
export function nextState(
  nodes: readonly ChartNode[],
  from: ChartNode,
  direction: Direction,
): ChartNode | undefined {
  const states = nodes.filter(({ kind, isHidden }) => kind !== 'initial' && isHidden !== true);
  const children = states.filter(({ parent }) => parent === from.id);
  if (direction === 'ArrowDown' && children.length > 0) {
    return children.reduce((one, other) => (other.y < one.y ? other : one));
  }
  const siblings = states.filter((node) => node !== from && node.parent === from.parent);
  const [best] = siblings
    .map((node) => ({ node, cost: costOf(from, node, direction) }))
    .filter(({ cost }) => Number.isFinite(cost))
    .sort((one, other) => one.cost - other.cost);
  if (best !== undefined) return best.node;
  return direction === 'ArrowUp' ? states.find(({ id }) => id === from.parent) : undefined;
}

/** The distance along the direction, and twice the one across; infinite for the other direction. */
function costOf(from: ChartNode, to: ChartNode, direction: Direction): number {
  const dx = to.x + to.width / 2 - (from.x + from.width / 2);
  const dy = to.y + to.height / 2 - (from.y + from.height / 2);
  const isAcross = direction === 'ArrowLeft' || direction === 'ArrowRight';
  const sign = direction === 'ArrowRight' || direction === 'ArrowDown' ? 1 : -1;
  const [along, across] = isAcross ? [dx * sign, dy] : [dy * sign, dx];
  return along <= 1 ? Infinity : along + 2 * Math.abs(across);
}
