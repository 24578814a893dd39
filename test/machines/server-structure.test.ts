import { describe, expect, it } from 'vitest';
import { nameOf } from './chart.ts';
import { chart, nodes } from './server-support.ts';
import { activeIn, pathOfNode } from './table.ts';

const arrows = nodes.flatMap((from) =>
  [...from.transitions.values()].flat().map((arrow) => ({ from, ...arrow })),
);

const names = (references: readonly unknown[]): string[] =>
  [...new Set(references.map(nameOf))].sort();

const defined = (kind: 'actions' | 'actors' | 'delays' | 'guards'): string[] =>
  Object.keys(chart.implementations[kind]).sort();

describe("the server's chart", () => {
  it('hears the error of every actor that it invokes', () => {
    const unheard = nodes.flatMap((node) =>
      node.invoke.filter(({ id }) => !node.transitions.has(`xstate.error.actor.${id}`)),
    );
    expect(unheard).toEqual([]);
  });

  it('waits nowhere without a deadline, but in LISTENING', () => {
    const endless = nodes
      .filter(({ invoke }) => invoke.length > 0)
      .filter((node) => !activeIn(node).some(({ after }) => after.length > 0));
    expect(endless.map(pathOfNode)).toEqual(['', 'LISTENING']);
  });

  it('lets every deadline be Infinity', () => {
    const timers = arrows.filter(({ eventType }) => eventType.startsWith('xstate.after.'));
    expect(timers).toHaveLength(3);
    expect(timers.map(({ guard }) => nameOf(guard))).toEqual(timers.map(() => 'isFinite'));
  });

  it('drops no error and no missed deadline, in any state', () => {
    const silent = arrows
      .filter(({ eventType }) => /^xstate\.(error|after)\./.test(eventType))
      .filter(({ actions }) => !actions.some((action) => /^(record|emit)/.test(nameOf(action))));
    expect(silent.map(({ eventType }) => eventType)).toEqual([]);
  });

  it('goes home by one arrow, which tells everybody', () => {
    const home = arrows.filter(({ target }) => target?.some(({ key }) => key === 'IDLE'));
    expect(home.map(({ actions }) => actions.map(nameOf))).toEqual([
      ['settlePort', 'emitClosed', 'endRound'],
    ]);
  });

  it('says what each of its states is for', () => {
    const silent = nodes.filter(({ description, path }) => !description && path.length > 0);
    expect(silent.map(pathOfNode)).toEqual(['CLOSING.closed']);
  });

  it('names what its vocabulary has, and nothing else', () => {
    const actions = names([
      ...nodes.flatMap(({ entry, exit }) => [...entry, ...exit]),
      ...arrows.flatMap((arrow) => arrow.actions),
    ]);
    const guards = arrows.flatMap(({ guard }) => (guard === undefined ? [] : [guard]));
    // XState's own start and stop the timers of an `after`.
    expect(actions.filter((name) => !name.startsWith('xstate.'))).toEqual(defined('actions'));
    expect(names(guards)).toEqual(defined('guards'));
    expect(names(nodes.flatMap(({ invoke }) => invoke.map(({ src }) => src)))).toEqual(
      defined('actors'),
    );
    expect(names(nodes.flatMap(({ after }) => after.map(({ delay }) => delay)))).toEqual(
      defined('delays'),
    );
  });
});
