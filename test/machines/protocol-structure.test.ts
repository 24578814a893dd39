import { describe, expect, it } from 'vitest';
import {
  activeIn,
  failingNodes,
  nameOf,
  type Node,
  nodes,
  pathOfNode,
  sessionNodes,
} from './chart.ts';
import { chart } from './support.ts';

/** One arrow of the chart. */
interface Arrow {
  readonly from: Node;
  readonly event: string;
  readonly guard: unknown;
  readonly actions: readonly unknown[];
  readonly targets: readonly Node[];
}

const arrowsOf = (from: Node): Arrow[] =>
  [...[...from.transitions.values()].flat(), ...(from.always ?? [])].map((arrow) => ({
    from,
    event: arrow.eventType,
    guard: arrow.guard,
    actions: arrow.actions,
    targets: arrow.target ?? [],
  }));

const arrows: readonly Arrow[] = nodes.flatMap(arrowsOf);

const textOf = ({ from, event, guard }: Arrow): string =>
  `${pathOfNode(from)} · ${event}${guard === undefined ? '' : ` [${nameOf(guard)}]`}`;

const hasRecordAction = ({ actions }: Arrow): boolean =>
  actions.some((action) => /^(record|note)/.test(nameOf(action)));

const paramsOf = (reference: unknown): unknown =>
  typeof reference === 'object' && reference !== null && 'params' in reference
    ? reference.params
    : undefined;

const names = (references: readonly unknown[]): string[] =>
  [...new Set(references.map(nameOf))].sort();

const defined = (kind: 'actions' | 'actors' | 'delays' | 'guards'): string[] =>
  Object.keys(chart.implementations[kind]).sort();

describe('the chart', () => {
  it('handles the error of every actor that it invokes', () => {
    const unhandled = nodes.flatMap((node) =>
      node.invoke
        .filter(({ id }) => !node.transitions.has(`xstate.error.actor.${id}`))
        .map(({ id }) => `${pathOfNode(node)}: ${id}`),
    );
    expect(unhandled).toEqual([]);
  });

  it('waits without a deadline only in RUNNING and for its own caller', () => {
    const hasDeadline = (node: Node): boolean =>
      activeIn(node).some(({ after }) => after.length > 0);
    const waiting = nodes.filter(({ invoke }) => invoke.length > 0);
    const unlimited = waiting.filter((node) => !hasDeadline(node));
    expect(unlimited.map(pathOfNode)).toEqual(['', 'RUNNING']);
  });

  it('sets no timer where it waits for its own caller', () => {
    const waiting = nodes.filter(({ key }) => ['IDLE', 'bound', 'RUNNING'].includes(key));
    const timed = waiting.filter((node) => activeIn(node).some(({ after }) => after.length > 0));
    expect(waiting).toHaveLength(3);
    expect(timed.map(pathOfNode)).toEqual([]);
  });

  it.each(
    nodes.flatMap((node) => node.after.map((timer) => [pathOfNode(node), node, timer] as const)),
  )(
    'sets no timer in %s for a deadline of Infinity, and names the same deadline in guard and action',
    (_, node, { delay, eventType }) => {
      const [arrow, ...others] = arrows.filter(
        ({ from, event }) => from === node && event === eventType,
      );
      const deadline = String(delay).replace(/Timeout$/, '');
      expect(others).toEqual([]);
      expect(arrow?.guard).toEqual({ type: 'isFinite', params: { deadline } });
      expect(arrow?.actions.map(paramsOf)).toEqual([{ deadline }]);
    },
  );

  /** By rule 3 of the chart, an end that was requested records no cause. */
  const REQUESTED_ENDS = [
    'RUNNING · DISCONNECT [isForced]',
    'RUNNING · DISCONNECT [hasFarewell]',
    'RUNNING · DISCONNECT [isFlushed]',
    'RUNNING · DISCONNECT [isHandling]',
    'RUNNING · DISCONNECT',
  ];

  it('records the cause of every end of a session that was not requested', () => {
    const ends = arrows.filter(
      ({ from, targets }) =>
        /^(CONNECTING|RUNNING)/.test(pathOfNode(from)) &&
        targets.some((target) => target.path[0] === 'DISCONNECTING'),
    );
    const unexplained = ends.filter((arrow) => !hasRecordAction(arrow)).map(textOf);
    expect(unexplained.sort()).toEqual([...REQUESTED_ENDS].sort());
  });

  it('records every error and every missed deadline, in any state', () => {
    const failures = arrows.filter(({ event }) => /^xstate\.(error|after)\./.test(event));
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.filter((arrow) => !hasRecordAction(arrow)).map(textOf)).toEqual([]);
  });

  it('returns to IDLE by a single arrow, which records the outcome and emits `closed`', () => {
    const returns = arrows.filter(({ targets }) => targets.some(({ key }) => key === 'IDLE'));
    expect(returns.map(textOf)).toEqual([
      'DISCONNECTING · xstate.done.state.protocol.DISCONNECTING',
    ]);
    expect(returns.map(({ actions }) => actions.map(nameOf))).toEqual([
      ['noteHandlerFailure', 'recordOutcome', 'settleLink', 'emitClosed'],
    ]);
  });

  it('describes each of its states, except those whose name says enough', () => {
    const undescribed = nodes.filter(({ description, path }) => !description && path.length > 0);
    expect(undescribed.map(pathOfNode)).toEqual([
      'CONNECTING.listening.binding',
      'CONNECTING.listening.bound',
      'DISCONNECTING.closed',
    ]);
  });
});

describe('the actor `session`', () => {
  const isReport = ({ event }: Arrow): boolean => event.endsWith('.actor.session');
  const sessionArrows = sessionNodes.flatMap(arrowsOf);
  const targetsOf = (event: string): string[] =>
    sessionArrows
      .filter((arrow) => arrow.event === event && pathOfNode(arrow.from) === 'RUNNING')
      .filter(({ guard }) => guard === undefined || nameOf(guard) !== 'isForced')
      .map((arrow) =>
        [textOf(arrow).replace(event, ''), arrow.targets.map(pathOfNode)].join(' → '),
      );

  it('runs in RUNNING only, and is all that a chart without it lacks', () => {
    const running = sessionNodes.filter(({ invoke }) => invoke.some(({ id }) => id === 'session'));
    expect(running.map(pathOfNode)).toEqual(['RUNNING']);
    expect(sessionNodes.map(pathOfNode)).toEqual(nodes.map(pathOfNode));
    const others = sessionArrows.filter((arrow) => !isReport(arrow));
    expect(others.map(textOf)).toEqual(arrows.map(textOf));
  });

  it('leads where DISCONNECT leads when it is done, and where FAIL leads when it fails', () => {
    expect(targetsOf('xstate.done.actor.session')).toEqual(targetsOf('DISCONNECT'));
    expect(targetsOf('xstate.done.actor.session')).toHaveLength(4);
    expect(targetsOf('xstate.error.actor.session')).toEqual(targetsOf('FAIL'));
    expect(sessionArrows.filter(isReport)).toHaveLength(5);
    const failed = sessionArrows.filter(({ event }) => event === 'xstate.error.actor.session');
    expect(failed.map(({ actions }) => actions.map(nameOf))).toEqual([['recordFailure']]);
  });
});

describe('the setup defines exactly what the chart uses:', () => {
  const allNodes = [...nodes, ...failingNodes, ...sessionNodes];

  it('actions', () => {
    const used = [
      ...allNodes.flatMap(({ entry, exit }) => [...entry, ...exit]),
      ...allNodes.flatMap(arrowsOf).flatMap(({ actions }) => actions),
    ];
    // XState's own actions start and stop the timers of an `after`.
    const own = names(used).filter((name) => !name.startsWith('xstate.'));
    expect(own).toEqual(defined('actions'));
  });

  it('guards', () => {
    const used = allNodes
      .flatMap(arrowsOf)
      .flatMap(({ guard }) => (guard === undefined ? [] : [guard]));
    expect(names(used)).toEqual(defined('guards'));
  });

  it('actors', () => {
    const invoked = allNodes.flatMap(({ invoke }) => invoke.map(({ src }) => src));
    // An action starts it, because only some protocols have one.
    const used = [...invoked, 'heartbeat'];
    expect(names(used)).toEqual(defined('actors'));
  });

  it('delays', () => {
    const used = allNodes.flatMap(({ after }) => after.map(({ delay }) => delay));
    expect(names(used)).toEqual(defined('delays'));
  });
});
