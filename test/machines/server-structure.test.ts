import { describe, expect, it } from 'vitest';
import { nameOf } from './chart.ts';
import { chart, nodes } from './server-support.ts';
import { definedNames, usedNames } from './setup-use.ts';
import { activeIn, pathOfNode } from './table.ts';

const arrows = nodes.flatMap((from) =>
  [...from.transitions.values()].flat().map((arrow) => ({ from, ...arrow })),
);

describe("the server's chart", () => {
  it('handles the error of every actor that it invokes', () => {
    const unhandled = nodes.flatMap((node) =>
      node.invoke.filter(({ id }) => !node.transitions.has(`xstate.error.actor.${id}`)),
    );
    expect(unhandled).toEqual([]);
  });

  it('waits without a deadline only while it serves', () => {
    const unlimited = nodes
      .filter(({ invoke }) => invoke.length > 0)
      .filter((node) => !activeIn(node).some(({ after }) => after.length > 0));
    expect(unlimited.map(pathOfNode)).toEqual(['', 'LISTENING', 'ADOPTING']);
  });

  it('lets every deadline be Infinity', () => {
    const timers = arrows.filter(({ eventType }) => eventType.startsWith('xstate.after.'));
    expect(timers).toHaveLength(3);
    expect(timers.map(({ guard }) => nameOf(guard))).toEqual(timers.map(() => 'isFinite'));
  });

  it('records or emits every error and every missed deadline, in any state', () => {
    const dropping = arrows
      .filter(({ eventType }) => /^xstate\.(error|after)\./.test(eventType))
      .filter(({ actions }) => !actions.some((action) => /^(record|emit)/.test(nameOf(action))));
    expect(dropping.map(({ eventType }) => eventType)).toEqual([]);
  });

  it('returns to IDLE by a single arrow, which emits `closed`', () => {
    const returns = arrows.filter(({ target }) => target?.some(({ key }) => key === 'IDLE'));
    expect(returns.map(({ actions }) => actions.map(nameOf))).toEqual([
      ['settlePort', 'emitClosed', 'endRound'],
    ]);
  });

  it('describes each of its states, except one whose name says enough', () => {
    const undescribed = nodes.filter(({ description, path }) => !description && path.length > 0);
    expect(undescribed.map(pathOfNode)).toEqual(['CLOSING.closed']);
  });

  it('uses exactly what its setup defines', () => {
    expect(usedNames(nodes, arrows)).toEqual(definedNames(chart));
  });
});
