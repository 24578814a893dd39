/** The errors of operations that go on in the server after the reply to their command. */

import type { JsonObject } from '../../codecs/json.ts';
import { WirechartError } from '../../core/errors.ts';
import { cutText, printable } from '../../core/printable.ts';
import { setSaid } from '../../core/printed-error.ts';
import { keptText } from '../kept.ts';

/** What is known of a job that has failed. */
export interface FailedJob {
  /** The job's id. */
  readonly id: string;
  /** The command that started it. */
  readonly command: string;
  /** What kind of job it was: `backup`, `mirror`, `create`, … */
  readonly type: string;
  /** Why it failed, in the server's words. */
  readonly description: string;
}

/** A job that `QmpClient.job()` started has failed, or another client has cancelled it. The session goes on. */
export class JobError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'JobError';

  readonly code = 'ERR_QMP_JOB';
  /** The id of the job. */
  readonly id: string;
  /** The command that started it. */
  readonly command: string;
  /** What kind of job it was: `backup`, `mirror`, `commit`, `stream`, `create`, `snapshot-save`, … */
  declare readonly type: string;
  /**
   * Why it failed, in the server's words (of a huge text, the first 16 384 characters): for a person, not for parsing.
   * In `message` it is cut and escaped.
   */
  declare readonly description: string;
  /** As `ExecuteError.request`. */
  declare readonly request?: JsonObject;

  constructor({ id, command, type, description }: FailedJob) {
    super(`${command}: the job '${id}' failed: ${printable(cutText(description))}`);
    this.id = id;
    this.command = command;
    setSaid(this, 'type', keptText(type));
    setSaid(this, 'description', keptText(description));
  }
}

/** A migration that `QmpClient.migrate()` started has failed, or another client has cancelled it. The session goes on. */
export class MigrationError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'MigrationError';

  readonly code = 'ERR_QMP_MIGRATION';
  /** How it has ended: `failed` or `cancelled`. */
  readonly status: 'failed' | 'cancelled';
  /**
   * Why it failed, in the server's words (of a huge text, the first 16 384 characters): for a person, not for parsing.
   * In `message` it is cut and escaped.
   */
  declare readonly description: string;
  /** As `ExecuteError.request`. */
  declare readonly request?: JsonObject;

  constructor(status: MigrationError['status'], description: string) {
    super(
      `migrate: the migration ${status === 'failed' ? 'failed' : 'was cancelled'}: ${printable(cutText(description))}`,
    );
    this.status = status;
    setSaid(this, 'description', keptText(description));
  }
}
