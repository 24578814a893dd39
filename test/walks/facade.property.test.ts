/**
 * Two protocols that talk to each other, and do whatever they like in whatever order.
 *
 * Every move of the streams, of a handler and of a handshake waits for its turn, and fast-check says
 * whose turn it is. A failure is shrunk to the shortest walk that still fails, and tells its story.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AsyncProtocol, lines } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { thorough } from '../support/thorough.ts';
import {
  Chronicle,
  FacadeWorld,
  type Pace,
  paces,
  STEP_OF_TIME,
  TIMEOUTS,
} from './facade-world.ts';
import type { ScheduledStream } from './scheduled-stream.ts';

expectIdleAfterEach();

type Name = 'left' | 'right';

/** One of the two. */
class Side {
  readonly protocol: AsyncProtocol<string>;
  readonly chronicle: Chronicle;
  readonly name: Name;
  readonly world: FacadeWorld;
  /** Its end of the streams, if nobody has taken it yet. */
  stream: ScheduledStream | undefined;
  /** The numbers of the messages that came. */
  readonly heard: number[] = [];

  constructor(world: FacadeWorld, name: Name) {
    this.world = world;
    this.name = name;
    const handshake = () => world.inTurn(`${name} has established`);
    this.protocol = new AsyncProtocol<string>(
      { codec: lines(), onMessage: this.#take, ...(name === 'left' && { handshake }) },
      { clock: world.clock, timeouts: TIMEOUTS, limits: { highWaterMark: 50 } },
    );
    this.chronicle = new Chronicle(this.protocol);
  }

  watch(what: string, promise: Promise<unknown>): Promise<PromiseSettledResult<unknown>> {
    return this.world.watch(`${this.name}.${what}`, promise);
  }

  /** The left one takes its time, the right one answers. */
  readonly #take = (message: string): Promise<void> | undefined => {
    this.heard.push(Number.parseInt(message, 10));
    if (this.name === 'left') return this.world.inTurn('left has handled a message');
    if (message.length > 50) void this.watch('answer', this.protocol.send('0'));
    return undefined;
  };
}

/** Both, and what they share. */
interface Walkers {
  readonly world: FacadeWorld;
  readonly sides: Record<Name, Side>;
  /** Of the messages that were sent. */
  number: number;
}

const join = ({ world, sides }: Walkers): void => {
  [sides.left.stream, sides.right.stream] = world.pair('left', 'right');
};

/** Connects a side by its end of the streams; by new ones, if it has used that. */
function connect(walkers: Walkers, name: Name, signal?: AbortSignal): Promise<unknown> {
  const side = walkers.sides[name];
  if (side.stream === undefined || side.stream.destroyed) join(walkers);
  const { stream } = side;
  if (stream === undefined) return Promise.resolve();
  const attempt = side.watch('connect', side.protocol.connect({ stream }, { signal }));
  side.chronicle.attempt(attempt);
  return attempt;
}

function connectBoth(walkers: Walkers): Promise<unknown> {
  join(walkers);
  return Promise.all([connect(walkers, 'left'), connect(walkers, 'right')]);
}

function send(walkers: Walkers, side: Side, length: number): void {
  walkers.number += 1;
  const message = `${String(walkers.number)} ${'.'.repeat(length)}`;
  void side.watch('send', side.protocol.send(message));
}

/** What a walk waits for goes before its next step. */
const ACTS: Record<string, (walkers: Walkers, side: Side) => unknown> = {
  connects: (walkers, { name }) => {
    void connect(walkers, name);
  },
  'connects, perhaps': (walkers, { name }) => {
    void connect(walkers, name, walkers.world.signal());
  },
  'connects, and gives up soon': (walkers, { name }) => {
    void connect(walkers, name, walkers.world.signal());
    walkers.world.later(`${name} gives up`, () => {
      walkers.world.giveUp();
    });
  },
  'and the other connect': (walkers) => {
    void connectBoth(walkers);
  },
  'and the other are connected': connectBoth,
  waits: async ({ world }) => {
    for (let turns = 0; turns < 5; turns += 1) await world.inTurn('time goes by');
  },
  disconnects: (_, side) => {
    void side.watch('disconnect', side.protocol.disconnect());
  },
  'disconnects, perhaps': ({ world }, side) => {
    void side.watch('disconnect', side.protocol.disconnect({ signal: world.signal() }));
  },
  'disconnects by force': (_, side) => {
    void side.watch('disconnect', side.protocol.disconnect({ force: true }));
  },
  sends: (walkers, side) => {
    send(walkers, side, 5);
  },
  'sends a long one': (walkers, side) => {
    send(walkers, side, 70_000);
  },
  'sends a bad one': (_, side) => {
    void side.watch('send', side.protocol.send('two\nlines'));
  },
  flushes: (_, side) => {
    void side.watch('flush', side.protocol.flush());
  },
  'flushes, perhaps': ({ world }, side) => {
    void side.watch('flush', side.protocol.flush({ signal: world.signal() }));
  },
  'gives up': ({ world }) => {
    world.giveUp();
  },
  'asks how it ends': (_, side) => {
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
  'has its stream broken': (_, { stream }) => {
    stream?.destroy(new Error('broken'));
  },
  'sees time pass': ({ world }) => {
    world.clock.increment(STEP_OF_TIME);
  },
};

/** What a session is for must come more often than what ends it. */
const USUAL = [
  'and the other are connected',
  'sends',
  'sends',
  'sends a long one',
  'flushes',
  'waits',
];
const act = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...USUAL) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(ACTS)) },
);
const step = fc.tuple(fc.constantFrom<Name>('left', 'right'), act);
// Without a size fast-check takes ten for long enough.
const steps = fc.array(step, { maxLength: 30, size: 'max' });

async function bringHome({ world, sides }: Walkers): Promise<void> {
  const both = Object.values(sides);
  const areHome = (): boolean => both.every(({ protocol }) => protocol.runstate === 'IDLE');
  for (const side of both) void side.watch('disconnect', side.protocol.disconnect());
  await world.settleInTime(areHome);
  // Who asked for the end of the first session waits for one.
  for (const side of both.filter(({ protocol }) => protocol.outcome === undefined)) {
    const [stream] = world.pair(side.name, 'nobody');
    side.chronicle.attempt(side.watch('connect', side.protocol.connect({ stream })));
    void side.watch('disconnect', side.protocol.disconnect({ force: true }));
  }
  await world.settleInTime(areHome);
}

/** How much all walks together have seen; too little proves nothing. */
const seen = { sessions: 0, messages: 0 };

async function walk(scheduler: fc.Scheduler, how: readonly Pace[], taken: [Name, string][]) {
  const world = new FacadeWorld(scheduler, how);
  const sides = { left: new Side(world, 'left'), right: new Side(world, 'right') };
  const walkers: Walkers = { world, sides, number: 0 };
  await world.walk(
    taken.map(([name, act]) => [`${name} ${act}`, () => ACTS[act]?.(walkers, sides[name])]),
  );
  await bringHome(walkers);
  world.expectHome([sides.left.protocol, sides.right.protocol]);
  for (const { chronicle, heard } of Object.values(sides)) {
    await chronicle.expectWhole(world.text);
    seen.sessions += await chronicle.sessions();
    seen.messages += heard.length;
    const numbers = heard.filter((number) => number > 0);
    expect(numbers, world.text).toEqual([...new Set(numbers)].sort((one, other) => one - other));
  }
  await world.end();
}

it('any two come home, have kept every promise, and have told of each session once', async () => {
  const numRuns = thorough(150, 4000);
  await fc.assert(fc.asyncProperty(fc.scheduler(), paces, steps, walk), { numRuns });
  expect(Math.min(seen.sessions, seen.messages)).toBeGreaterThan(numRuns);
});
