/** The supervisor's chart as data: its states, the possible events, and its reaction to each. */

import { type EventObject, getMicrosteps, type StateNode, type StateValue } from 'xstate';
import { ClosedError, ConnectError, type WirechartError } from '../../src/core/errors.ts';
import type {
  Locator,
  RestartPolicy,
  SessionEnd,
  Shutdown,
  SupervisorContext,
  SupervisorEvent,
} from '../../src/index.ts';
import { createSupervisorChart } from '../../src/machines/supervisor.ts';
import { type Runstate, RUNSTATES } from '../../src/core/runstate.ts';
import { FakeLink } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { clientClassOver, systemError } from './support.ts';

const connection = clientClassOver(() => new FakeLink()).createMachine({});

const LOCATED = { address: '/run/x', isLast: false };
const LOCATOR: Locator = {
  locate: () => Promise.resolve(LOCATED),
  save: () => ({}),
  again: () => ({}),
};

/** The chart with a limit of three attempts, which retries after retryable errors. */
const chartOf = (synchronize: (() => unknown) | undefined, restart: RestartPolicy = 'on-failure') =>
  createSupervisorChart(connection, {
    createLocator: () => LOCATOR,
    destroyStream: () => undefined,
    synchronize,
    restart,
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

/** A state and all states around it, innermost first. */
export const activeIn = (node: Node): Node[] =>
  node.parent === undefined ? [node] : [node, ...activeIn(node.parent)];

/** A cause after which there is another attempt, and one after which there is none. */
export const REFUSED = new ConnectError('connection', systemError('ECONNREFUSED'));
export const BROKEN = new ClosedError('unbearable');

/** The part of the context that a state requires. */
const CONTEXTS: Readonly<Record<string, Partial<SupervisorContext>>> = {
  'CONNECTING.connecting': { connection: 'busy', session: 0 },
  'CONNECTING.synchronizing': { connection: 'busy', session: 0, up: 1 },
  UP: { connection: 'busy', session: 0, up: 1, ups: 1 },
  FAILING: { connection: 'busy', session: 0 },
  STOPPING: { connection: 'busy', session: 0 },
};

const valueOf = ([key = '', ...inner]: readonly string[]): StateValue =>
  inner.length === 0 ? key : { [key]: valueOf(inner) };

/** A snapshot of the machine in a state, without a route to it. */
export const snapshotIn = (
  leaf: Node,
  more: Partial<SupervisorContext> = {},
  machine = silent,
): Snapshot =>
  machine.resolveState({
    value: valueOf(leaf.path),
    context: { ...IDLE_CONTEXT, ...CONTEXTS[pathOfNode(leaf)], ...more },
  });

const IDLE_CONTEXT: SupervisorContext = {
  locator: LOCATOR,
  beginning: undefined,
  attempts: 1,
  ups: 0,
  connection: 'idle',
  up: undefined,
  session: 1,
  isSpent: false,
  wait: 0,
  cause: undefined,
  shutdown: undefined,
  outage: undefined,
};

/** An event with a label for the table, and the states in which it can occur. */
export interface PossibleEvent {
  readonly label: string;
  readonly event: SupervisorEvent;
  /** Whether it can occur when these states are active: a state and all around it. */
  readonly isPossibleIn: (active: readonly Node[]) => boolean;
}

const always = (): boolean => true;
const anywhere = (label: string, event: SupervisorEvent): PossibleEvent => ({
  label,
  event,
  isPossibleIn: always,
});

export const COMMANDS: readonly PossibleEvent[] = [
  anywhere('START', { type: 'START' }),
  anywhere('STOP', { type: 'STOP' }),
  anywhere('STOP force', { type: 'STOP', force: true }),
  anywhere('RETRY', { type: 'RETRY' }),
  anywhere('FAIL', { type: 'FAIL', error: BROKEN }),
];

const SHUTDOWN = { guest: true, reason: 'guest-shutdown' };
const endBy = (cause?: WirechartError, shutdown?: Shutdown): SessionEnd => ({
  session: 1,
  cause,
  shutdown,
});

/** The events that the chart raises itself. */
const RAISED: readonly PossibleEvent[] = [
  anywhere('ENDING as asked', { type: 'ENDING', ...endBy() }),
  anywhere('ENDING by a shutdown', { type: 'ENDING', ...endBy(BROKEN, SHUTDOWN) }),
  anywhere('ENDING', { type: 'ENDING', ...endBy(BROKEN) }),
  anywhere('OVER', { type: 'OVER', ...endBy(BROKEN) }),
];

/** XState's own events are not part of a machine's event type. */
const internal = (event: EventObject & Record<string, unknown>): SupervisorEvent =>
  event as EventObject as SupervisorEvent;

/**
 * A snapshot event of the connection: its runstate, its session, and the cause of that session's
 * end.
 */
export const connectionEvent = (
  runstate: Runstate,
  session: number,
  cause?: WirechartError,
): SupervisorEvent =>
  internal({
    type: 'xstate.snapshot.connection',
    snapshot: {
      context: { session, cause, shutdown: undefined },
      matches: (value: string) => value === runstate,
    },
  });

/** The runstates of the connection in session 1. */
const CONNECTION_EVENTS: readonly PossibleEvent[] = RUNSTATES.map((runstate) =>
  anywhere(`connection is ${runstate}`, connectionEvent(runstate, 1)),
);

const reportsOf = (id: string): PossibleEvent[] => {
  const isPossibleIn = (active: readonly Node[]): boolean =>
    active.some(({ invoke }) => invoke.some((invoked) => invoked.id === id));
  const done = `xstate.done.actor.${id}`;
  const error = `xstate.error.actor.${id}`;
  return [
    { label: done, event: internal({ type: done, output: LOCATED }), isPossibleIn },
    { label: error, event: internal({ type: error, error: new Error('broken') }), isPossibleIn },
  ];
};

const timersOf = (node: Node): PossibleEvent[] =>
  node.after.map(({ eventType }) => ({
    label: eventType,
    event: internal({ type: eventType }),
    isPossibleIn: (active) => active.includes(node),
  }));

const actorIds = [...new Set(nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id)))];

export const POSSIBLE_EVENTS: readonly PossibleEvent[] = [
  ...COMMANDS,
  ...RAISED,
  ...CONNECTION_EVENTS,
  ...actorIds.flatMap(reportsOf),
  ...nodes.flatMap(timersOf),
];

/** The same chart with actions that do nothing, so that `getMicrosteps()` returns them by name. */
const withSilentActions = (machine: typeof chart) =>
  machine.provide({
    actions: Object.fromEntries(
      Object.keys(machine.implementations.actions).map((name) => [name, () => undefined]),
    ),
  });
const silent = withSilentActions(chart);
export const silentWithoutOnUp = withSilentActions(chartOf(undefined));
/** The chart with the policy to replace a session also after a clean end. */
export const silentAlways = withSilentActions(chartOf(() => undefined, 'always'));

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

/** The microsteps after an event: targets and actions; `(stays)` when the state does not change. */
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
 * The first microstep after an event; `-` when it is refused; `(dies)` when it is the error of an
 * actor that no transition handles, which stops the machine.
 */
export const answer = (from: Snapshot, event: SupervisorEvent): string =>
  stepsOf(from, event)[0] ?? '-';

/** The microsteps that follow without an event. */
export const atOnce = (from: Snapshot): string => {
  // START is refused in these states; the microsteps after it need no event.
  const [, ...steps] = stepsOf(from, { type: 'START' });
  return steps.join('  ') || '-';
};
