/** One job of a scripted server, which behaves like a job of QEMU. */

import { startTimer } from '../../async/timer.ts';
import { ArgumentError } from '../../core/errors.ts';
import { show } from '../../core/shape.ts';
import type { Clock } from '../../core/types.ts';
import type { JsonObject } from '../../codecs/json.ts';
import { CommandFailure } from '../script.ts';
import { ScriptError } from '../script-error.ts';
import { isBlockJob, type ScriptedJobOptions } from './job-script.ts';
import { checkVerb, type JobStatus, type JobVerb } from './job-verbs.ts';

/** A job that a command has started, in the hands of the test. */
export interface ScriptedJob {
  /** The id of the job. */
  readonly id: string;
  /** Its type, as in `query-jobs`. */
  readonly type: string;
  /** Its status, as in `query-jobs`; `null` when it is gone. */
  readonly status: JobStatus;
  /** Its `current-progress`. */
  readonly current: number;
  /** Its `total-progress`. */
  readonly total: number;
  /** Why it failed; `Operation canceled` if it was cancelled; `undefined` if it did not fail. */
  readonly error: string | undefined;
  /**
   * Advances the job. At `total`, it is ready, or it ends, or it fails, as its script says.
   *
   * @param by - How far. Default: one step of its script.
   * @throws {ArgumentError} When `by` is not a number above 0.
   * @throws {ScriptError} When the job does not run: it is paused, ready, or has ended.
   */
  advance(by?: number): void;
  /**
   * Makes the job fail.
   *
   * @param error - Why. Default `Input/output error`.
   * @throws {ScriptError} When the job has ended.
   */
  fail(error?: string): void;
}

/** What a job needs of its server. */
export interface JobPort {
  readonly clock: Clock | undefined;
  emit(event: string, data: JsonObject): void;
}

/** What a job is, and what the client has asked for. */
interface JobFacts {
  readonly id: string;
  readonly type: string;
  readonly autoFinalize: boolean;
  readonly autoDismiss: boolean;
  readonly speed: number;
}

const DEFAULT_TOTAL = 1024 * 1024;
const DEFAULT_STEPS = 4;
/** How many steps have a timer at the same time. */
const MAX_TIMERS = 256;

/** A job, with what the commands of the client do. */
export class Job implements ScriptedJob {
  readonly #facts: JobFacts;
  readonly #options: ScriptedJobOptions;
  readonly #port: JobPort;
  #status: JobStatus = 'null';
  #current = 0;
  #speed: number;
  #error: string | undefined;
  /** Cancel the timers of the next steps. */
  #timers: (() => void)[] = [];
  /** What the client has asked for while the job was paused: `job-complete`. */
  #afterResume: (() => void) | undefined;

  constructor(facts: JobFacts, options: ScriptedJobOptions, port: JobPort) {
    this.#facts = facts;
    this.#options = options;
    this.#port = port;
    this.#speed = facts.speed;
  }

  get id(): string {
    return this.#facts.id;
  }

  get type(): string {
    return this.#facts.type;
  }

  get status(): JobStatus {
    return this.#status;
  }

  get current(): number {
    return this.#current;
  }

  get total(): number {
    return this.#options.total ?? DEFAULT_TOTAL;
  }

  get error(): string | undefined {
    return this.#error;
  }

  get isBlockJob(): boolean {
    return isBlockJob(this.type);
  }

  get #isPaused(): boolean {
    return this.#status === 'paused' || this.#status === 'standby';
  }

  start(): void {
    this.#change('created');
    this.#change('running');
    // QEMU attaches the filter node of a backup while the job is paused.
    if (this.type === 'backup') {
      this.#change('paused');
      this.#change('running');
    }
    this.#schedule();
  }

  advance(by: number = this.#step()): void {
    if (!(typeof by === 'number' && by > 0)) {
      throw new ArgumentError(`advance() needs a number above 0, not ${show(by)}`);
    }
    if (this.#status !== 'running') throw this.#refusal('advance');
    if (this.#current + by < this.total) {
      this.#current += by;
      return;
    }
    if (this.#options.error !== undefined) {
      this.fail(this.#options.error);
      return;
    }
    this.#cancelTimers();
    this.#current = this.total;
    this.#reachEnd();
  }

  fail(error = 'Input/output error'): void {
    if (['aborting', 'concluded', 'null'].includes(this.#status)) throw this.#refusal('fail');
    if (this.isBlockJob) {
      const data = { device: this.id, operation: 'write', action: 'report' };
      this.#port.emit('BLOCK_JOB_ERROR', data);
    }
    this.#abort(error, 'BLOCK_JOB_COMPLETED');
  }

  /** Stops the timer of the job: the server is closed. */
  stop(): void {
    this.#cancelTimers();
  }

  /** Cancels the job, whatever it does, if it has not ended. */
  cancel(): void {
    if (this.#isPaused) this.#change(this.#status === 'paused' ? 'running' : 'ready');
    this.#abort('Operation canceled', 'BLOCK_JOB_CANCELLED');
  }

  /**
   * `block-job-cancel`: without `force`, a paused job cannot be cancelled, and one that is ready ends without an
   * error.
   */
  cancelBlockJob(isForced: boolean): void {
    this.check('cancel');
    if (!isForced && this.#isPaused) {
      throw new CommandFailure(`The block job for device '${this.id}' is currently paused`);
    }
    if (!isForced && this.#status === 'ready') this.#conclude();
    else this.cancel();
  }

  pause(): void {
    this.check('pause');
    if (this.#isPaused) throw new CommandFailure('Job is already paused');
    this.#cancelTimers();
    this.#change(this.#status === 'ready' ? 'standby' : 'paused');
  }

  resume(): void {
    if (!this.#isPaused) throw new CommandFailure("Can't resume a job that was not paused");
    this.check('resume');
    this.#change(this.#status === 'standby' ? 'ready' : 'running');
    this.#afterResume?.();
    if (this.#status === 'running') this.#schedule();
  }

  /** `job-complete`: a job that is paused completes when it is resumed. */
  complete(): void {
    this.check('complete');
    if (this.#status === 'ready') this.#conclude();
    else
      this.#afterResume = () => {
        this.#conclude();
      };
  }

  finalize(): void {
    this.check('finalize');
    this.#finalize();
  }

  dismiss(): void {
    this.check('dismiss');
    this.#change('null');
  }

  setSpeed(speed: number): void {
    this.check('set-speed');
    if (speed < 0) throw new CommandFailure("Parameter 'speed' expects a non-negative value");
    this.#speed = speed;
  }

  /** @throws {CommandFailure} When the job does not accept the verb in its status. */
  check(verb: JobVerb): void {
    checkVerb(this.id, this.#status, verb);
  }

  /** The job as `query-jobs` shows it. */
  info(): JsonObject {
    return {
      id: this.id,
      type: this.type,
      status: this.#status,
      'current-progress': this.#current,
      'total-progress': this.total,
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  /** The job as `query-block-jobs` shows it. */
  blockInfo(): JsonObject {
    return {
      ...this.#blockFacts(),
      busy: this.#status === 'running',
      paused: this.#isPaused,
      ready: this.#status === 'ready' || this.#status === 'standby',
      status: this.#status,
      'io-status': 'ok',
      'auto-finalize': this.#facts.autoFinalize,
      'auto-dismiss': this.#facts.autoDismiss,
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  #blockFacts(): JsonObject {
    const { id, type, total } = this;
    return { device: id, type, len: total, offset: this.#current, speed: this.#speed };
  }

  #step(): number {
    const step = this.total / (this.#options.steps ?? DEFAULT_STEPS);
    // The last step goes to the end, whatever was rounded.
    return Math.max(1, Math.ceil(step));
  }

  /**
   * Starts the timers of the next steps, several at once: a clock that a test moves far ahead does not call those
   * that are started meanwhile.
   */
  #schedule(): void {
    const { interval = 0 } = this.#options;
    const count = Math.ceil((this.total - this.#current) / this.#step());
    const batch = Math.max(1, Math.min(count, MAX_TIMERS));
    this.#timers = Array.from({ length: batch }, (_, index) =>
      startTimer(
        interval * (index + 1),
        () => {
          this.#tick(index === batch - 1);
        },
        this.#port.clock,
      ),
    );
  }

  #tick(isLast: boolean): void {
    this.advance();
    if (isLast && this.#status === 'running') this.#schedule();
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers.splice(0)) cancel();
  }

  #reachEnd(): void {
    if (this.#options.ready ?? this.type === 'mirror') {
      this.#change('ready');
      if (this.isBlockJob) this.#port.emit('BLOCK_JOB_READY', this.#blockFacts());
    } else {
      this.#conclude();
    }
  }

  /** The work is done. */
  #conclude(): void {
    this.#change('waiting');
    this.#change('pending');
    if (this.#facts.autoFinalize) this.#finalize();
    else if (this.isBlockJob) {
      this.#port.emit('BLOCK_JOB_PENDING', { type: this.type, id: this.id });
    }
  }

  #finalize(): void {
    if (this.isBlockJob) this.#port.emit('BLOCK_JOB_COMPLETED', this.#blockFacts());
    this.#end();
  }

  #abort(error: string, event: 'BLOCK_JOB_COMPLETED' | 'BLOCK_JOB_CANCELLED'): void {
    this.#cancelTimers();
    this.#error = error;
    this.#change('aborting');
    if (this.isBlockJob) {
      const why = event === 'BLOCK_JOB_COMPLETED' && { error };
      this.#port.emit(event, { ...this.#blockFacts(), ...why });
    }
    this.#end();
  }

  #end(): void {
    this.#change('concluded');
    if (this.#facts.autoDismiss) this.#change('null');
  }

  #change(status: JobStatus): void {
    this.#status = status;
    this.#port.emit('JOB_STATUS_CHANGE', { id: this.id, status });
  }

  #refusal(verb: string): ScriptError {
    return new ScriptError(`The job '${this.id}' cannot ${verb}: its status is ${this.#status}.`);
  }
}
