/** One job, from the command that creates it to its dismissal. */

import type { JsonValue } from '../../codecs/json.ts';
import { handlerError } from '../../core/errors.ts';
import { memberOf } from '../../core/shape.ts';
import { JobError } from './job-errors.ts';
import { jobIn, type KnownJob, numberIn, progressOf, textIn } from './job-progress.ts';
import type { JobOptions, JobProgress } from './job-types.ts';
import type { LooseClient } from '../loose-client.ts';
import type { Operation, OperationControl } from './operation.ts';
import { noteRequest } from '../commands/request.ts';
import type { QmpCommand, QmpEvent } from '../types.ts';

/**
 * The commands whose jobs vanish when they end, unless told otherwise. The jobs of others, such as `blockdev-create`
 * and `snapshot-save`, stay until they are dismissed.
 */
const DISMISS_THEMSELVES = new Set([
  'block-commit',
  'block-stream',
  'blockdev-backup',
  'blockdev-mirror',
  'drive-backup',
  'drive-mirror',
]);

/** The statuses of a job; nothing else is remembered. */
const STATUSES = new Set([
  'created',
  'running',
  'paused',
  'ready',
  'standby',
  'waiting',
  'pending',
  'aborting',
  'concluded',
  'null',
]);

const ABSENT =
  'the server has replied, and has no such job (no JOB_STATUS_CHANGE, and not in query-jobs)';

/** What is to be run. */
export interface JobOrder {
  readonly command: string;
  readonly args: object;
  readonly onReady: JobOptions['onReady'];
}

/** A job of the server. */
export class JobOperation implements Operation<JobProgress> {
  readonly phase = 'job';
  readonly events = ['JOB_STATUS_CHANGE', 'BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'];
  readonly command: string;
  readonly request: QmpCommand;
  readonly description: string;
  readonly #qmp: LooseClient;
  readonly #id: string;
  readonly #args: object;
  readonly #onReady: NonNullable<JobOptions['onReady']>;
  /** The statuses that the job has had. */
  readonly #seen = new Set<string>();
  /** The data of the last event of a block job. */
  #blockJob: unknown;

  constructor(qmp: LooseClient, { command, args, onReady = 'complete' }: JobOrder) {
    const given = memberOf(args, 'job-id');
    const id = typeof given === 'string' ? given : newId(command);
    const stays = onReady !== 'resolve' && DISMISS_THEMSELVES.has(command);
    // Kept until it is dismissed, because its error can be read only then.
    const kept = stays ? { 'auto-dismiss': false } : {};
    this.#qmp = qmp;
    this.command = command;
    this.description = `the job '${id}'`;
    this.#id = id;
    this.#args = { ...kept, ...args, 'job-id': id };
    this.request = { execute: command, arguments: this.#args };
    this.#onReady = onReady;
  }

  start(): Promise<JsonValue> {
    // Its own deadline would leave a job behind that nothing cancels.
    return this.#qmp.execute(this.command, this.#args, { timeout: Infinity });
  }

  /** Of a job that was not announced, and is not there, nothing would ever be heard. */
  async confirm(): Promise<void> {
    if (this.#seen.size > 0) return;
    const jobs = await this.#qmp.execute('query-jobs').catch(() => undefined);
    if (jobs === undefined || jobIn(jobs, this.#id) !== undefined || this.#seen.size > 0) return;
    throw this.#failure(ABSENT, '');
  }

  take({ event, data }: QmpEvent, control: OperationControl): boolean {
    if (event !== 'JOB_STATUS_CHANGE') {
      if (memberOf(data, 'device') === this.#id) this.#blockJob = data;
      return false;
    }
    const status = memberOf(data, 'status');
    if (memberOf(data, 'id') !== this.#id || typeof status !== 'string') return false;
    // What comes before is of an older job of the same id.
    if (status !== 'created' && !this.#seen.has('created')) return false;
    return this.#change(status, control);
  }

  async read(): Promise<JobProgress | undefined> {
    return (await this.#find())?.progress;
  }

  cancel(): Promise<JsonValue> {
    return this.#qmp.execute('job-cancel', { id: this.#id });
  }

  async conclude(): Promise<JobProgress> {
    const job = await this.#find();
    if (job?.progress.status === 'concluded') await this.#dismiss();
    if (this.#seen.has('aborting')) throw this.#error(job);
    return job?.progress ?? this.#lastProgress();
  }

  /** Notes the status; returns whether the job has ended, for its caller. */
  #change(status: string, control: OperationControl): boolean {
    const isNew = STATUSES.has(status) && !this.#seen.has(status);
    if (isNew) this.#seen.add(status);
    control.hurry();
    if (status === 'concluded' || status === 'null') return true;
    if (control.isGivenUp || !isNew) return false;
    if (status === 'pending' && memberOf(this.#args, 'auto-finalize') === false) {
      void this.#try(() => this.#qmp.execute('job-finalize', { id: this.#id }), control);
    }
    if (status !== 'ready') return false;
    if (this.#onReady === 'resolve') return true;
    void this.#try(() => this.#atReady(control), control);
    return false;
  }

  /** A mirror is ready again and again, whenever it was paused: this is for the first time only. */
  async #atReady(control: OperationControl): Promise<void> {
    const action = await this.#chooseAction();
    if (control.isGivenUp || this.#hasEnded) return;
    // Without `force`, it ends the job of a mirror in sync, and does not fail it.
    if (action === 'stop') await this.#qmp.execute('block-job-cancel', { device: this.#id });
    else await this.#qmp.execute('job-complete', { id: this.#id });
  }

  async #chooseAction(): Promise<unknown> {
    if (typeof this.#onReady !== 'function') return this.#onReady;
    const progress = (await this.read()) ?? this.#lastProgress('ready');
    try {
      return await this.#onReady(progress);
    } catch (error) {
      throw handlerError('onReady', error);
    }
  }

  /** What fails gives the job up, unless it has failed because the job has just ended. */
  async #try(action: () => Promise<unknown>, control: OperationControl): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!this.#hasEnded) control.fail(error);
    }
  }

  get #hasEnded(): boolean {
    return this.#seen.has('concluded') || this.#seen.has('null');
  }

  /** The session may end, and a deadline of all commands may pass: then nothing is known. */
  async #find(): Promise<KnownJob | undefined> {
    try {
      return jobIn(await this.#qmp.execute('query-jobs'), this.#id);
    } catch {
      return undefined;
    }
  }

  async #dismiss(): Promise<void> {
    try {
      await this.#qmp.execute('job-dismiss', { id: this.#id });
    } catch {
      // Another client has dismissed it, or the session has ended.
    }
  }

  #error(job: KnownJob | undefined): JobError {
    const description = job?.error ?? textIn(this.#blockJob, 'error') ?? 'it was cancelled';
    return this.#failure(description, (job?.progress ?? this.#lastProgress()).type);
  }

  #failure(description: string, type: string): JobError {
    const error = new JobError({ id: this.#id, command: this.command, type, description });
    noteRequest(error, this.request);
    return error;
  }

  /** What the events say of a job that is not there any more. */
  #lastProgress(status = 'concluded'): JobProgress {
    return progressOf({
      id: this.#id,
      type: textIn(this.#blockJob, 'type') ?? '',
      status,
      current: numberIn(this.#blockJob, 'offset'),
      total: numberIn(this.#blockJob, 'len'),
    });
  }
}

/** An id that no other client uses: QEMU allows letters, digits, `-`, `.` and `_`, after a letter. */
function newId(command: string): string {
  const random = Math.random().toString(36).slice(2, 12);
  return `${command.replaceAll(/[^a-z-]/gi, '')}-${random}`;
}
