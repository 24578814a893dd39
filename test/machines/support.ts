/** A running machine on a fake link, and a route into each of its states. */

import { setImmediate as turn } from 'node:timers/promises';
import { type ActorRefFrom, createActor, setup, type StateValue } from 'xstate';
import type { Deadlines } from '../../src/core/limits.ts';
import { createChart } from '../../src/machines/protocol.ts';
import type {
  ProtocolContext,
  ProtocolEmitted,
  ProtocolEvent,
} from '../../src/machines/protocol-types.ts';
import type { Runstate } from '../../src/core/runstate.ts';
import type { SessionOutcome } from '../../src/core/types.ts';
import { CountingClock, LINK_METHODS, type LinkMethod, FakeLink } from './fake-link.ts';

/** The chart; an actor's input is its link. */
export const chart = createChart((link: FakeLink) => link);

/** The same for a protocol with logic for its session. */
export const sessionChart = createChart((link: FakeLink) => link, { hasSession: true });

/** The same for one session, whose actor ends in error if that fails. */
export const failingChart = createChart((link: FakeLink) => link, {
  addressOf: () => '/run/x',
  once: true,
  failWith: 'error',
});

/** The path of the innermost state: `CONNECTING.dialing`. */
export const pathOf = (value: StateValue): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value)
        .map(([key, inner]) => (inner === undefined ? key : `${key}.${pathOf(inner)}`))
        .join('|');

/** One step of a route: an event to send, a property of the link to turn on, or a link method whose call is to resolve. */
export type Step =
  | Exclude<ProtocolEvent['type'], 'FAIL' | 'MESSAGES' | `SEND${string}` | `CHECK_${string}`>
  | LinkMethod
  | Property;
/** The properties of the link that decide on the way. */
const PROPERTIES = ['allowHalfOpen', 'isHandling', 'hasFarewell'] as const;
type Property = (typeof PROPERTIES)[number];

/** A machine's actor, and the functions that start and stop it from outside. */
export interface ActorHandle {
  readonly actor: ActorRefFrom<typeof chart>;
  readonly start: () => void;
  readonly stop: () => void;
}

/** What makes such an actor. */
type CreateActor = (link: FakeLink, clock: CountingClock) => ActorHandle;

/** The machine as a root actor. */
export const asRoot = (link: FakeLink, clock: CountingClock, machine = chart): ActorHandle => {
  const actor = createActor(machine, { input: link, clock });
  return { actor, start: () => actor.start(), stop: () => actor.stop() };
};

/** The same with logic for its session. */
export const withSession = (link: FakeLink, clock: CountingClock): ActorHandle =>
  asRoot(link, clock, sessionChart);

/**
 * The machine as an actor that a parent invokes; `stop` makes the parent leave the invoking state.
 */
export const asChild = (link: FakeLink, clock: CountingClock): ActorHandle => {
  const machine = setup({
    types: { children: {} as { child: 'child' } },
    actors: { child: chart },
  });
  const parent = createActor(
    machine.createMachine({
      initial: 'inside',
      states: {
        inside: { invoke: { id: 'child', src: 'child', input: link }, on: { LEAVE: 'outside' } },
        outside: {},
      },
    }),
    { clock },
  ).start();
  const actor = parent.getSnapshot().children.child;
  if (actor === undefined) throw new Error('The parent has not invoked the machine');
  const stop = (): void => {
    parent.send({ type: 'LEAVE' });
  };
  return { actor, start: () => undefined, stop };
};

/** A running machine on a fake link, and the events that it has emitted. */
export class Harness {
  readonly link: FakeLink;
  readonly clock = new CountingClock();
  readonly actor: ActorHandle['actor'];
  readonly stop: ActorHandle['stop'];
  readonly emitted: ProtocolEmitted[] = [];
  /** The errors that stopped the actor itself; a test expects none. */
  readonly actorErrors: unknown[] = [];

  constructor(
    deadlines: Partial<Deadlines> = {},
    create: CreateActor = asRoot,
    link = new FakeLink(deadlines),
  ) {
    this.link = link;
    const { actor, start, stop } = create(this.link, this.clock);
    this.actor = actor;
    this.stop = stop;
    this.actor.on('*', (emitted) => this.emitted.push(emitted));
    this.actor.subscribe({ error: (error: unknown) => this.actorErrors.push(error) });
    start();
  }

  /** The innermost state, as a path. */
  get state(): string {
    return pathOf(this.actor.getSnapshot().value);
  }

  get context(): ProtocolContext<string, string> {
    return this.actor.getSnapshot().context;
  }

  /** The public states that were entered, in order. */
  get runstates(): Runstate[] {
    return this.emitted.flatMap((emitted) =>
      emitted.type === 'runstate' ? [emitted.runstate] : [],
    );
  }

  /** The outcomes of the sessions that have ended, in order. */
  get outcomes(): SessionOutcome[] {
    return this.emitted.flatMap((emitted) => (emitted.type === 'closed' ? [emitted.outcome] : []));
  }

  /** The outcome of the last session that has ended. Throws when there is none. */
  get outcome(): SessionOutcome {
    const outcome = this.outcomes.at(-1);
    if (outcome === undefined) throw new Error('No session has ended');
    return outcome;
  }

  send(event: ProtocolEvent<string>): void {
    this.actor.send(event);
  }

  /** Resolves the live call of a method, and waits until the machine has handled it. */
  async fulfil(method: LinkMethod): Promise<void> {
    this.link.call(method).resolve();
    await turn();
  }

  /** Rejects the live call of a method, and waits until the machine has handled it. */
  async fail(method: LinkMethod, reason: unknown): Promise<void> {
    this.link.call(method).reject(reason);
    await turn();
  }

  /** Takes the steps of a route in order. */
  async go(...steps: readonly Step[]): Promise<this> {
    for (const step of steps) {
      if (isProperty(step)) this.link[step] = true;
      else if (isLinkMethod(step)) await this.fulfil(step);
      else this.send(eventOf(step));
    }
    return this;
  }
}

const isLinkMethod = (step: Step): step is LinkMethod =>
  LINK_METHODS.some((method) => method === step);

/** Whether a step turns a property of the link on. */
export const isProperty = (step: Step): step is Property =>
  PROPERTIES.some((property) => property === step);

const eventOf = (type: Exclude<Step, LinkMethod | Property>): ProtocolEvent<string> => {
  if (type === 'CONNECT' || type === 'LISTEN') return { type, address: '/run/fake.sock' };
  if (type === 'ABORT') return { type, reason: 'no longer wanted' };
  return { type };
};

/** A machine that was led to a state by its route. */
export const at = (
  state: StableState,
  deadlines: Partial<Deadlines> = {},
  create = asRoot,
): Promise<Harness> => new Harness(deadlines, create).go(...ROUTES[state]);

const RUNNING = ['CONNECT', 'dial', 'establish'] as const;
/** A route into each state in which the machine can wait. */
export const ROUTES = {
  IDLE: [],
  'CONNECTING.dialing': ['CONNECT'],
  'CONNECTING.listening.binding': ['LISTEN'],
  'CONNECTING.listening.bound': ['LISTEN', 'listen'],
  'CONNECTING.accepting': ['LISTEN', 'listen', 'ACCEPT'],
  'CONNECTING.establishing': ['CONNECT', 'dial'],
  'RUNNING.open': RUNNING,
  'RUNNING.ending': [...RUNNING, 'EXPECT_END'],
  'RUNNING.halfOpen': ['allowHalfOpen', ...RUNNING, 'read'],
  'DISCONNECTING.draining.handling': ['isHandling', ...RUNNING, 'DISCONNECT'],
  'DISCONNECTING.draining.farewell': ['hasFarewell', ...RUNNING, 'DISCONNECT'],
  'DISCONNECTING.flushing.twoway': [...RUNNING, 'DISCONNECT'],
  'DISCONNECTING.flushing.oneway': [...RUNNING, 'read'],
  'DISCONNECTING.closing': [...RUNNING, 'DISCONNECT', 'flush'],
  'DISCONNECTING.destroying': ['CONNECT', 'DISCONNECT'],
} satisfies Record<string, readonly Step[]>;

export type StableState = keyof typeof ROUTES;
const isStableState = (state: string): state is StableState => state in ROUTES;
export const STABLE_STATES = Object.keys(ROUTES).filter(isStableState);
export { turn };
