/**
 * A QMP client and a monitor that take random steps in a random order, as in
 * `facade.property.test.ts`. Each command must resolve with its own reply, or reject with the
 * documented error.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type AnyQapi,
  ExecInterruptedError,
  ExecuteError,
  QmpClient,
} from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, greetingOf, type WireCommand } from '../support/qmp.ts';
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

/** Greets, and replies to each command later: with its arguments, with an error, or not at all. */
class Monitor {
  readonly #simulation: FacadeSimulation;
  readonly stream: ScheduledStream;

  constructor(simulation: FacadeSimulation, stream: ScheduledStream) {
    this.#simulation = simulation;
    this.stream = stream;
    stream.on('end', () => stream.end());
    stream.on('data', this.#take);
    this.send(greetingOf());
  }

  send(message: object | string): void {
    if (this.stream.destroyed || this.stream.writableEnded) return;
    this.stream.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\r\n`);
  }

  /** A chunk has whole commands, because the streams do not split chunks; no string has a brace. */
  readonly #take = (chunk: Buffer): void => {
    const commands = chunk.toString().replaceAll(/\}\s*\{/g, '}\n{');
    for (const text of commands.trim().split('\n')) this.#reply(JSON.parse(text) as WireCommand);
  };

  #reply({ execute, id, arguments: args = {} }: WireCommand): void {
    if (execute === 'ignore') return;
    this.#simulation.later(`the monitor replies to ${String(id)}`, () => {
      if (execute === 'fail') this.send({ error: { class: 'GenericError', desc: 'failed' }, id });
      else this.send({ return: execute === 'qmp_capabilities' ? {} : args, id });
      if (execute === 'quit') this.stream.end();
    });
  }
}

/** The client, and the monitor of its last attempt. */
class QmpWalk {
  readonly simulation: FacadeSimulation;
  readonly client: QmpClient<AnyQapi>;
  readonly log: SessionLog;
  monitor: Monitor | undefined;
  /** Calls with an unexpected result. */
  readonly wrongResults: string[] = [];
  replies = 0;
  #number = 0;

  constructor(simulation: FacadeSimulation) {
    this.simulation = simulation;
    this.client = new QmpClient<AnyQapi>({ clock: simulation.clock, timeouts: TIMEOUTS });
    this.log = new SessionLog(this.client);
  }

  connect(signal?: AbortSignal): Promise<unknown> {
    const [stream, other] = this.simulation.pair('the client', 'the monitor');
    if (this.client.runstate === 'IDLE') this.monitor = new Monitor(this.simulation, other);
    const attempt = this.simulation.watch('connect', this.client.connect({ stream }, { signal }));
    this.log.addAttempt(attempt);
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
    const result = await this.simulation.watch(command, executed);
    if (result.status === 'fulfilled') this.#checkValue(command, args, result.value);
    else if (!isExpected(command, options, wasRunning, result.reason)) {
      this.wrongResults.push(`${command} failed with ${String(result.reason)}`);
    }
  }

  async waitFor(signal?: AbortSignal): Promise<void> {
    const waiting = this.client.waitFor('STOP', undefined, signal && { signal });
    const result = await this.simulation.watch('waitFor', waiting);
    if (result.status !== 'fulfilled') return;
    const event: string = result.value.event;
    if (event !== 'STOP') this.wrongResults.push(event);
  }

  #checkValue(command: string, args: object, value: unknown): void {
    this.replies += 1;
    // The reply to a quit may be lost.
    const isRight = command === 'quit' || JSON.stringify(value) === JSON.stringify(args);
    if (!isRight || command === 'fail' || command === 'ignore') {
      this.wrongResults.push(`${command} returned ${JSON.stringify(value)}`);
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

const ACTIONS: Record<string, (walk: QmpWalk) => unknown> = {
  'the client is connected': (walk) => walk.connect(),
  'the client connects': (walk) => {
    void walk.connect();
  },
  'the client connects, and aborts soon': (walk) => {
    void walk.connect(walk.simulation.signal());
    walk.simulation.later('the client aborts', () => {
      walk.simulation.abortAll();
    });
  },
  'the client disconnects': ({ simulation, client }) => {
    void simulation.watch('disconnect', client.disconnect());
  },
  'the client disconnects with force': ({ simulation, client }) => {
    void simulation.watch('disconnect', client.disconnect({ force: true }));
  },
  'the client executes': (walk) => {
    void walk.execute('echo');
  },
  'the client executes out of band': (walk) => {
    void walk.execute('echo', { oob: true });
  },
  'the client executes a command that fails': (walk) => {
    void walk.execute('fail');
  },
  'the client executes a command without a reply': (walk) => {
    void walk.execute('ignore');
  },
  'the client executes with a timeout': (walk) => {
    void walk.execute('ignore', { timeout: 70 });
  },
  'the client executes with a signal': (walk) => {
    void walk.execute('echo', { signal: walk.simulation.signal() });
  },
  'the client quits': (walk) => {
    void walk.execute('quit');
  },
  'the client waits for an event': (walk) => {
    void walk.waitFor();
  },
  'the client waits for an event with a signal': (walk) => {
    void walk.waitFor(walk.simulation.signal());
  },
  'the client aborts all signals': ({ simulation }) => {
    simulation.abortAll();
  },
  'the client waits': async ({ simulation }) => {
    for (let turns = 0; turns < 8; turns += 1) await simulation.scheduled('time goes by');
  },
  'the monitor sends an event': ({ monitor }) => {
    monitor?.send(eventOf('STOP'));
  },
  'the monitor sends invalid JSON': ({ monitor }) => {
    monitor?.send('}{');
  },
  'the monitor ends its stream': ({ monitor }) => {
    monitor?.stream.end();
  },
  'the monitor destroys its stream': ({ monitor }) => {
    monitor?.stream.destroy();
  },
  'the clock takes a step': ({ simulation }) => {
    simulation.clock.increment(TIME_STEP_MS);
  },
};

/** Most steps must be of these, because many of the others end the session. */
const COMMON_ACTIONS = [
  ...['the client is connected', 'the client executes', 'the client executes out of band'],
  ...['the client waits for an event', 'the monitor sends an event', 'the client waits'],
];
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...COMMON_ACTIONS) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(ACTIONS)) },
);
// By default fast-check generates arrays of about ten elements at most.
const steps = fc.array(step, { maxLength: 30, size: 'max' });

async function returnToIdle(walk: QmpWalk): Promise<void> {
  const { simulation, client } = walk;
  const isIdle = (): boolean => client.runstate === 'IDLE';
  void simulation.watch('disconnect', client.disconnect());
  await simulation.settleUntil(isIdle);
  // A waitFor() that waits for the next session rejects at the end of that.
  void walk.connect();
  await simulation.settleUntil(() => client.runstate === 'RUNNING');
  void simulation.watch('disconnect', client.disconnect({ force: true }));
  await simulation.settleUntil(isIdle);
}

/** The sessions and replies of all walks together, which must not be too few. */
const totals = { sessions: 0, replies: 0 };

async function takeWalk(
  scheduler: fc.Scheduler,
  pacing: readonly Pace[],
  actions: readonly string[],
) {
  const simulation = new FacadeSimulation(scheduler, pacing);
  const walk = new QmpWalk(simulation);
  await simulation.walk(actions.map((action) => [action, () => ACTIONS[action]?.(walk)]));
  await returnToIdle(walk);
  simulation.expectIdle([walk.client]);
  await walk.log.expectComplete(simulation.text);
  expect(walk.wrongResults, simulation.text).toEqual([]);
  totals.sessions += await walk.log.sessions();
  totals.replies += walk.replies;
  await simulation.end();
}

it('a client returns to IDLE, and each command has its reply or the documented error', async () => {
  const numRuns = thorough(150, 4000);
  await fc.assert(fc.asyncProperty(fc.scheduler(), paces, steps, takeWalk), { numRuns });
  expect(Math.min(totals.sessions, totals.replies)).toBeGreaterThan(numRuns);
});
