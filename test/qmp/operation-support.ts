/** Monitors and clocks for tests of jobs and migrations. */

import type { Clock } from '../../src/index.ts';
import type { JobOptions, OpenQapi, QmpClient } from '../../src/qmp/index.ts';
import { eventOf, type ManualMonitor, session, type WireCommand } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';

/** An answer that is an error. */
export class Refusal {
  readonly desc: string;

  constructor(desc: string) {
    this.desc = desc;
  }
}

/** The return value of a command, a `Refusal`, or `undefined` for no reply. */
type Answer = (command: WireCommand) => unknown;

/** A clock that a test moves, and that knows how many timers are pending. */
export class CountedClock implements Clock {
  #now = 0;
  #lastId = 0;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();

  /** How many timers are pending. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimeout(callback: () => void, ms: number): number {
    this.#lastId += 1;
    this.#timers.set(this.#lastId, { at: this.#now + ms, callback });
    return this.#lastId;
  }

  clearTimeout(id: unknown): void {
    this.#timers.delete(Number(id));
  }

  /** Moves the time, calls what is due, and waits for what follows from that. */
  async pass(ms: number): Promise<void> {
    this.#now += ms;
    for (const [id, { at, callback }] of this.#timers) {
      if (at <= this.#now && this.#timers.delete(id)) callback();
    }
    await settle();
  }
}

/** Waits until everything that was sent has been answered. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await turn();
}

/** A client, and the server that it talks to, which answers from a table. */
export interface Served {
  readonly client: QmpClient<OpenQapi>;
  readonly monitor: ManualMonitor;
  readonly clock: CountedClock;
  /** The commands that have arrived. */
  readonly received: WireCommand[];
  /** Their names. */
  readonly names: () => readonly string[];
  /** Changes answers. */
  readonly answers: Record<string, Answer>;
  /** Sends a change of the status of a job, and waits for what follows from it. */
  readonly change: (id: string, ...statuses: readonly string[]) => Promise<void>;
  /** Replies to a command that had no reply. */
  readonly reply: (name: string, value?: unknown) => Promise<void>;
}

/** Connects a client. Commands that the table does not have are answered with `{}`. */
export async function serve(answers: Record<string, Answer> = {}): Promise<Served> {
  const clock = new CountedClock();
  const timeouts = { drain: Infinity, flush: Infinity, close: Infinity };
  const { client, monitor } = await session({ clock, timeouts });
  const received: WireCommand[] = [];
  const answerAll = async () => {
    for (;;) {
      const command = await monitor.take();
      received.push(command);
      const answer = (answers[command.execute ?? ''] ?? (() => ({})))(command);
      if (answer === undefined) continue;
      if (!(answer instanceof Refusal)) monitor.reply(command, answer);
      else monitor.send({ error: { class: 'GenericError', desc: answer.desc }, id: command.id });
    }
  };
  void answerAll();
  return {
    client,
    monitor,
    clock,
    received,
    answers,
    names: () => received.map(({ execute }) => execute ?? ''),
    change: async (id, ...statuses) => {
      monitor.send(...statuses.map((status) => eventOf('JOB_STATUS_CHANGE', { id, status })));
      await settle();
    },
    reply: async (name, value = {}) => {
      const command = received.find(({ execute }) => execute === name);
      if (command === undefined) throw new Error(`${name} was not received`);
      monitor.reply(command, value);
      await settle();
    },
  };
}

/** What `query-jobs` says of a job. */
export const jobInfo = (id: string, status: string, current = 0, total = 100, error?: string) => ({
  id,
  type: 'backup',
  status,
  'current-progress': current,
  'total-progress': total,
  ...(error === undefined ? {} : { error }),
});

/** The arguments of the job `b`. */
export const MIRROR = { 'job-id': 'b', device: 'd', target: 't', sync: 'full' } as const;

/** A server with a job `b` that runs, and what `query-jobs` says of it, which a test may change. */
export async function running(options: JobOptions = {}) {
  const state = { job: jobInfo('b', 'running', 0) };
  const served = await serve({ 'query-jobs': () => [state.job] });
  const job = served.client.job('blockdev-mirror', MIRROR, options);
  const settled = job.then(
    () => undefined,
    () => undefined,
  );
  await settle();
  await served.change('b', 'created', 'running');
  const end = async (...statuses: readonly string[]) => {
    const error = statuses.includes('aborting') ? 'Operation canceled' : undefined;
    state.job = jobInfo('b', 'concluded', 100, 100, error);
    await served.change('b', ...statuses, 'concluded');
  };
  return { ...served, job, settled, state, end };
}

/** How often a command has arrived. */
export const count = ({ names }: Pick<Served, 'names'>, name: string) =>
  names().filter((each) => each === name).length;
