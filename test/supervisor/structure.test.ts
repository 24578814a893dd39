import { describe, expect, it } from 'vitest';
import { nameOf } from '../machines/chart.ts';
import { activeIn, chart, type Node, nodes, pathOfNode } from './chart.ts';

/** One arrow of the chart. */
interface Arrow {
  readonly from: Node;
  readonly event: string;
  readonly guard: unknown;
  readonly actions: readonly unknown[];
  readonly targets: readonly Node[];
}

const arrows: readonly Arrow[] = nodes.flatMap((from) =>
  [...[...from.transitions.values()].flat(), ...(from.always ?? [])].map((arrow) => ({
    from,
    event: arrow.eventType,
    guard: arrow.guard,
    actions: arrow.actions,
    targets: arrow.target ?? [],
  })),
);

const textOf = ({ from, event, guard }: Arrow): string =>
  `${pathOfNode(from)} · ${event}${guard === undefined ? '' : ` [${nameOf(guard)}]`}`;

const leadsTo =
  (key: string) =>
  ({ targets }: Arrow): boolean =>
    targets.some((target) => target.key === key);

const names = (references: readonly unknown[]): string[] =>
  [...new Set(references.map(nameOf))].sort();

const defined = (kind: 'actions' | 'actors' | 'delays' | 'guards'): string[] =>
  Object.keys(chart.implementations[kind]).sort();

describe('the chart', () => {
  it('handles the output and the error of every actor that it invokes', () => {
    const unhandled = nodes.flatMap((node) =>
      node.invoke.flatMap(({ id }) =>
        [`xstate.done.actor.${id}`, `xstate.error.actor.${id}`].filter(
          (event) => !node.transitions.has(event),
        ),
      ),
    );
    expect(nodes.flatMap(({ invoke }) => invoke)).toHaveLength(3);
    expect(unhandled).toEqual([]);
  });

  it('waits without a deadline only for the connection, which has its own', () => {
    const waiting = nodes.filter(({ invoke }) => invoke.length > 0);
    const unlimited = waiting.filter(
      (node) => !activeIn(node).some(({ after }) => after.length > 0),
    );
    expect(unlimited.map(pathOfNode)).toEqual(['']);
    const [root] = unlimited;
    expect(root?.invoke.map(({ id }) => id)).toEqual(['connection']);
  });

  it('sets no timer where it waits for its own caller, or for the connection', () => {
    const timed = nodes.filter(({ after }) => after.length > 0);
    expect(timed.map(pathOfNode)).toEqual([
      'CONNECTING.locating',
      'CONNECTING.synchronizing',
      'UP',
      'WAITING',
    ]);
  });

  it('lets every deadline be Infinity, but not the wait for the next attempt', () => {
    const timers = arrows.filter(({ event }) => event.startsWith('xstate.after.'));
    const finite = timers.filter(({ guard }) => guard === undefined);
    expect(finite.map(textOf)).toEqual(['WAITING · xstate.after.backoff.supervisor.WAITING']);
    expect(timers.map(({ guard }) => guard).filter((guard) => guard !== undefined)).toEqual([
      { type: 'isFinite', params: { deadline: 'locate' } },
      { type: 'isFinite', params: { deadline: 'sync' } },
      { type: 'isFinite', params: { deadline: 'stable' } },
    ]);
  });

  it('records a cause on every arrow to JUDGING', () => {
    const ends = arrows.filter(leadsTo('JUDGING'));
    const unexplained = ends.filter(({ actions }) => !names(actions).some(isRecord));
    expect(ends.length).toBeGreaterThan(0);
    expect(unexplained.map(textOf)).toEqual([]);
  });

  it('records every error and every missed deadline, or ends the session with it', () => {
    const failures = arrows.filter(({ event }) => /^xstate\.(error|after\..*Timeout)/.test(event));
    const dropping = failures.filter(
      ({ actions }) => !names(actions).some((name) => isRecord(name) || name.startsWith('fail')),
    );
    expect(failures).toHaveLength(5);
    expect(dropping.map(textOf)).toEqual([]);
  });

  it('connects only when it has an address', () => {
    const connecting = arrows.filter(({ actions }) => names(actions).includes('connect'));
    expect(connecting.map(textOf)).toEqual(['CONNECTING.locating · xstate.done.actor.locator']);
  });

  it('disconnects on STOP whenever the connection is busy', () => {
    const stopping = arrows.filter((arrow) => leadsTo('STOPPING')(arrow) && arrow.event === 'STOP');
    expect(stopping.map(textOf)).toEqual([' · STOP [isBusy]', 'STOPPED · STOP [isBusy]']);
    expect(stopping.map(({ actions }) => names(actions))).toEqual([['disconnect'], ['disconnect']]);
  });

  it('emits a different event on entry to each of its public states', () => {
    const emitting = nodes.filter(({ entry }) =>
      names(entry).some((name) => name.startsWith('emit')),
    );
    const publicStates = Object.values(chart.root.states).filter(({ key }) => key !== 'JUDGING');
    expect(emitting).toEqual(publicStates);
    const emitted = emitting.flatMap(({ entry }) =>
      names(entry).filter((name) => name.startsWith('emit')),
    );
    expect(new Set(emitted).size).toBe(publicStates.length);
  });

  it('has the tag `up` in one state, and `busy` in all that end by themselves', () => {
    expect(tagged('up')).toEqual(['UP']);
    expect(tagged('busy')).toEqual(['CONNECTING', 'FAILING', 'WAITING', 'STOPPING']);
  });

  it('has the tag `idle` in all others, and `failed` where it has given up', () => {
    expect(tagged('idle')).toEqual(['STOPPED', 'GIVEN_UP']);
    expect(tagged('failed')).toEqual(['GIVEN_UP']);
  });

  it('describes each of its states', () => {
    const undescribed = nodes.filter(({ description, path }) => !description && path.length > 0);
    expect(undescribed.map(pathOfNode)).toEqual([]);
  });
});

const tagged = (tag: string): string[] =>
  nodes.filter(({ tags }) => tags.includes(tag)).map(pathOfNode);

const isRecord = (name: string): boolean => name.startsWith('record');

describe('the setup defines exactly what the chart uses:', () => {
  it('actions', () => {
    const used = [
      ...nodes.flatMap(({ entry, exit }) => [...entry, ...exit]),
      ...arrows.flatMap(({ actions }) => actions),
    ];
    // XState's own actions start and stop the timers of an `after`.
    const own = names(used).filter((name) => !name.startsWith('xstate.'));
    expect(own).toEqual(defined('actions'));
  });

  it('guards', () => {
    const used = arrows.flatMap(({ guard }) => (guard === undefined ? [] : [guard]));
    expect(names(used)).toEqual(defined('guards'));
  });

  it('actors', () => {
    const used = nodes.flatMap(({ invoke }) => invoke.map(({ src }) => src));
    expect(names(used)).toEqual(defined('actors'));
  });

  it('delays', () => {
    const used = nodes.flatMap(({ after }) => after.map(({ delay }) => delay));
    expect(names(used)).toEqual(defined('delays'));
  });
});
