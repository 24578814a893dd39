/**
 * Runs an operation that goes on in the server after the reply to the command that started it, such as a job or a
 * migration: waits for its end, reports its progress, and cancels it when the caller gives up.
 */

import { abortable, whenAborted } from '../../async/abort.ts';
import { markHandled } from '../../async/deferred.ts';
import { startTimer } from '../../async/timer.ts';
import { ClosedError, TimeoutError, type TimeoutPhase } from '../../core/errors.ts';
import { codeOf } from '../../core/shape.ts';
import type { Clock } from '../../core/types.ts';
import { ExecInterruptedError } from '../errors.ts';
import type { EndOfEvents } from '../events/event-wait.ts';
import { Interruption } from '../commands/interruption.ts';
import type { LooseClient } from '../loose-client.ts';
import { ProgressLoop, ProgressReports } from './progress.ts';
import { noteRequest } from '../commands/request.ts';
import type { QmpCommand, QmpEvent } from '../types.ts';

/** What an operation may do while it runs. */
export interface OperationControl {
  /** Whether the operation has been given up. */
  readonly isGivenUp: boolean;
  /** Asks for the progress at once. */
  hurry(): void;
  /** Gives the operation up with this error. */
  fail(error: unknown): void;
}

/** An operation of the server. */
export interface Operation<Progress extends object> {
  /** The command that starts it: its name, and what is sent. */
  readonly command: string;
  readonly request: QmpCommand;
  /** What is run, for errors: `the job 'a'`. */
  readonly description: string;
  readonly phase: TimeoutPhase;
  /** The names of the events that tell how it goes. */
  readonly events: readonly string[];
  /** Starts it. Rejects if it could not be started; then there is nothing to cancel. */
  start(control: OperationControl): Promise<unknown>;
  /** To be called a while after `start()` has resolved. Rejects if the server has started nothing. */
  confirm?(): Promise<void>;
  /** Takes one of its events, also before `start()` has resolved; returns whether it has ended. Must not throw. */
  take(event: QmpEvent, control: OperationControl): boolean;
  /** Asks for the progress. Must not reject. */
  read(): Promise<Progress | undefined>;
  /** Asks the server to cancel it. May reject, if it has just ended. */
  cancel(): Promise<unknown>;
  /** To be called after its end: resolves with the last progress, or rejects with why it has failed. */
  conclude(): Promise<Progress>;
}

/** How an operation is run. */
export interface OperationOptions<Progress extends object> {
  readonly onProgress?: ((progress: Progress) => unknown) | undefined;
  readonly every: number;
  readonly cancelTimeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly timeout?: number | undefined;
}

/**
 * Resolves with the last progress of the operation.
 *
 * @throws What `start()` and `conclude()` reject with.
 * @throws {ExecInterruptedError} When the session ended before the operation did.
 * @throws {HandlerError} When `onProgress` threw, after the operation was cancelled.
 * @throws {TimeoutError} When `timeout` passed, after it was cancelled.
 * @throws `signal.reason`, after it was cancelled. If it succeeds before it is cancelled, the promise resolves.
 */
export function runOperation<Progress extends object>(
  qmp: LooseClient,
  operation: Operation<Progress>,
  options: OperationOptions<Progress>,
): Promise<Progress> {
  return new OperationRun(qmp, operation, options).run();
}

/** How long after the reply to its command an operation must have been announced, in ms. */
const CONFIRM_MS = 2_000;

/** One run of an operation. */
class OperationRun<Progress extends object> {
  readonly #operation: Operation<Progress>;
  readonly #options: OperationOptions<Progress>;
  readonly #clock: Clock;
  readonly #interruption: Interruption;
  readonly #reports: ProgressReports<Progress>;
  readonly #loop: ProgressLoop<Progress>;
  /** Ends the wait for events. */
  readonly #release = new AbortController();
  /** Ends the progress. */
  readonly #over = new AbortController();
  readonly #started: Promise<unknown>;
  readonly #ended: Promise<unknown>;
  #concluded: Promise<Progress> | undefined;

  constructor(
    qmp: LooseClient,
    operation: Operation<Progress>,
    options: OperationOptions<Progress>,
  ) {
    const { signal, timeout, every, onProgress } = options;
    const { clock } = qmp.protocol;
    const explainTimeout = (hasEnded: boolean) => this.#timeoutError(timeout ?? Infinity, hasEnded);
    this.#operation = operation;
    this.#options = options;
    this.#clock = clock;
    this.#interruption = new Interruption({ signal, timeout, clock, explainTimeout });
    this.#reports = new ProgressReports(onProgress);
    const read = () => operation.read();
    this.#loop = new ProgressLoop({ read, every, clock, signal: this.#over.signal });
    const control = this.#createControl();
    // Before the command: its first events may arrive before its reply.
    this.#ended = markHandled(this.#waitForEnd(qmp, control));
    this.#started = markHandled(this.#start(control));
  }

  async run(): Promise<Progress> {
    try {
      return await abortable(this.#runToEnd(), this.#interruption.signal);
    } catch (error) {
      if (!this.#interruption.signal.aborted) throw error;
      return await this.#giveUp();
    } finally {
      this.#over.abort();
      this.#interruption.release();
    }
  }

  async #runToEnd(): Promise<Progress> {
    await this.#started;
    const reported = this.#reportProgress();
    await this.#untilEnd();
    const last = await this.#conclude();
    await reported;
    if (!this.#interruption.signal.aborted) await this.#reports.report(last);
    return last;
  }

  /** Resolves when no callback is being called any more. */
  async #reportProgress(): Promise<void> {
    if (!this.#reports.areWanted) return;
    try {
      await this.#loop.run(this.#reports);
    } catch (error) {
      this.#interruption.fail(error);
    }
  }

  /** Resolves when the operation has ended. Rejects if the server turns out to have started nothing. */
  async #untilEnd(): Promise<void> {
    try {
      await Promise.race([this.#ended, this.#noticeAbsence()]);
    } finally {
      this.#release.abort();
      this.#over.abort();
    }
  }

  /** Does not resolve: an operation that the server knows of ends by its events. */
  async #noticeAbsence(): Promise<never> {
    const { signal } = this.#over;
    await new Promise<void>((resolve) => {
      if (this.#operation.confirm === undefined || signal.aborted) return;
      whenAborted(signal, startTimer(CONFIRM_MS, resolve, this.#clock));
    });
    await this.#operation.confirm?.();
    return new Promise(() => undefined);
  }

  #conclude(): Promise<Progress> {
    this.#concluded ??= markHandled(this.#operation.conclude());
    return this.#concluded;
  }

  /** Cancels the operation, and rejects with the reason when it has ended, or has been waited for long enough. */
  async #giveUp(): Promise<Progress> {
    this.#over.abort();
    const { cancelTimeout } = this.#options;
    const hasEnded = await within(cancelTimeout, this.#cancelToEnd(), this.#clock);
    const last = hasEnded ? await this.#success() : undefined;
    // It was too late to cancel it: then this is what matters.
    if (last !== undefined && !this.#interruption.isFailure) return last;
    throw this.#interruption.reason(hasEnded);
  }

  /** If the server takes longer than the caller waits, this goes on until the session ends. */
  async #cancelToEnd(): Promise<void> {
    try {
      await this.#started;
      await this.#operation.cancel().catch(() => undefined);
      await this.#ended;
      await this.#conclude();
    } catch {
      // It was not started, or it has failed, or the session is over: the caller gets the reason of its own.
    }
  }

  async #success(): Promise<Progress | undefined> {
    try {
      return await this.#concluded;
    } catch {
      return undefined;
    }
  }

  async #start(control: OperationControl): Promise<void> {
    try {
      await this.#operation.start(control);
    } catch (error) {
      this.#release.abort();
      throw error;
    }
  }

  #createControl(): OperationControl {
    const { signal } = this.#interruption;
    return {
      get isGivenUp() {
        return signal.aborted;
      },
      hurry: () => {
        this.#loop.hurry();
      },
      fail: (error) => {
        // The wait notices the end of the session, too, and knows more about it.
        if (!isEndOfSession(error)) this.#interruption.fail(error);
      },
    };
  }

  #waitForEnd(qmp: LooseClient, control: OperationControl): Promise<QmpEvent> {
    const { signal } = this.#interruption;
    const filter = (event: QmpEvent) => this.#operation.take(event, control);
    const atEnd = (end: EndOfEvents) => (signal.aborted ? undefined : this.#interrupted(end));
    const names = this.#operation.events;
    return qmp.waitFor({ names, filter, atEnd }, { signal: this.#release.signal });
  }

  #interrupted({ cause, reason }: EndOfEvents): ExecInterruptedError {
    const { command, description } = this.#operation;
    const text =
      `${command}: the session ended while ${description} was running: ${reason}. ` +
      'It goes on in the server, unless that has ended, too';
    const why = cause ?? new ClosedError(reason, { expected: true });
    return this.#withRequest(new ExecInterruptedError(command, why, text));
  }

  #timeoutError(ms: number, hasEnded: boolean): TimeoutError {
    const { command, description, phase } = this.#operation;
    const { cancelTimeout } = this.#options;
    const text = `${command}: ${description} did not end within ${String(ms)} ms`;
    const rest = hasEnded
      ? ', and was cancelled'
      : `, and is not over another ${String(cancelTimeout)} ms after it was to be cancelled`;
    return this.#withRequest(new TimeoutError(phase, ms, `${text}${rest}`));
  }

  #withRequest<E extends Error>(error: E): E {
    noteRequest(error, this.#operation.request);
    return error;
  }
}

const isEndOfSession = (error: unknown): boolean =>
  ['ERR_QMP_INTERRUPTED', 'ERR_STATE', 'ERR_CLOSED'].includes(codeOf(error) ?? '');

/** Whether the promise, which must not reject, resolves within so many ms. */
function within(ms: number, promise: Promise<unknown>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const expire = () => {
      resolve(false);
    };
    const cancelTimer = startTimer(ms, expire, clock);
    void promise.then(() => {
      cancelTimer();
      resolve(true);
    });
  });
}
