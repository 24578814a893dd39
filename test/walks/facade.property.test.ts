/**
 * Two connected protocols that take random steps in a random order.
 *
 * Every event of the streams, of a handler and of a handshake is scheduled, and fast-check chooses
 * their order. A failure is shrunk to the shortest walk that still fails, and its message has the
 * history.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AsyncProtocol, lines } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { thorough } from '../support/thorough.ts';
import {
  SessionLog,
  FacadeSimulation,
  type Pace,
  paces,
  TIME_STEP_MS,
  TIMEOUTS,
} from './facade-simulation.ts';
import type { ScheduledStream } from './scheduled-stream.ts';

expectIdleAfterEach();

type Name = 'left' | 'right';

/** One of the two protocols. */
class Side {
  readonly protocol: AsyncProtocol<string>;
  readonly log: SessionLog;
  readonly name: Name;
  readonly simulation: FacadeSimulation;
  /** Its end of the last pair of streams. */
  stream: ScheduledStream | undefined;
  /** The numbers of the messages that were received. */
  readonly received: number[] = [];

  constructor(simulation: FacadeSimulation, name: Name) {
    this.simulation = simulation;
    this.name = name;
    const handshake = () => simulation.scheduled(`${name} has established`);
    this.protocol = new AsyncProtocol<string>(
      { codec: lines(), onMessage: this.#take, ...(name === 'left' && { handshake }) },
      { clock: simulation.clock, timeouts: TIMEOUTS, limits: { highWaterMark: 50 } },
    );
    this.log = new SessionLog(this.protocol);
  }

  watch(label: string, promise: Promise<unknown>): Promise<PromiseSettledResult<unknown>> {
    return this.simulation.watch(`${this.name}.${label}`, promise);
  }

  /** The left handler resolves later; the right one answers long messages. */
  readonly #take = (message: string): Promise<void> | undefined => {
    this.received.push(Number.parseInt(message, 10));
    if (this.name === 'left') return this.simulation.scheduled('left has handled a message');
    if (message.length > 50) void this.watch('answer', this.protocol.send('0'));
    return undefined;
  };
}

/** Both sides, and their simulation. */
interface Pair {
  readonly simulation: FacadeSimulation;
  readonly sides: Record<Name, Side>;
  /** The number of messages that were sent. */
  number: number;
}

const joinStreams = ({ simulation, sides }: Pair): void => {
  [sides.left.stream, sides.right.stream] = simulation.pair('left', 'right');
};

/** Connects a side by its end of the streams, or of new ones if that was destroyed. */
function connect(pair: Pair, name: Name, signal?: AbortSignal): Promise<unknown> {
  const side = pair.sides[name];
  if (side.stream === undefined || side.stream.destroyed) joinStreams(pair);
  const { stream } = side;
  if (stream === undefined) return Promise.resolve();
  const attempt = side.watch('connect', side.protocol.connect({ stream }, { signal }));
  side.log.addAttempt(attempt);
  return attempt;
}

function connectBoth(pair: Pair): Promise<unknown> {
  joinStreams(pair);
  return Promise.all([connect(pair, 'left'), connect(pair, 'right')]);
}

function send(pair: Pair, side: Side, length: number): void {
  pair.number += 1;
  const message = `${String(pair.number)} ${'.'.repeat(length)}`;
  void side.watch('send', side.protocol.send(message));
}

/** The walk awaits the result of an action before its next step. */
const ACTIONS: Record<string, (pair: Pair, side: Side) => unknown> = {
  connects: (pair, { name }) => {
    void connect(pair, name);
  },
  'connects with a signal': (pair, { name }) => {
    void connect(pair, name, pair.simulation.signal());
  },
  'connects, and aborts soon': (pair, { name }) => {
    void connect(pair, name, pair.simulation.signal());
    pair.simulation.later(`${name} aborts`, () => {
      pair.simulation.abortAll();
    });
  },
  'and the other connect': (pair) => {
    void connectBoth(pair);
  },
  'and the other are connected': connectBoth,
  waits: async ({ simulation }) => {
    for (let turns = 0; turns < 5; turns += 1) await simulation.scheduled('time goes by');
  },
  disconnects: (_, side) => {
    void side.watch('disconnect', side.protocol.disconnect());
  },
  'disconnects with a signal': ({ simulation }, side) => {
    void side.watch('disconnect', side.protocol.disconnect({ signal: simulation.signal() }));
  },
  'disconnects with force': (_, side) => {
    void side.watch('disconnect', side.protocol.disconnect({ force: true }));
  },
  sends: (pair, side) => {
    send(pair, side, 5);
  },
  'sends a long message': (pair, side) => {
    send(pair, side, 70_000);
  },
  'sends an invalid message': (_, side) => {
    void side.watch('send', side.protocol.send('two\nlines'));
  },
  flushes: (_, side) => {
    void side.watch('flush', side.protocol.flush());
  },
  'flushes with a signal': ({ simulation }, side) => {
    void side.watch('flush', side.protocol.flush({ signal: simulation.signal() }));
  },
  'aborts all signals': ({ simulation }) => {
    simulation.abortAll();
  },
  'awaits closed': (_, side) => {
    void side.watch('closed', side.protocol.closed);
  },
  'expects the end': (_, side) => {
    side.protocol.expectEnd();
  },
  fails: (_, side) => {
    side.protocol.fail('unbearable');
  },
  'has its stream ended': (_, { stream }) => {
    stream?.end();
  },
  'has its stream destroyed': (_, { stream }) => {
    stream?.destroy();
  },
  'has its stream destroyed with an error': (_, { stream }) => {
    stream?.destroy(new Error('broken'));
  },
  'sees a step of the clock': ({ simulation }) => {
    simulation.clock.increment(TIME_STEP_MS);
  },
};

/** Most steps must be of these, because many of the others end the session. */
const COMMON_ACTIONS = [
  'and the other are connected',
  'sends',
  'sends',
  'sends a long message',
  'flushes',
  'waits',
];
const action = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...COMMON_ACTIONS) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(ACTIONS)) },
);
const step = fc.tuple(fc.constantFrom<Name>('left', 'right'), action);
// By default fast-check generates arrays of about ten elements at most.
const steps = fc.array(step, { maxLength: 30, size: 'max' });

async function returnToIdle({ simulation, sides }: Pair): Promise<void> {
  const both = Object.values(sides);
  const areIdle = (): boolean => both.every(({ protocol }) => protocol.runstate === 'IDLE');
  for (const side of both) void side.watch('disconnect', side.protocol.disconnect());
  await simulation.settleUntil(areIdle);
  // `closed` settles only at the end of a session, so a side that had none gets one.
  for (const side of both.filter(({ protocol }) => protocol.outcome === undefined)) {
    const [stream] = simulation.pair(side.name, 'no peer');
    side.log.addAttempt(side.watch('connect', side.protocol.connect({ stream })));
    void side.watch('disconnect', side.protocol.disconnect({ force: true }));
  }
  await simulation.settleUntil(areIdle);
}

/** The sessions and messages of all walks together, which must not be too few. */
const totals = { sessions: 0, messages: 0 };

async function takeWalk(
  scheduler: fc.Scheduler,
  pacing: readonly Pace[],
  actions: [Name, string][],
) {
  const simulation = new FacadeSimulation(scheduler, pacing);
  const sides = { left: new Side(simulation, 'left'), right: new Side(simulation, 'right') };
  const pair: Pair = { simulation, sides, number: 0 };
  await simulation.walk(
    actions.map(([name, action]) => [
      `${name} ${action}`,
      () => ACTIONS[action]?.(pair, sides[name]),
    ]),
  );
  await returnToIdle(pair);
  simulation.expectIdle([sides.left.protocol, sides.right.protocol]);
  for (const { log, received } of Object.values(sides)) {
    await log.expectComplete(simulation.text);
    totals.sessions += await log.sessions();
    totals.messages += received.length;
    const numbers = received.filter((number) => number > 0);
    expect(numbers, simulation.text).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  }
  await simulation.end();
}

it('any two protocols return to IDLE, settle every promise, and report each session once', async () => {
  const numRuns = thorough(150, 4000);
  await fc.assert(fc.asyncProperty(fc.scheduler(), paces, steps, takeWalk), { numRuns });
  expect(Math.min(totals.sessions, totals.messages)).toBeGreaterThan(numRuns);
});
