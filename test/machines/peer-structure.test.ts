import { describe, expect, it } from 'vitest';
import { nameOf } from './chart.ts';
import { chart, nodes } from './peer-support.ts';
import { definedNames, usedNames } from './setup-use.ts';
import { activeIn, pathOfNode } from './table.ts';

const arrows = nodes.flatMap((from) =>
  [...from.transitions.values()].flat().map((arrow) => ({ from, ...arrow })),
);

describe("the chart of a peer's session", () => {
  it('waits without a deadline only where another chart has one', () => {
    const unlimited = nodes
      .filter(({ invoke }) => invoke.length > 0)
      .filter((node) => !activeIn(node).some(({ after }) => after.length > 0));
    expect(unlimited.map(pathOfNode)).toEqual([
      'CONNECTING.establishing',
      'RUNNING',
      'RUNNING.handled',
      'DISCONNECTING',
    ]);
  });

  it('handles the error of every actor that it invokes', () => {
    const unhandled = nodes.flatMap((node) =>
      node.invoke.filter(({ id }) => !node.transitions.has(`xstate.error.actor.${id}`)),
    );
    expect(unhandled).toEqual([]);
  });

  it('lets every deadline be Infinity', () => {
    const timers = arrows.filter(({ eventType }) => eventType.startsWith('xstate.after.'));
    expect(timers).toHaveLength(3);
    expect(timers.map(({ guard }) => nameOf(guard))).toEqual(timers.map(() => 'isFinite'));
  });

  it('handles LEAVE in every state', () => {
    const withoutLeave = nodes.filter(
      (node) =>
        node.type === 'atomic' && !activeIn(node).some((state) => hasLeave(pathOfNode(state))),
    );
    expect(withoutLeave.map(pathOfNode)).toEqual([]);
  });

  it('describes each of its states', () => {
    const undescribed = nodes.filter(({ description, path }) => !description && path.length > 0);
    expect(undescribed.map(pathOfNode)).toEqual([]);
  });

  it('uses exactly what its setup defines', () => {
    expect(usedNames(nodes, arrows)).toEqual(definedNames(chart));
  });
});

const hasLeave = (path: string): boolean =>
  nodes.some((node) => pathOfNode(node) === path && node.transitions.has('LEAVE'));
