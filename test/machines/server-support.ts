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

const EVENTS: Partial<Record<Step, ServerEvent>> = {
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

const nodesFrom = (node: Node): Node[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodesFrom(child)),
];
export const nodes = nodesFrom(chart.root);
export const leaves = nodes.filter(({ type }) => type === 'atomic' || type === 'final');
export const pathOfNode = (node: Node): string => node.path.join('.');
/** A state and all around it, innermost first. */
export const activeIn = (node: Node): Node[] =>
  node.parent === undefined ? [node] : [node, ...activeIn(node.parent)];

/** A thing that may happen. */
interface Happening {
  readonly label: string;
  readonly event: ServerEvent;
  /** Whether it can happen in a state with these ancestors, the state itself included. */
  readonly isLiveIn: (active: readonly Node[]) => boolean;
}

/** XState's own events are no part of a machine's event type. */
const internal = (event: EventObject & Record<string, unknown>): ServerEvent =>
  event as EventObject as ServerEvent;

const reportsOf = (id: string): Happening[] => {
  const isLiveIn = (active: readonly Node[]): boolean =>
    active.some(({ invoke }) => invoke.some((invoked) => invoked.id === id));
  const [done, error] = [`xstate.done.actor.${id}`, `xstate.error.actor.${id}`];
  return [
    { label: done, event: internal({ type: done, output: BOUND }), isLiveIn },
    { label: error, event: internal({ type: error, error: new ClosedError('x') }), isLiveIn },
  ];
};

const timersOf = (node: Node): Happening[] =>
  node.after.map(({ eventType }) => ({
    label: eventType,
    event: internal({ type: eventType }),
    isLiveIn: (active) => active.includes(node),
  }));

const actorIds = [...new Set(nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id)))];
/** All that may happen, in any state. */
export const HAPPENINGS: readonly Happening[] = [
  ...Object.entries(EVENTS).map(([label, event]) => ({ label, event, isLiveIn: () => true })),
  ...actorIds.flatMap(reportsOf),
  ...nodes.flatMap(timersOf),
];

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

const actionText = ({ type, params }: { type: string; params: unknown }): string[] => {
  if (['xstate.raise', 'xstate.cancel', 'xstate.stopChild'].includes(type)) return [];
  const values = typeof params === 'object' && params !== null ? Object.values(params) : [];
  const [word] = values.filter((value) => typeof value === 'string');
  if (type === 'xstate.spawnChild') return [`start ${String(word)}`];
  return [word === undefined ? type : `${type}(${word})`];
};

/** What an event leads to: the target and the actions, `-` where it is refused, or `(dies)`. */
export const answer = (leaf: Node, event: ServerEvent): string => {
  const [to, actions] = transition(silent, standing(leaf), event);
  if (to.status === 'error') return '(dies)';
  const names = actions.flatMap((action) => actionText({ ...action, params: action.params }));
  const after = pathOf(to.value);
  const stays = after === pathOfNode(leaf);
  if (stays && names.length === 0) return '-';
  return `${stays ? '(stays)' : `→ ${after}`}  [${names.join(', ')}]`;
};

/** Every state that an event passes through. */
export const passes = (leaf: Node, event: ServerEvent): string[] =>
  getMicrosteps(silent, standing(leaf), event).map(([{ value }]) => pathOf(value));
