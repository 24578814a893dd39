/** The server's machine on a fake port, the ways into each of its states, and its chart as data. */

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
import type { ServerPort } from '../../src/machines/server-port.ts';
import type { ServerDeadlines } from '../../src/core/limits.ts';
import type { ServerState } from '../../src/core/server-state.ts';
import type { BoundAddress } from '../../src/core/types.ts';
import { CountingClock } from './fake-link.ts';
import { pathOf } from './support.ts';
import { actionText, answerText, happeningsOf, isLeaf, nodesFrom, pathOfNode } from './table.ts';

export { chart };

/** Finite ones, each unlike the others. */
export const DEADLINES: ServerDeadlines = {
  connect: 100,
  accept: 200,
  handshake: 300,
  flush: 400,
  close: 500,
  backlog: 600,
  drain: 700,
};

export const BOUND: BoundAddress = { path: '/run/fake.sock' };

/** A port whose every wait the test decides, and which keeps a journal. */
export class FakeServerPort implements ServerPort {
  readonly deadlines: ServerDeadlines;
  readonly journal: string[] = [];
  /** Why the last `destroyAll()` was called. */
  why: WirechartError | undefined;
  bindSignal: AbortSignal | undefined;
  binding: Deferred<BoundAddress> = defer();
  draining: Deferred<undefined> = defer();
  destroyingAll: Deferred<undefined> = defer();

  constructor(deadlines: Partial<ServerDeadlines> = {}) {
    this.deadlines = { ...DEADLINES, ...deadlines };
  }

  bind(_: unknown, signal: AbortSignal): Promise<BoundAddress> {
    this.journal.push('bind');
    this.bindSignal = signal;
    this.binding = defer();
    return this.binding.promise;
  }
  open(): void {
    this.journal.push('open');
  }
  shut(): void {
    this.journal.push('shut');
  }
  drain(): Promise<void> {
    this.journal.push('drain');
    this.draining = defer();
    return this.draining.promise;
  }
  destroyAll(why: WirechartError | undefined): Promise<void> {
    this.journal.push('destroyAll');
    this.why = why;
    this.destroyingAll = defer();
    return this.destroyingAll.promise;
  }
  settle(): void {
    this.journal.push('settle');
  }
  release(): void {
    this.journal.push('release');
  }
}

/** What a route is made of: an event to send, or a wait that ends. */
export type Step = 'LISTEN' | 'CLOSE' | 'CLOSE force' | 'ABORT' | 'bound' | 'drained' | 'destroyed';

const EVENTS: Readonly<Record<string, ServerEvent>> = {
  LISTEN: { type: 'LISTEN', address: '/run/fake.sock' },
  CLOSE: { type: 'CLOSE' },
  'CLOSE force': { type: 'CLOSE', force: true },
  ABORT: { type: 'ABORT', reason: 'no longer wanted' },
};

/** A running machine on a fake port, with all that it emits. */
export class Harness {
  readonly port: FakeServerPort;
  readonly clock = new CountingClock();
  readonly actor;
  readonly emitted: ServerEmitted[] = [];
  /** What the machine itself died of; it must not. */
  readonly deaths: unknown[] = [];

  constructor(deadlines: Partial<ServerDeadlines> = {}) {
    this.port = new FakeServerPort(deadlines);
    this.actor = createActor(chart, { input: this.port, clock: this.clock });
    this.actor.on('*', (emitted) => this.emitted.push(emitted));
    this.actor.subscribe({ error: (error: unknown) => this.deaths.push(error) });
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

  /** What was emitted of a kind, in order. */
  of<T extends ServerEmitted['type']>(type: T): Extract<ServerEmitted, { type: T }>[] {
    const isOfType = (emitted: ServerEmitted): emitted is Extract<ServerEmitted, { type: T }> =>
      emitted.type === type;
    return this.emitted.filter(isOfType);
  }

  /** Fails a wait, and lets the machine hear of it. */
  async fail(wait: 'binding' | 'draining' | 'destroyingAll', error: Error): Promise<void> {
    this.port[wait].reject(error);
    await turn();
  }

  /** Takes the steps one after the other, and lets the machine hear of each. */
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

/** One way into each state in which the machine can rest. */
const ROUTES = {
  IDLE: [],
  BINDING: ['LISTEN'],
  LISTENING: ['LISTEN', 'bound'],
  'CLOSING.draining': ['LISTEN', 'bound', 'CLOSE'],
  'CLOSING.destroying': ['LISTEN', 'bound', 'CLOSE force'],
} satisfies Record<string, readonly Step[]>;
export type Resting = keyof typeof ROUTES;
const isResting = (state: string): state is Resting => state in ROUTES;
export const RESTING = Object.keys(ROUTES).filter(isResting);

/** A machine that has come to a state by its route. */
export const at = (state: Resting, deadlines: Partial<ServerDeadlines> = {}): Promise<Harness> =>
  new Harness(deadlines).go(...ROUTES[state]);

/** A state of the chart. */
export type Node = StateNode<ServerContext, ServerEvent>;
type Snapshot = ReturnType<typeof chart.resolveState>;

export const nodes = nodesFrom<Node>(chart.root, ({ states }) => Object.values(states));
export const leaves = nodes.filter(isLeaf);

/** XState's own events are not part of a machine's event type. */
const internal = (event: EventObject): ServerEvent => event as ServerEvent;

/** Everything that may happen, in any state. */
export const HAPPENINGS = happeningsOf(nodes, EVENTS, {
  output: BOUND,
  error: new ClosedError('x'),
});

/** The chart with actions that do nothing, so that `transition()` returns every one by its name. */
const silent = chart.provide({
  actions: Object.fromEntries(
    Object.keys(chart.implementations.actions).map((name) => [name, () => undefined]),
  ),
});

/** The machine standing in a state, without having walked there. */
const standing = (leaf: Node): Snapshot => {
  const [{ context }] = initialTransition(chart, new FakeServerPort());
  const [key = '', inner] = leaf.path;
  return silent.resolveState({ value: inner === undefined ? key : { [key]: inner }, context });
};

/** What an event leads to, as text. */
export const answer = (leaf: Node, event: EventObject): string => {
  const [to, actions] = transition(silent, standing(leaf), internal(event));
  if (to.status === 'error') return '(dies)';
  const names = actions.flatMap((action) => actionText({ ...action, params: action.params }));
  return answerText(pathOfNode(leaf), pathOf(to.value), names);
};

/** Every state that an event passes through. */
export const passes = (leaf: Node, event: EventObject): string[] =>
  getMicrosteps(silent, standing(leaf), internal(event)).map(([{ value }]) => pathOf(value));
