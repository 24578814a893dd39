/** The jobs of a scripted server, and the commands about them. */

import type { JsonObject, JsonValue } from '../../codecs/json.ts';
import { type Answer, type Call, CommandFailure, type Script } from '../script.ts';
import { ScriptError } from '../script-error.ts';
import { Job, type JobPort } from './job.ts';
import { isBlockJob, type JobScript, jobTypeOf } from './job-script.ts';

/** What QEMU accepts as an id. */
const ID = /^[a-z][\w.-]*$/i;

/** The jobs of a virtual machine. They live on when a client leaves. */
export class JobList {
  readonly #port: JobPort;
  /** By id; of an id that was used again, the latest. */
  readonly #jobs = new Map<string, Job>();

  constructor(port: JobPort) {
    this.#port = port;
  }

  /** Starts the job of a command, and returns the answer to the command. */
  start(script: JobScript, name: string, args: JsonObject): Answer {
    const id = textOf(args['job-id']) ?? textOf(args['device']) ?? '';
    if (!ID.test(id)) return new CommandFailure(`Invalid job ID '${id}'`);
    if (this.#isAlive(id)) return new CommandFailure(`Job ID '${id}' already in use`);
    const type = script.options.type ?? jobTypeOf(name);
    const job = new Job(
      {
        id,
        type,
        autoFinalize: args['auto-finalize'] !== false,
        // Jobs that are no block jobs are always kept for `job-dismiss`.
        autoDismiss: isBlockJob(type) && args['auto-dismiss'] !== false,
        speed: numberOf(args['speed']) ?? 0,
      },
      script.options,
      this.#port,
    );
    this.#jobs.delete(id);
    this.#jobs.set(id, job);
    job.start();
    return {};
  }

  /**
   * Returns the job with this id, also if it is gone; without an id, the one that was started last.
   *
   * @throws {ScriptError} When no command has started one.
   */
  get(id: string | undefined): Job {
    const job = id === undefined ? [...this.#jobs.values()].at(-1) : this.#jobs.get(id);
    if (job !== undefined) return job;
    const ids = [...this.#jobs.keys()].map((each) => `'${each}'`).join(', ');
    throw new ScriptError(
      `There is no job${id === undefined ? '' : ` '${id}'`}: ${ids === '' ? 'no command has started a job' : `there are ${ids}`}. ` +
        'Await next() of the command that starts it.',
    );
  }

  /** Cancels all jobs, as QEMU does before it exits. */
  cancelAll(): void {
    for (const job of this.#listed()) if (job.status !== 'concluded') job.cancel();
  }

  /** Whether a command is about jobs, and there have been some. */
  answers(name: string): boolean {
    return this.#jobs.size > 0 && Object.hasOwn(this.commands(), name);
  }

  /** Stops all timers. */
  stop(): void {
    for (const job of this.#jobs.values()) job.stop();
  }

  /** The scripts of the commands about jobs. */
  commands(): Readonly<Record<string, Script>> {
    return {
      'query-jobs': (): JsonValue => this.#listed().map((job) => job.info()),
      'query-block-jobs': (): JsonValue => {
        const jobs = this.#listed().filter((job) => job.isBlockJob);
        return jobs.map((job) => job.blockInfo());
      },
      'job-cancel': this.#each('id', (job) => {
        job.check('cancel');
        job.cancel();
      }),
      'block-job-cancel': this.#eachBlockJob('device', (job, { force }) => {
        job.cancelBlockJob(force === true);
      }),
      'block-job-set-speed': this.#eachBlockJob('device', (job, { speed }) => {
        job.setSpeed(numberOf(speed) ?? 0);
      }),
      ...this.#both('pause', 'device'),
      ...this.#both('resume', 'device'),
      ...this.#both('complete', 'device'),
      ...this.#both('finalize', 'id'),
      ...this.#both('dismiss', 'id'),
    };
  }

  /** `job-VERB`, and `block-job-VERB`, whose argument may have another name. */
  #both(
    verb: 'pause' | 'resume' | 'complete' | 'finalize' | 'dismiss',
    argument: string,
  ): Readonly<Record<string, Script>> {
    const apply = (job: Job): void => {
      job[verb]();
    };
    return {
      [`job-${verb}`]: this.#each('id', apply),
      [`block-job-${verb}`]: this.#eachBlockJob(argument, apply),
    };
  }

  #each(argument: string, apply: (job: Job, args: JsonObject) => void): Script {
    return ({ arguments: args }: Call): Answer => {
      const id = textOf(args[argument]);
      if (id === undefined) return missing(argument);
      const job = this.#isAlive(id) ? this.#jobs.get(id) : undefined;
      if (job === undefined) return new CommandFailure('Job not found');
      apply(job, args);
      return {};
    };
  }

  #eachBlockJob(argument: string, apply: (job: Job, args: JsonObject) => void): Script {
    return ({ arguments: args }: Call): Answer => {
      const id = textOf(args[argument]);
      if (id === undefined) return missing(argument);
      const job = this.#isAlive(id) ? this.#jobs.get(id) : undefined;
      if (!job?.isBlockJob) {
        return new CommandFailure(`Block job '${id}' not found`, 'DeviceNotActive');
      }
      apply(job, args);
      return {};
    };
  }

  /** The jobs that are not gone, the newest first, as QEMU lists them. */
  #listed(): readonly Job[] {
    return [...this.#jobs.values()].filter(({ status }) => status !== 'null').reverse();
  }

  #isAlive(id: string): boolean {
    return (this.#jobs.get(id)?.status ?? 'null') !== 'null';
  }
}

const missing = (argument: string): CommandFailure =>
  new CommandFailure(`Parameter '${argument}' is missing`);

const textOf = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const numberOf = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
