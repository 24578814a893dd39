/** The supervisor's chart as data: its states, all that may happen to it, and what it then does. */

import { type EventObject, getMicrosteps, type StateNode, type StateValue } from 'xstate';
import { ClosedError, ConnectError, type WirechartError } from '../../src/core/errors.ts';
import type { SupervisorContext, SupervisorEvent } from '../../src/index.ts';
import { createSupervisorChart } from '../../src/machines/supervisor.ts';
import { type Runstate, RUNSTATES } from '../../src/core/runstate.ts';
import { FakeLink } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { kindOver, systemError } from './support.ts';

const connection = kindOver(() => new FakeLink()).createMachine({});

/** The chart with a policy of three attempts, that retries what may be retried. */
const chartOf = (synchronize: (() => unknown) | undefined) =>
  createSupervisorChart(connection, {
    locate: () => '/run/x',
    destroyStream: () => undefined,
    synchronize,
    retry: (cause) => cause instanceof ConnectError && cause.retryable,
    attempts: 3,
    backoff: (attempts) => 100 * attempts,
    random: () => 1,
    deadlines: { stable: 1_000, locate: 2_000, sync: 3_000 },
  });
export const chart = chartOf(() => undefined);

/** A state of the chart. */
export type Node = StateNode<SupervisorContext, SupervisorEvent>;
export type Snapshot = ReturnType<typeof chart.resolveState>;

const nodesFrom = (node: Node): Node[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodesFrom(child)),
];
export const nodes = nodesFrom(chart.root);
export const leaves = nodes.filter(({ type }) => type === 'atomic');
export const pathOfNode = (node: Node): string => node.path.join('.');

/** A state and all around it, innermost first. */
export const activeIn = (node: Node): Node[] =>
  node.parent === undefined ? [node] : [node, ...activeIn(node.parent)];

/** An end that merits another attempt, and one that does not. */
export const REFUSED = new ConnectError('connection', systemError('ECONNREFUSED'));
export const BROKEN = new ClosedError('unbearable');

/** Where the connection is, while the supervisor is in a state. */
const PLACES: Readonly<Record<string, Partial<SupervisorContext>>> = {
  'CONNECTING.connecting': { connection: 'busy', session: 0 },
  'CONNECTING.synchronizing': { connection: 'busy', session: 0, up: 1 },
  UP: { connection: 'busy', session: 0, up: 1, ups: 1 },
  FAILING: { connection: 'busy', session: 0 },
  STOPPING: { connection: 'busy', session: 0 },
};

const valueOf = ([key = '', ...inner]: readonly string[]): StateValue =>
  inner.length === 0 ? key : { [key]: valueOf(inner) };

/** The machine standing in a state, without having walked there. */
export const standing = (
  leaf: Node,
  more: Partial<SupervisorContext> = {},
  machine = silent,
): Snapshot =>
  machine.resolveState({
    value: valueOf(leaf.path),
    context: { ...AT_REST, ...PLACES[pathOfNode(leaf)], ...more },
  });

const AT_REST: SupervisorContext = {
  attempts: 1,
  ups: 0,
  connection: 'idle',
  up: undefined,
  session: 1,
  wait: 0,
  cause: undefined,
  failures: [],
};

/** A thing that may happen: with a label for people. */
export interface Happening {
  readonly label: string;
  readonly event: SupervisorEvent;
  /** Whether it can happen in a state with these ancestors, the state itself included. */
  readonly isLiveIn: (active: readonly Node[]) => boolean;
}

const always = (): boolean => true;
const happening = (label: string, event: SupervisorEvent): Happening => ({
  label,
  event,
  isLiveIn: always,
});

export const COMMANDS: readonly Happening[] = [
  happening('START', { type: 'START' }),
  happening('STOP', { type: 'STOP' }),
  happening('STOP force', { type: 'STOP', force: true }),
  happening('RETRY', { type: 'RETRY' }),
];

/** What the chart tells itself. */
const RAISED: readonly Happening[] = [
  happening('ENDING as asked', { type: 'ENDING', cause: undefined }),
  happening('ENDING', { type: 'ENDING', cause: BROKEN }),
  happening('OVER', { type: 'OVER', session: 1, cause: BROKEN }),
];

/** XState's own events are no part of a machine's event type. */
const internal = (event: EventObject & Record<string, unknown>): SupervisorEvent =>
  event as EventObject as SupervisorEvent;

/** What the connection shows of itself: where it is, in or after which session, and why that fails. */
export const shown = (
  runstate: Runstate,
  session: number,
  cause?: WirechartError,
): SupervisorEvent =>
  internal({
    type: 'xstate.snapshot.connection',
    snapshot: { context: { session, cause }, matches: (one: string) => one === runstate },
  });

/** Session 1 is over already where the connection is at home, and under way where it is away. */
const SHOWN: readonly Happening[] = RUNSTATES.map((runstate) =>
  happening(`connection is ${runstate}`, shown(runstate, 1)),
);

const reportsOf = (id: string): Happening[] => {
  const isLiveIn = (active: readonly Node[]): boolean =>
    active.some(({ invoke }) => invoke.some((invoked) => invoked.id === id));
  const done = `xstate.done.actor.${id}`;
  const error = `xstate.error.actor.${id}`;
  return [
    { label: done, event: internal({ type: done, output: '/run/x' }), isLiveIn },
    { label: error, event: internal({ type: error, error: new Error('broken') }), isLiveIn },
  ];
};

const timersOf = (node: Node): Happening[] =>
  node.after.map(({ eventType }) => ({
    label: eventType,
    event: internal({ type: eventType }),
    isLiveIn: (active) => active.includes(node),
  }));

const actorIds = [...new Set(nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id)))];

export const HAPPENINGS: readonly Happening[] = [
  ...COMMANDS,
  ...RAISED,
  ...SHOWN,
  ...actorIds.flatMap(reportsOf),
  ...nodes.flatMap(timersOf),
];

/** The same chart with actions that do nothing, so that every one is told of by its name. */
const silenced = (machine: typeof chart) =>
  machine.provide({
    actions: Object.fromEntries(
      Object.keys(machine.implementations.actions).map((name) => [name, () => undefined]),
    ),
  });
const silent = silenced(chart);
export const silentWithoutOnUp = silenced(chartOf(undefined));

interface Action {
  readonly type: string;
  readonly params: unknown;
}

const idIn = (params: unknown): string =>
  typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '';

const actionText = ({ type, params }: Action): string[] => {
  if (type === 'xstate.spawnChild') return [`start ${idIn(params)}`];
  return type.startsWith('xstate.') ? [] : [type];
};

/** What follows, step by step: targets and actions; `(stays)` where there is no target. */
const stepsOf = (from: Snapshot, event: SupervisorEvent): string[] => {
  let before = pathOf(from.value);
  return getMicrosteps(from.machine, from, event).map(([to, actions]) => {
    if (to.status === 'error') return '(dies)';
    const names = actions.flatMap((action) => actionText({ ...action, params: action.params }));
    const after = pathOf(to.value);
    const step = after === before ? '(stays)' : `→ ${after}`;
    before = after;
    return names.length === 0 && step === '(stays)' ? '-' : `${step}  [${names.join(', ')}]`;
  });
};

/**
 * What an event leads to, in one step, or `-` where it is refused, or `(dies)`: that is XState's answer to
 * the error of an actor that nothing hears.
 */
export const answer = (from: Snapshot, event: SupervisorEvent): string =>
  stepsOf(from, event)[0] ?? '-';

/** What follows without an event. */
export const atOnce = (from: Snapshot): string => {
  // An event that is refused, for a step to follow.
  const [, ...steps] = stepsOf(from, { type: 'START' });
  return steps.join('  ') || '-';
};
