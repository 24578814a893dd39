/** The server's machine on a fake port, a route into each of its states, and the chart as data. */

import { setImmediate as turn } from 'node:timers/promises';
import {
  createActor,
  type EventObject,
  getMicrosteps,
  initialTransition,
  type StateNode,
  transition,
} from 'xstate';
import { type Deferred, defer } from '../../src/async/deferred.ts';
import { ClosedError, type WirechartError } from '../../src/core/errors.ts';
import { serverChart as chart } from '../../src/machines/server.ts';
import type { ServerContext, ServerEmitted, ServerEvent } from '../../src/machines/server-setup.ts';
import type { PendingConnection, ServerPort } from '../../src/machines/server-port.ts';
import type { ServerDeadlines } from '../../src/core/limits.ts';
import type { ServerState } from '../../src/core/server-state.ts';
import type { BoundAddress } from '../../src/core/types.ts';
import { CountingClock } from './fake-link.ts';
import { pathOf } from './support.ts';
import {
  actionText,
  answerText,
  possibleEventsOf,
  isLeaf,
  nodesFrom,
  pathOfNode,
} from './table.ts';

export { chart };

/** All finite, and all different, so that a test sees which one has passed. */
export const DEADLINES: ServerDeadlines = {
  connect: 100,
  accept: 200,
  handshake: 300,
  drain: 350,
  flush: 400,
  close: 500,
  idle: Infinity,
  firstMessage: Infinity,
  backlog: 600,
  shutdown: 700,
};

export const BOUND: BoundAddress = { path: '/run/fake.sock' };

/** A port whose promises settle only when the test settles them, and which records its calls. */
export class FakeServerPort implements ServerPort {
  readonly deadlines: ServerDeadlines;
  readonly calls: string[] = [];
  /** The argument of the last `destroyAll()`. */
  reason: WirechartError | undefined;
  bindSignal: AbortSignal | undefined;
  binding: Deferred<BoundAddress> = defer();
  draining: Deferred<undefined> = defer();
  destroyingAll: Deferred<undefined> = defer();

  constructor(deadlines: Partial<ServerDeadlines> = {}) {
    this.deadlines = { ...DEADLINES, ...deadlines };
  }

  bind(_: unknown, signal: AbortSignal): Promise<BoundAddress> {
    this.calls.push('bind');
    this.bindSignal = signal;
    this.binding = defer();
    return this.binding.promise;
  }
  open(): void {
    this.calls.push('open');
  }
  shut(): void {
    this.calls.push('shut');
  }
  drain(): Promise<void> {
    this.calls.push('drain');
    this.draining = defer();
    return this.draining.promise;
  }
  destroyAll(reason: WirechartError | undefined): Promise<void> {
    this.calls.push('destroyAll');
    this.reason = reason;
    this.destroyingAll = defer();
    return this.destroyingAll.promise;
  }
  settle(): void {
    this.calls.push('settle');
  }
  release(): void {
    this.calls.push('release');
  }
}

/** One step of a route: an event to send, or a promise that resolves. */
export type Step =
  'LISTEN' | 'ADOPT' | 'CLOSE' | 'CLOSE force' | 'ABORT' | 'bound' | 'drained' | 'destroyed';

const CONNECTION: PendingConnection = {
  isTls: false,
  remote: {},
  gone: new Promise(() => undefined),
  open: () => Promise.reject(new Error('The chart must not open it')),
  close: () => undefined,
};

const EVENTS: Readonly<Record<string, ServerEvent>> = {
  LISTEN: { type: 'LISTEN', address: '/run/fake.sock' },
  ADOPT: { type: 'ADOPT', connection: CONNECTION },
  CLOSE: { type: 'CLOSE' },
  'CLOSE force': { type: 'CLOSE', force: true },
  ABORT: { type: 'ABORT', reason: 'no longer wanted' },
};

/** A running machine on a fake port, and the events that it has emitted. */
export class Harness {
  readonly port: FakeServerPort;
  readonly clock = new CountingClock();
  readonly actor;
  readonly emitted: ServerEmitted[] = [];
  /** The errors that stopped the actor itself; a test expects none. */
  readonly actorErrors: unknown[] = [];

  constructor(deadlines: Partial<ServerDeadlines> = {}) {
    this.port = new FakeServerPort(deadlines);
    this.actor = createActor(chart, { input: this.port, clock: this.clock });
    this.actor.on('*', (emitted) => this.emitted.push(emitted));
    this.actor.subscribe({ error: (error: unknown) => this.actorErrors.push(error) });
    this.actor.start();
  }

  /** The innermost state, as a path. */
  get state(): string {
    return pathOf(this.actor.getSnapshot().value);
  }

  get context(): ServerContext {
    return this.actor.getSnapshot().context;
  }

  /** The public states that were entered, in order. */
  get states(): ServerState[] {
    return this.emitted.flatMap((emitted) => (emitted.type === 'state' ? [emitted.state] : []));
  }

  /** The emitted events of one type, in order. */
  of<T extends ServerEmitted['type']>(type: T): Extract<ServerEmitted, { type: T }>[] {
    const isOfType = (emitted: ServerEmitted): emitted is Extract<ServerEmitted, { type: T }> =>
      emitted.type === type;
    return this.emitted.filter(isOfType);
  }

  /** Rejects a promise, and waits until the machine has handled it. */
  async fail(promise: 'binding' | 'draining' | 'destroyingAll', error: Error): Promise<void> {
    this.port[promise].reject(error);
    await turn();
  }

  /** Takes the steps in order, and waits after each until the machine has handled it. */
  async go(...steps: readonly Step[]): Promise<this> {
    const { port } = this;
    for (const step of steps) {
      const event = EVENTS[step];
      if (event !== undefined) this.actor.send(event);
      else if (step === 'bound') port.binding.resolve(BOUND);
      else if (step === 'drained') port.draining.resolve(undefined);
      else port.destroyingAll.resolve(undefined);
      await turn();
    }
    return this;
  }
}

/** A route into each state in which the machine can wait. */
const ROUTES = {
  IDLE: [],
  BINDING: ['LISTEN'],
  LISTENING: ['LISTEN', 'bound'],
  ADOPTING: ['ADOPT'],
  'CLOSING.draining': ['LISTEN', 'bound', 'CLOSE'],
  'CLOSING.destroying': ['LISTEN', 'bound', 'CLOSE force'],
} satisfies Record<string, readonly Step[]>;
export type StableState = keyof typeof ROUTES;
const isStableState = (state: string): state is StableState => state in ROUTES;
export const STABLE_STATES = Object.keys(ROUTES).filter(isStableState);

/** A machine that was led to a state by its route. */
export const at = (
  state: StableState,
  deadlines: Partial<ServerDeadlines> = {},
): Promise<Harness> => new Harness(deadlines).go(...ROUTES[state]);

/** A state of the chart. */
export type Node = StateNode<ServerContext, ServerEvent>;
type Snapshot = ReturnType<typeof chart.resolveState>;

export const nodes = nodesFrom<Node>(chart.root, ({ states }) => Object.values(states));
export const leaves = nodes.filter(isLeaf);

/** XState's own events are not part of a machine's event type. */
const internal = (event: EventObject): ServerEvent => event as ServerEvent;

/** The events that are possible in any state. */
export const POSSIBLE_EVENTS = possibleEventsOf(nodes, EVENTS, {
  output: BOUND,
  error: new ClosedError('x'),
});

/** The chart with actions that do nothing, so that `transition()` returns all of them, by name. */
const silent = chart.provide({
  actions: Object.fromEntries(
    Object.keys(chart.implementations.actions).map((name) => [name, () => undefined]),
  ),
});

/** A snapshot of the machine in a state, without a route to it. */
const snapshotIn = (leaf: Node): Snapshot => {
  const [{ context }] = initialTransition(chart, new FakeServerPort());
  const [key = '', inner] = leaf.path;
  return silent.resolveState({ value: inner === undefined ? key : { [key]: inner }, context });
};

/** The reaction to an event, as text. */
export const answer = (leaf: Node, event: EventObject): string => {
  const [to, actions] = transition(silent, snapshotIn(leaf), internal(event));
  if (to.status === 'error') return '(dies)';
  const names = actions.flatMap((action) => actionText({ ...action, params: action.params }));
  return answerText(pathOfNode(leaf), pathOf(to.value), names);
};

/** Every state that an event leads to, also those that are left at once. */
export const statesEntered = (leaf: Node, event: EventObject): string[] =>
  getMicrosteps(silent, snapshotIn(leaf), internal(event)).map(([{ value }]) => pathOf(value));
