/**
 * The chart of a peer's session on a fake port, a route into each of its states, and the chart as
 * data.
 */

import { setImmediate as turn } from 'node:timers/promises';
import {
  createActor,
  type EventObject,
  initialTransition,
  type StateNode,
  type StateValue,
  transition,
} from 'xstate';
import { type Deferred, defer } from '../../src/async/deferred.ts';
import { ClosedError, type WirechartError } from '../../src/core/errors.ts';
import type { PeerPort } from '../../src/machines/peer-port.ts';
import { peerSessionChart as chart } from '../../src/machines/peer-session.ts';
import type {
  PeerSessionContext,
  PeerSessionEmitted,
  PeerSessionEvent,
} from '../../src/machines/peer-session-setup.ts';
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

/** Both finite, and different, so that a test sees which one has passed. */
const DEADLINES: PeerPort['deadlines'] = { backlog: 100, handshake: 200, drain: 300 };

const FAILED = new ClosedError('failed');

/** The methods of the port that return a promise. */
export const WAIT_METHODS = ['gone', 'secure', 'establish', 'serve', 'ended'] as const;
export type WaitMethod = (typeof WAIT_METHODS)[number];

/** A port whose promises settle only when the test settles them, and which records its calls. */
export class FakePeerPort implements PeerPort {
  readonly deadlines: PeerPort['deadlines'];
  isTls = true;
  isRunning = true;
  hasHandler = false;
  isLooping = true;
  /** Every call, in order. */
  readonly calls: string[] = [];
  readonly #waits = new Map<WaitMethod, Deferred<WirechartError | undefined>>();

  constructor(deadlines: Partial<PeerPort['deadlines']> = {}) {
    this.deadlines = { ...DEADLINES, ...deadlines };
  }

  async gone(): Promise<void> {
    await this.#wait('gone');
  }
  async secure(): Promise<void> {
    await this.#wait('secure');
  }
  async establish(): Promise<void> {
    await this.#wait('establish');
  }
  async serve(): Promise<void> {
    await this.#wait('serve');
  }
  ended(): Promise<WirechartError | undefined> {
    return this.#wait('ended');
  }
  disconnect(force: boolean, reason: WirechartError | undefined): void {
    this.calls.push(`disconnect${force ? ' force' : ''}${reason ? ` (${reason.message})` : ''}`);
  }
  finish(): void {
    this.calls.push('finish');
  }
  fail(error: unknown): void {
    this.calls.push(`fail (${String(error)})`);
  }
  close(): void {
    this.calls.push('close');
  }

  /** Settles the last call of a method, even if the machine no longer waits for it. */
  settle(wait: WaitMethod, end: { readonly error?: Error; readonly value?: WirechartError }): void {
    const waiting = this.#waits.get(wait);
    if (end.error === undefined) waiting?.resolve(end.value);
    else waiting?.reject(end.error);
  }

  #wait(wait: WaitMethod): Promise<WirechartError | undefined> {
    this.calls.push(wait);
    const waiting = defer<WirechartError | undefined>();
    this.#waits.set(wait, waiting);
    return waiting.promise;
  }
}

const REASON = new ClosedError('drained too long');
const EVENTS = {
  ADMIT: { type: 'ADMIT' },
  QUEUE: { type: 'QUEUE' },
  TAKE: { type: 'TAKE' },
  LEAVE: { type: 'LEAVE' },
  'LEAVE force': { type: 'LEAVE', force: true, reason: REASON },
} as const satisfies Record<string, PeerSessionEvent>;
type Command = keyof typeof EVENTS;
const isCommand = (step: string): step is Command => step in EVENTS;

/**
 * One step of a walk: an event to send, a promise that settles, or a deadline that passes; or, before the first
 * of these, that the server has the callback `onPeer`.
 */
export type Step = Command | `${WaitMethod} done` | `${WaitMethod} failed` | 'deadline' | 'onPeer';

/** A running machine on a fake port, and the events that it has emitted. */
export class Harness {
  readonly port: FakePeerPort;
  readonly clock = new CountingClock();
  readonly actor;
  readonly emitted: PeerSessionEmitted[] = [];
  /** The errors that stopped the actor itself; a test expects none. */
  readonly actorErrors: unknown[] = [];

  constructor(deadlines: Partial<PeerPort['deadlines']> = {}) {
    this.port = new FakePeerPort(deadlines);
    this.actor = createActor(chart, { input: this.port, clock: this.clock });
    this.actor.on('*', (emitted) => this.emitted.push(emitted));
    this.actor.subscribe({ error: (error: unknown) => this.actorErrors.push(error) });
    this.actor.start();
  }

  /** The innermost state, as a path. */
  get state(): string {
    return pathOf(this.actor.getSnapshot().value);
  }

  /** The causes in the `gone` events: one at most. */
  get causes(): (WirechartError | undefined)[] {
    return this.emitted.flatMap((emitted) => (emitted.type === 'gone' ? [emitted.cause] : []));
  }

  /** Takes the steps in order, and waits after each until the machine has handled it. */
  async go(...steps: readonly Step[]): Promise<this> {
    for (const step of steps) {
      if (isCommand(step)) {
        if (this.state !== 'GONE') this.actor.send(EVENTS[step]);
      } else if (step === 'onPeer') {
        this.port.hasHandler = true;
      } else if (step === 'deadline') {
        this.clock.increment(Math.max(...Object.values(DEADLINES)));
      } else {
        const [wait, how] = step.split(' ');
        const method = WAIT_METHODS.find((name) => name === wait) ?? 'gone';
        this.port.settle(method, how === 'failed' ? { error: FAILED } : {});
      }
      await turn();
    }
    return this;
  }
}

/** A route into each state in which the machine can wait. */
export const ROUTES = {
  ARRIVED: [],
  QUEUED: ['QUEUE'],
  'CONNECTING.securing': ['ADMIT'],
  'CONNECTING.establishing': ['ADMIT', 'secure done'],
  'RUNNING.offered': ['ADMIT', 'secure done', 'establish done'],
  'RUNNING.served': ['ADMIT', 'secure done', 'establish done', 'TAKE'],
  'RUNNING.handled.serving': ['onPeer', 'ADMIT', 'secure done', 'establish done'],
  'RUNNING.handled.finishing': ['onPeer', 'ADMIT', 'secure done', 'establish done', 'LEAVE'],
  DISCONNECTING: ['ADMIT', 'secure done', 'establish done', 'LEAVE'],
  GONE: ['LEAVE'],
} satisfies Record<string, readonly Step[]>;

type Node = StateNode<PeerSessionContext, PeerSessionEvent>;
type Snapshot = ReturnType<typeof chart.resolveState>;

export const nodes = nodesFrom<Node>(chart.root, ({ states }) => Object.values(states));
export const leaves = nodes.filter(isLeaf);
export const POSSIBLE_EVENTS = possibleEventsOf(nodes, EVENTS, {
  output: undefined,
  error: FAILED,
});

/** XState's own events are not part of a machine's event type. */
const internal = (event: EventObject): PeerSessionEvent => event as PeerSessionEvent;

/** The chart with actions that do nothing, so that `transition()` returns all of them, by name. */
const silent = chart.provide({
  actions: Object.fromEntries(
    Object.keys(chart.implementations.actions).map((name) => [name, () => undefined]),
  ),
});

/** The value of a state. */
const valueOf = ([key = '', ...inner]: readonly string[]): StateValue =>
  inner.length === 0 ? key : { [key]: valueOf(inner) };

/** A snapshot of the machine in a state, without a route to it. */
const snapshotIn = (leaf: Node, port: PeerPort): Snapshot => {
  const [{ context }] = initialTransition(chart, port);
  return silent.resolveState({ value: valueOf(leaf.path), context });
};

/** The reaction to an event, as text. */
export const answer = (leaf: Node, event: EventObject, port = new FakePeerPort()): string => {
  const [to, actions] = transition(silent, snapshotIn(leaf, port), internal(event));
  if (to.status === 'error') return '(dies)';
  const names = actions.flatMap((action) => actionText({ ...action, params: action.params }));
  return answerText(pathOfNode(leaf), pathOf(to.value), names);
};
