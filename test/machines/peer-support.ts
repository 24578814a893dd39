/** The chart of a peer's session on a fake port, the ways into each of its states, and its chart as data. */

import { setImmediate as turn } from 'node:timers/promises';
import {
  createActor,
  type EventObject,
  initialTransition,
  type StateNode,
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
import { actionText, answerText, happeningsOf, isLeaf, nodesFrom, pathOfNode } from './table.ts';

export { chart };

/** Finite ones, each unlike the other. */
export const DEADLINES: PeerPort['deadlines'] = { backlog: 100, handshake: 200 };

export const FAILED = new ClosedError('failed');

/** The methods of the port that wait. */
export const WAITS = ['gone', 'secure', 'establish', 'ended'] as const;
export type Wait = (typeof WAITS)[number];

/** A port whose every wait the test decides, and which keeps a journal. */
export class FakePeerPort implements PeerPort {
  readonly deadlines: PeerPort['deadlines'];
  isTls = true;
  isRunning = true;
  /** Every call, in order. */
  readonly journal: string[] = [];
  readonly #waits = new Map<Wait, Deferred<WirechartError | undefined>>();

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
  ended(): Promise<WirechartError | undefined> {
    return this.#wait('ended');
  }
  disconnect(force: boolean, reason: WirechartError | undefined): void {
    this.journal.push(`disconnect${force ? ' force' : ''}${reason ? ` (${reason.message})` : ''}`);
  }
  close(): void {
    this.journal.push('close');
  }

  /** Settles the last call of a wait; whether the machine still hears of it, is the machine's affair. */
  settle(wait: Wait, end: { readonly error?: Error; readonly value?: WirechartError }): void {
    const waiting = this.#waits.get(wait);
    if (end.error === undefined) waiting?.resolve(end.value);
    else waiting?.reject(end.error);
  }

  #wait(wait: Wait): Promise<WirechartError | undefined> {
    this.journal.push(wait);
    const waiting = defer<WirechartError | undefined>();
    this.#waits.set(wait, waiting);
    return waiting.promise;
  }
}

const REASON = new ClosedError('drained too long');
export const EVENTS = {
  ADMIT: { type: 'ADMIT' },
  QUEUE: { type: 'QUEUE' },
  TAKE: { type: 'TAKE' },
  LEAVE: { type: 'LEAVE' },
  'LEAVE force': { type: 'LEAVE', force: true, reason: REASON },
} as const satisfies Record<string, PeerSessionEvent>;
type Command = keyof typeof EVENTS;
const isCommand = (step: string): step is Command => step in EVENTS;

/** What a walk is made of: an event to send, a wait that ends, or a deadline that passes. */
export type Step = Command | `${Wait} done` | `${Wait} failed` | 'deadline';

/** A running machine on a fake port, with all that it emits. */
export class Harness {
  readonly port: FakePeerPort;
  readonly clock = new CountingClock();
  readonly actor;
  readonly emitted: PeerSessionEmitted[] = [];
  /** What the machine itself died of; it must not. */
  readonly deaths: unknown[] = [];

  constructor(deadlines: Partial<PeerPort['deadlines']> = {}) {
    this.port = new FakePeerPort(deadlines);
    this.actor = createActor(chart, { input: this.port, clock: this.clock });
    this.actor.on('*', (emitted) => this.emitted.push(emitted));
    this.actor.subscribe({ error: (error: unknown) => this.deaths.push(error) });
    this.actor.start();
  }

  /** The innermost state, as a path. */
  get state(): string {
    return pathOf(this.actor.getSnapshot().value);
  }

  /** The causes that were told with GONE: one at most. */
  get causes(): (WirechartError | undefined)[] {
    return this.emitted.flatMap((emitted) => (emitted.type === 'gone' ? [emitted.cause] : []));
  }

  /** Takes the steps one after the other, and lets the machine hear of each. */
  async go(...steps: readonly Step[]): Promise<this> {
    for (const step of steps) {
      if (isCommand(step)) {
        if (this.state !== 'GONE') this.actor.send(EVENTS[step]);
      } else if (step === 'deadline') {
        this.clock.increment(Math.max(DEADLINES.backlog, DEADLINES.handshake));
      } else {
        const [wait, how] = step.split(' ');
        const method = WAITS.find((name) => name === wait) ?? 'gone';
        this.port.settle(method, how === 'failed' ? { error: FAILED } : {});
      }
      await turn();
    }
    return this;
  }
}

/** One way into each state in which the machine can rest. */
export const ROUTES = {
  ARRIVED: [],
  QUEUED: ['QUEUE'],
  'CONNECTING.securing': ['ADMIT'],
  'CONNECTING.establishing': ['ADMIT', 'secure done'],
  'RUNNING.offered': ['ADMIT', 'secure done', 'establish done'],
  'RUNNING.served': ['ADMIT', 'secure done', 'establish done', 'TAKE'],
  DISCONNECTING: ['ADMIT', 'secure done', 'establish done', 'LEAVE'],
  GONE: ['LEAVE'],
} satisfies Record<string, readonly Step[]>;
export type Resting = keyof typeof ROUTES;

/** A machine that has come to a state by its route. */
export const at = (state: Resting, deadlines: Partial<PeerPort['deadlines']> = {}) =>
  new Harness(deadlines).go(...ROUTES[state]);

type Node = StateNode<PeerSessionContext, PeerSessionEvent>;
type Snapshot = ReturnType<typeof chart.resolveState>;

export const nodes = nodesFrom<Node>(chart.root, ({ states }) => Object.values(states));
export const leaves = nodes.filter(isLeaf);
export const HAPPENINGS = happeningsOf(nodes, EVENTS, { output: undefined, error: FAILED });

/** XState's own events are not part of a machine's event type. */
const internal = (event: EventObject): PeerSessionEvent => event as PeerSessionEvent;

/** The chart with actions that do nothing, so that `transition()` returns every one by its name. */
const silent = chart.provide({
  actions: Object.fromEntries(
    Object.keys(chart.implementations.actions).map((name) => [name, () => undefined]),
  ),
});

/** The machine in a state, without having walked there. */
const standing = (leaf: Node, port: PeerPort): Snapshot => {
  const [{ context }] = initialTransition(chart, port);
  const [key = '', inner] = leaf.path;
  return silent.resolveState({ value: inner === undefined ? key : { [key]: inner }, context });
};

/** What an event leads to, as text. */
export const answer = (leaf: Node, event: EventObject, port = new FakePeerPort()): string => {
  const [to, actions] = transition(silent, standing(leaf, port), internal(event));
  if (to.status === 'error') return '(dies)';
  const names = actions.flatMap((action) => actionText({ ...action, params: action.params }));
  return answerText(pathOfNode(leaf), pathOf(to.value), names);
};
