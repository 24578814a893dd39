import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createActor } from 'xstate';
import {
  ClosedError,
  createSupervisorMachine,
  type RestartPolicy,
  type SupervisorEmitted,
  type SupervisorEvent,
} from '../../src/index.ts';
import { CountingClock, FakeLink } from '../machines/fake-link.ts';
import { pathOf, turn } from '../machines/support.ts';
import { gate, type Gate } from '../support/signal.ts';
import { clientClassOver, systemError } from './support.ts';

/** The events that a program may send to the supervisor, and to its connection. */
const COMMANDS: readonly SupervisorEvent[] = [
  { type: 'START' },
  { type: 'STOP' },
  { type: 'STOP', force: true },
  { type: 'RETRY' },
  { type: 'FAIL', error: new ClosedError('Failed by the walk') },
];
const CONNECTION_COMMANDS = [
  { type: 'CONNECT', address: '/run/elsewhere' },
  { type: 'DISCONNECT' },
  { type: 'EXPECT_END' },
  { type: 'EXPECT_END', shutdown: { guest: true, reason: 'guest-shutdown' } },
] as const;

type Move =
  | {
      readonly kind: 'settle';
      readonly which: number;
      readonly fails: boolean;
      readonly hurried: boolean;
    }
  | { readonly kind: 'wait'; readonly ms: number; readonly hurried: boolean }
  | {
      readonly kind: 'command' | 'connection command';
      readonly which: number;
      readonly hurried: boolean;
    };

// After a `hurried` move the next one follows in the same turn, before a promise has an effect.
const hurried = fc.constantFrom(false, false, true);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(5),
      fails: fc.constantFrom(false, false, true),
      hurried,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(400), hurried }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('command' as const, 'connection command' as const),
      which: fc.nat(11),
      hurried,
    }),
  },
);

/**
 * Settles the live call with this number; a number past the last settles the callback of the
 * options.
 */
const settle = (which: number, fails = false): Move => ({
  kind: 'settle',
  which,
  fails,
  hurried: false,
});
/** Routes into states that few random walks would reach. */
const UP = [settle(0), settle(0), settle(0), settle(2)];
const ROUTES: readonly (readonly Move[])[] = [
  [],
  [settle(0), settle(0), settle(0)],
  UP,
  [...UP, settle(0, true)],
  [settle(0, true)],
];
const walks = fc
  .tuple(fc.constantFrom(...ROUTES), fc.array(move, { maxLength: 20, size: 'max' }))
  .map(([route, moves]) => [...route, ...moves]);

/**
 * A running supervisor. The walk settles the calls of its link, its address function and its onUp.
 */
class Walk {
  readonly link = new FakeLink();
  readonly clock = new CountingClock();
  readonly emitted: SupervisorEmitted[] = [];
  readonly actorErrors: unknown[] = [];
  /** The states of snapshots that differ in nothing from the one before, and follow no command. */
  readonly superfluous: string[] = [];
  #isCommanding = false;
  readonly #gates: Gate[] = [];
  readonly actor;

  constructor(attempts: number, restart: RestartPolicy) {
    const wait = async <T>(value: T): Promise<T> => {
      const pending = gate();
      this.#gates.push(pending);
      await pending.opened;
      return value;
    };
    const machine = createSupervisorMachine(
      clientClassOver(() => this.link),
      {
        attempts,
        restart,
        stable: 150,
        timeouts: { address: 250, up: 350 },
        onUp: () => wait(undefined),
      },
    );
    const input = { address: () => wait('/run/x') };
    this.actor = createActor(machine, { clock: this.clock, input });
    this.actor.on('*', (emitted) => this.emitted.push(emitted));
    let previous: { readonly value: unknown; readonly context: object } | undefined;
    this.actor.subscribe({
      next: (snapshot) => {
        const isSame =
          previous !== undefined &&
          isDeepStrictEqual(snapshot.value, previous.value) &&
          isDeepStrictEqual({ ...snapshot.context }, { ...previous.context });
        if (isSame && !this.#isCommanding) this.superfluous.push(this.state);
        previous = snapshot;
      },
      error: (error: unknown) => this.actorErrors.push(error),
    });
    this.actor.start();
  }

  get state(): string {
    return pathOf(this.actor.getSnapshot().value);
  }

  get connection() {
    const { connection } = this.actor.getSnapshot().children;
    if (connection === undefined) throw new Error('The supervisor has no connection');
    return connection;
  }

  take(step: Move): void {
    if (step.kind === 'wait') this.clock.increment(step.ms);
    const command = COMMANDS[step.kind === 'command' ? step.which % COMMANDS.length : -1];
    this.#isCommanding = true;
    if (command !== undefined) this.actor.send(command);
    this.#isCommanding = false;
    const connectionCommand =
      CONNECTION_COMMANDS[
        step.kind === 'connection command' ? step.which % CONNECTION_COMMANDS.length : -1
      ];
    if (connectionCommand !== undefined) this.connection.send(connectionCommand);
    if (step.kind === 'settle') this.#settle(step.which, step.fails);
  }

  #settle(which: number, fails: boolean): void {
    const calls = this.link.live;
    const at = which % (calls.length + 1);
    const call = calls[at];
    const error = systemError('ECONNRESET');
    if (call === undefined) {
      const pending = this.#gates.shift();
      if (fails) pending?.fail(error);
      else pending?.open();
    } else if (fails) call.reject(error);
    else call.resolve();
  }
}

/** Asserts the invariants between the supervisor, its connection and its clock. */
function expectInvariants({ state, connection, clock, actor, actorErrors }: Walk): void {
  const isIdle = connection.getSnapshot().matches('IDLE');
  const { context } = actor.getSnapshot();
  expect(actorErrors).toEqual([]);
  expect(context.connection).toBe(isIdle ? 'idle' : 'busy');
  if (state === 'UP') expect(connection.getSnapshot().matches('RUNNING')).toBe(true);
  if (state === 'WAITING' || state === 'CONNECTING.locating')
    expect([isIdle, clock.timers]).toEqual([true, 1]);
  if (/connecting|synchronizing|FAILING|STOPPING/.test(state)) expect(isIdle).toBe(false);
  if (/STOPPED|GIVEN_UP/.test(state) && isIdle) expect(clock.timers).toBe(0);
  expect(context.attempts).toBeLessThanOrEqual(3);
  // An outage lasts from the beginning of a failure to the next session, or to the end of all attempts.
  if (/FAILING|WAITING/.test(state)) expect(context.outage?.cause).toBe(context.cause);
  if (/UP|STOPPED/.test(state)) expect(context.outage).toBeUndefined();
}

const limits = fc.integer({ min: 1, max: 3 });
const policies = fc.constantFrom<RestartPolicy[]>('on-failure', 'always');

/** The permitted transitions, by the events that are emitted on entry to the states. */
const TRANSITIONS: Readonly<Record<string, readonly string[]>> = {
  connecting: ['up', 'failing', 'waiting', 'stopping', 'stopped', 'gaveUp'],
  up: ['failing', 'stopping'],
  failing: ['waiting', 'stopping', 'stopped', 'gaveUp'],
  waiting: ['connecting', 'stopped'],
  stopping: ['stopped'],
  stopped: ['connecting', 'stopping'],
  gaveUp: ['connecting', 'stopping', 'stopped'],
};

it('any walk keeps the invariants, takes permitted transitions, and can be stored and stopped', async () => {
  const visited = new Set<string>();
  await fc.assert(
    fc.asyncProperty(limits, policies, walks, async (attempts, restart, moves) => {
      const walk = new Walk(attempts, restart);
      for (const step of moves) {
        walk.take(step);
        if (!step.hurried) await turn();
        visited.add(walk.state);
        expectInvariants(walk);
      }
      expect(walk.superfluous).toEqual([]);
      const stored = walk.actor.getPersistedSnapshot();
      expect(JSON.parse(JSON.stringify(stored))).toStrictEqual(stored);
      walk.actor.send({ type: 'STOP', force: true });
      await turn();
      for (const call of walk.link.live) call.resolve();
      await turn();
      expectInvariants(walk);
      expect(walk.state).toBe('STOPPED');
      expect(walk.link.live).toEqual([]);
      expect(Object.keys(walk.actor.getSnapshot().children)).toEqual(['connection']);
      const types = walk.emitted.map(({ type }) => type).filter((type) => type !== 'outage');
      const illegal = types
        .slice(1)
        .filter((type, at) => !TRANSITIONS[types[at] ?? '']?.includes(type));
      expect(types[0]).toBe('connecting');
      expect(illegal).toEqual([]);
      walk.actor.stop();
      expect(walk.link.released).toBe(1);
    }),
    { numRuns: 300 },
  );
  expect([...visited].sort()).toEqual([
    'CONNECTING.connecting',
    'CONNECTING.locating',
    'CONNECTING.synchronizing',
    'FAILING',
    'GIVEN_UP',
    'STOPPED',
    'STOPPING',
    'UP',
    'WAITING',
  ]);
});
