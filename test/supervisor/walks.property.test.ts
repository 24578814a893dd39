import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createActor } from 'xstate';
import {
  createSupervisorMachine,
  type SupervisorEmitted,
  type SupervisorEvent,
} from '../../src/index.ts';
import { CountingClock, FakeLink } from '../machines/fake-link.ts';
import { pathOf, turn } from '../machines/support.ts';
import { gate, type Gate } from '../support/signal.ts';
import { kindOver, systemError } from './support.ts';

/** What the user may send, to the supervisor and to its connection. */
const COMMANDS: readonly SupervisorEvent[] = [
  { type: 'START' },
  { type: 'STOP' },
  { type: 'STOP', force: true },
  { type: 'RETRY' },
];
const OTHERS = [
  { type: 'CONNECT', address: '/run/elsewhere' },
  { type: 'DISCONNECT' },
  { type: 'EXPECT_END' },
] as const;

type Move =
  | {
      readonly kind: 'settle';
      readonly which: number;
      readonly fails: boolean;
      readonly hurried: boolean;
    }
  | { readonly kind: 'wait'; readonly ms: number; readonly hurried: boolean }
  | { readonly kind: 'command' | 'other'; readonly which: number; readonly hurried: boolean };

// `hurried` moves are followed by the next in the same turn, before the machine hears of a promise.
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
      kind: fc.constantFrom('command' as const, 'other' as const),
      which: fc.nat(11),
      hurried,
    }),
  },
);

/** Settles the call of this number that the link waits for; past the last, what the user's function waits for. */
const settle = (which: number, fails = false): Move => ({
  kind: 'settle',
  which,
  fails,
  hurried: false,
});
/** Ways into states that few walks would find. */
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

/** A supervisor at work, whose waits the walk decides: those of its link, of its address and of onUp. */
class Walk {
  readonly link = new FakeLink();
  readonly clock = new CountingClock();
  readonly emitted: SupervisorEmitted[] = [];
  readonly deaths: unknown[] = [];
  readonly #gates: Gate[] = [];
  readonly actor;

  constructor(attempts: number) {
    const wait = async <T>(value: T): Promise<T> => {
      const one = gate();
      this.#gates.push(one);
      await one.opened;
      return value;
    };
    const machine = createSupervisorMachine(
      kindOver(() => this.link),
      () => wait('/run/x'),
      {
        attempts,
        stable: 150,
        timeouts: { address: 250, up: 350 },
        onUp: () => wait(undefined),
      },
    );
    this.actor = createActor(machine, { clock: this.clock });
    this.actor.on('*', (emitted) => this.emitted.push(emitted));
    this.actor.subscribe({ error: (error: unknown) => this.deaths.push(error) });
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
    if (command !== undefined) this.actor.send(command);
    const other = OTHERS[step.kind === 'other' ? step.which % OTHERS.length : -1];
    if (other !== undefined) this.connection.send(other);
    if (step.kind === 'settle') this.#settle(step.which, step.fails);
  }

  #settle(which: number, fails: boolean): void {
    const calls = this.link.live;
    const at = which % (calls.length + 1);
    const call = calls[at];
    const error = systemError('ECONNRESET');
    if (call === undefined) {
      const one = this.#gates.shift();
      if (fails) one?.fail(error);
      else one?.open();
    } else if (fails) call.reject(error);
    else call.resolve();
  }
}

/** What must hold whenever nothing is under way within the machine. */
function expectSense({ state, connection, clock, actor, deaths }: Walk): void {
  const home = connection.getSnapshot().matches('IDLE');
  const { context } = actor.getSnapshot();
  expect(deaths).toEqual([]);
  expect(context.connection).toBe(home ? 'idle' : 'busy');
  if (state === 'UP') expect(connection.getSnapshot().matches('RUNNING')).toBe(true);
  if (state === 'WAITING' || state === 'CONNECTING.locating')
    expect([home, clock.timers]).toEqual([true, 1]);
  if (/connecting|synchronizing|FAILING|STOPPING/.test(state)) expect(home).toBe(false);
  if (/STOPPED|GIVEN_UP/.test(state) && home) expect(clock.timers).toBe(0);
  expect(context.attempts).toBeLessThanOrEqual(3);
  expect(context.failures.length).toBeLessThanOrEqual(20);
}

/** The steps that its public state may take. */
const LEGAL: Readonly<Record<string, readonly string[]>> = {
  connecting: ['up', 'failing', 'waiting', 'stopping', 'stopped', 'gaveUp'],
  up: ['failing', 'stopping'],
  failing: ['waiting', 'stopping', 'stopped', 'gaveUp'],
  waiting: ['connecting', 'stopped'],
  stopping: ['stopped'],
  stopped: ['connecting', 'stopping'],
  gaveUp: ['connecting', 'stopping', 'stopped'],
};

it('any walk makes sense at every step, takes legal steps, and can be stopped', async () => {
  const visited = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), walks, async (attempts, moves) => {
      const walk = new Walk(attempts);
      for (const step of moves) {
        walk.take(step);
        if (!step.hurried) await turn();
        visited.add(walk.state);
        expectSense(walk);
      }
      walk.actor.send({ type: 'STOP', force: true });
      await turn();
      for (const call of walk.link.live) call.resolve();
      await turn();
      expectSense(walk);
      expect(walk.state).toBe('STOPPED');
      expect(walk.link.live).toEqual([]);
      expect(Object.keys(walk.actor.getSnapshot().children)).toEqual(['connection']);
      const types = walk.emitted.map(({ type }) => type);
      const illegal = types.slice(1).filter((type, at) => !LEGAL[types[at] ?? '']?.includes(type));
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
