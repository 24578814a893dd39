/** The end of a child process, as an error. */

import { describe } from './describe.ts';
import { setSaid } from './printed-error.ts';
import { WirechartError } from './wirechart-error.ts';

/** How a process ended. Exit code and signal are both `null` when it could not be started. */
export interface ProcessExit {
  /** Its exit code; `null` when a signal ended it. */
  readonly exitCode: number | null;
  // Not Node's type of signals: browsers have this module, too.
  /** The signal that ended it, such as `SIGTERM`, or `null`. */
  readonly signal: `SIG${string}` | null;
  /** The last 4096 bytes of its standard error, if that was captured, without what looks like a secret. */
  readonly stderr: string;
}

/**
 * The child process could not be started (`cause` says why), or has ended; `message` says how, and ends
 * with the last words of its standard error. It is `retryable` unless the program is missing or cannot be executed (exit codes
 * 126 and 127 mean the same). A retry needs a new process.
 */
export class ProcessError extends WirechartError implements ProcessExit {
  /** @internal */
  static override readonly name: string = 'ProcessError';

  readonly code = 'ERR_PROCESS';
  /** The program, as given to `spawnPeer()`. */
  readonly command: string;
  readonly exitCode: number | null;
  readonly signal: `SIG${string}` | null;
  declare readonly stderr: string;

  constructor(command: string, exit: ProcessExit, options?: ErrorOptions) {
    const words = lastWords(exit.stderr);
    super(`${command} ${fateOf(exit, options)}${words && `: ${words}`}`, options);
    this.command = command;
    this.exitCode = exit.exitCode;
    this.signal = exit.signal;
    setSaid(this, 'stderr', exit.stderr);
  }
}

/** How much of a standard error a message shows, in characters; `stderr` has all that was kept. */
const MAX_SHOWN_STDERR = 500;

/** The end of a standard error, from the beginning of a line on, if it has several. */
export function lastWords(stderr: string): string {
  const text = stderr.trim();
  if (text.length <= MAX_SHOWN_STDERR) return text;
  const end = text.slice(-MAX_SHOWN_STDERR);
  return `… ${end.slice(end.indexOf('\n') + 1).replace(/^[\udc00-\udfff]/, '')}`;
}

function fateOf({ exitCode, signal }: ProcessExit, options: ErrorOptions | undefined): string {
  if (signal !== null) return `was ended by ${signal}`;
  if (exitCode !== null) return `exited with code ${String(exitCode)}`;
  return `could not be started: ${describe(options?.cause)}`;
}
