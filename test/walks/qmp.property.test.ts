/**
 * A QMP client and a monitor that do whatever they like in whatever order: as for two protocols, and
 * each command is answered with its own answer, or told why it is not.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ExecInterruptedError, ExecuteError, QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, greetingOf, type WireCommand } from '../support/qmp.ts';
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

/** Greets, and answers each command in its turn: with its arguments, with an error, or not at all. */
class Monitor {
  readonly #world: FacadeWorld;
  readonly stream: ScheduledStream;

  constructor(world: FacadeWorld, stream: ScheduledStream) {
    this.#world = world;
    this.stream = stream;
    stream.on('end', () => stream.end());
    stream.on('data', this.#take);
    this.say(greetingOf());
  }

  say(message: object | string): void {
    if (this.stream.destroyed || this.stream.writableEnded) return;
    this.stream.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\r\n`);
  }

  /** These streams cut no chunk, and the client no message; no string has a brace. */
  readonly #take = (chunk: Buffer): void => {
    const commands = chunk.toString().replaceAll(/\}\s*\{/g, '}\n{');
    for (const text of commands.trim().split('\n')) this.#answer(JSON.parse(text) as WireCommand);
  };

  #answer({ execute, id, arguments: args = {} }: WireCommand): void {
    if (execute === 'ignore') return;
    this.#world.later(`the monitor answers ${String(id)}`, () => {
      if (execute === 'fail') this.say({ error: { class: 'GenericError', desc: 'failed' }, id });
      else this.say({ return: execute === 'qmp_capabilities' ? {} : args, id });
      if (execute === 'quit') this.stream.end();
    });
  }
}

/** The client, and the monitor of its last attempt. */
class Walker {
  readonly world: FacadeWorld;
  readonly client: QmpClient;
  readonly chronicle: Chronicle;
  monitor: Monitor | undefined;
  /** What was answered with something else than its answer. */
  readonly wrong: string[] = [];
  answers = 0;
  #number = 0;

  constructor(world: FacadeWorld) {
    this.world = world;
    this.client = new QmpClient({ clock: world.clock, timeouts: TIMEOUTS });
    this.chronicle = new Chronicle(this.client);
  }

  connect(signal?: AbortSignal): Promise<unknown> {
    const [stream, other] = this.world.pair('the client', 'the monitor');
    if (this.client.runstate === 'IDLE') this.monitor = new Monitor(this.world, other);
    const attempt = this.world.watch('connect', this.client.connect({ stream }, { signal }));
    this.chronicle.attempt(attempt);
    return attempt;
  }

  async execute(
    command: string,
    options: { oob?: true; signal?: AbortSignal; timeout?: number } = {},
  ) {
    this.#number += 1;
    const args = { number: this.#number };
    const wasRunning = this.client.runstate === 'RUNNING';
    const executed = this.client.execute(command, args, options);
    const result = await this.world.watch(command, executed);
    if (result.status === 'fulfilled') this.#checkValue(command, args, result.value);
    else if (!isExpected(command, options, wasRunning, result.reason)) {
      this.wrong.push(`${command} failed with ${String(result.reason)}`);
    }
  }

  async waitFor(signal?: AbortSignal): Promise<void> {
    const waiting = this.client.waitFor('STOP', undefined, signal && { signal });
    const result = await this.world.watch('waitFor', waiting);
    if (result.status === 'fulfilled' && result.value.event !== 'STOP') this.wrong.push('event');
  }

  #checkValue(command: string, args: object, value: unknown): void {
    this.answers += 1;
    // The reply to a quit may be lost.
    const isRight = command === 'quit' || JSON.stringify(value) === JSON.stringify(args);
    if (!isRight || command === 'fail' || command === 'ignore') {
      this.wrong.push(`${command} returned ${JSON.stringify(value)}`);
    }
  }
}

const isExpected = (
  command: string,
  options: { signal?: AbortSignal; timeout?: number },
  wasRunning: boolean,
  reason: unknown,
): boolean => {
  if (reason instanceof ExecInterruptedError) return wasRunning;
  if (reason instanceof ExecuteError) return command === 'fail';
  if (reason === options.signal?.reason && options.signal?.aborted === true) return true;
  const code = reason instanceof Error && 'code' in reason ? reason.code : undefined;
  return code === (wasRunning ? options.timeout && 'ERR_TIMEOUT' : 'ERR_STATE');
};

const ACTS: Record<string, (walker: Walker) => unknown> = {
  'the client is connected': (walker) => walker.connect(),
  'the client connects': (walker) => {
    void walker.connect();
  },
  'the client connects, and gives up soon': (walker) => {
    void walker.connect(walker.world.signal());
    walker.world.later('the client gives up', () => {
      walker.world.giveUp();
    });
  },
  'the client disconnects': ({ world, client }) => {
    void world.watch('disconnect', client.disconnect());
  },
  'the client disconnects by force': ({ world, client }) => {
    void world.watch('disconnect', client.disconnect({ force: true }));
  },
  'the client executes': (walker) => {
    void walker.execute('echo');
  },
  'the client executes out of band': (walker) => {
    void walker.execute('echo', { oob: true });
  },
  'the client executes what fails': (walker) => {
    void walker.execute('fail');
  },
  'the client executes what is not answered': (walker) => {
    void walker.execute('ignore');
  },
  'the client executes with a deadline': (walker) => {
    void walker.execute('ignore', { timeout: 70 });
  },
  'the client executes, perhaps': (walker) => {
    void walker.execute('echo', { signal: walker.world.signal() });
  },
  'the client quits': (walker) => {
    void walker.execute('quit');
  },
  'the client waits for an event': (walker) => {
    void walker.waitFor();
  },
  'the client waits for an event, perhaps': (walker) => {
    void walker.waitFor(walker.world.signal());
  },
  'the client gives up': ({ world }) => {
    world.giveUp();
  },
  'the client waits': async ({ world }) => {
    for (let turns = 0; turns < 8; turns += 1) await world.inTurn('time goes by');
  },
  'the monitor tells of an event': ({ monitor }) => {
    monitor?.say(eventOf('STOP'));
  },
  'the monitor talks nonsense': ({ monitor }) => {
    monitor?.say('}{');
  },
  'the monitor ends': ({ monitor }) => {
    monitor?.stream.end();
  },
  'the monitor goes': ({ monitor }) => {
    monitor?.stream.destroy();
  },
  'time passes': ({ world }) => {
    world.clock.increment(STEP_OF_TIME);
  },
};

/** What a session is for must come more often than what ends it. */
const USUAL = [
  ...['the client is connected', 'the client executes', 'the client executes out of band'],
  ...['the client waits for an event', 'the monitor tells of an event', 'the client waits'],
];
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...USUAL) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(ACTS)) },
);
// Without a size fast-check takes ten for long enough.
const steps = fc.array(step, { maxLength: 30, size: 'max' });

async function bringHome(walker: Walker): Promise<void> {
  const { world, client } = walker;
  const isHome = (): boolean => client.runstate === 'IDLE';
  void world.watch('disconnect', client.disconnect());
  await world.settleInTime(isHome);
  // Who waits for an event of the next session is told by its end that there is none.
  void walker.connect();
  await world.settleInTime(() => client.runstate === 'RUNNING');
  void world.watch('disconnect', client.disconnect({ force: true }));
  await world.settleInTime(isHome);
}

/** How much all walks together have seen; too little proves nothing. */
const seen = { sessions: 0, answers: 0 };

async function walk(scheduler: fc.Scheduler, how: readonly Pace[], taken: readonly string[]) {
  const world = new FacadeWorld(scheduler, how);
  const walker = new Walker(world);
  await world.walk(taken.map((act) => [act, () => ACTS[act]?.(walker)]));
  await bringHome(walker);
  world.expectHome([walker.client]);
  await walker.chronicle.expectWhole(world.text);
  expect(walker.wrong, world.text).toEqual([]);
  seen.sessions += await walker.chronicle.sessions();
  seen.answers += walker.answers;
  await world.end();
}

it('a client comes home, and each of its commands is answered or told why not', async () => {
  const numRuns = thorough(150, 4000);
  await fc.assert(fc.asyncProperty(fc.scheduler(), paces, steps, walk), { numRuns });
  expect(Math.min(seen.sessions, seen.answers)).toBeGreaterThan(numRuns);
});
