/**
 * One child process: how it is started, how it is asked to leave, and how it ended.
 *
 * It knows nothing of what is said over its pipes. Its life is one `stage`, and `#enter()` and the
 * two ends of a process, 'error' and 'exit', are all that changes it.
 */

import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { Socket } from 'node:net';
import { defer } from '../../async/deferred.ts';
import {
  ArgumentError,
  ClosedError,
  describe,
  ProcessError,
  type ProcessExit,
  type WirechartError,
} from '../../core/errors.ts';
import { startTimer } from '../../async/timer.ts';
import { guard, unguard } from './orphans.ts';
import { Tail } from './tail.ts';

/** What to start, and how to end it. */
export interface SpawnPlan {
  /** The program, as the user named it. */
  readonly command: string;
  /** What is really run. */
  readonly argv: readonly [file: string, ...args: string[]];
  readonly options: SpawnOptions;
  /** The file descriptors, in the child, that we read from and write to. */
  readonly ends: readonly [source: number, sink: number];
  /** Whether what is captured of its standard error goes to ours, too. */
  readonly isTeed: boolean;
  /** Whether it is left alone. */
  readonly isKept: boolean;
  /** How long it may take to exit, in ms: by itself, and when it has got a SIGTERM. */
  readonly patience: Readonly<Record<'exit' | 'terminate', number>>;
}

/** Our ends of what the child speaks over: two streams, or twice the same. */
export interface Pipes {
  readonly source: Socket;
  readonly sink: Socket;
}

/**
 * `running` until somebody wants it to end; then up the ladder, from `leaving` (by itself) to
 * `terminating` (SIGTERM) and `killing` (SIGKILL), or aside, to `kept`; `exited` while its last words
 * are waited for; `gone` when all is known.
 */
type Stage = 'running' | ExitStep | 'kept' | 'exited' | 'gone';
type ExitStep = 'leaving' | 'terminating' | 'killing';

interface Step {
  readonly signal?: NodeJS.Signals;
  /** Where it goes on, and after which deadline. */
  readonly next?: { readonly rung: ExitStep; readonly after: keyof SpawnPlan['patience'] };
}

const EXIT_STEPS: Readonly<Record<ExitStep, Step>> = {
  leaving: { next: { rung: 'terminating', after: 'exit' } },
  terminating: { signal: 'SIGTERM', next: { rung: 'killing', after: 'terminate' } },
  killing: { signal: 'SIGKILL' },
};

/**
 * How long one sign of the end may come after the other, in ms: the exit, the end of the stream, the
 * end of standard error. They do not come at all where a descendant of the child holds the other end.
 */
export const LINGER_MS = 400;

/** How much of standard error is kept, in bytes. */
const MAX_STDERR_BYTES = 4096;

/** See the module's comment. */
export class Child {
  /** Our ends; `undefined` when it could not be started. */
  readonly pipes: Pipes | undefined;

  readonly #plan: SpawnPlan;
  readonly #process: ChildProcess | undefined;
  readonly #words = new Tail(MAX_STDERR_BYTES);
  readonly #gone = defer<ProcessExit>();
  readonly #over = defer<undefined>();
  #stage: Stage = 'running';
  #stopTimer = (): void => undefined;
  #reason: WirechartError | undefined;
  #failed = false;

  /** @throws {ArgumentError} When Node does not take the plan. */
  constructor(plan: SpawnPlan) {
    this.#plan = plan;
    this.#process = this.#start();
    if (this.#process?.pid === undefined) return;
    const [source, sink] = plan.ends.map((fd) => this.#process?.stdio[fd]);
    if (source instanceof Socket && sink instanceof Socket) this.pipes = { source, sink };
    if (!plan.isKept) guard(this);
  }

  /** `undefined` when it could not be started. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when it is gone, and all is known. Never rejects. */
  get exited(): Promise<ProcessExit> {
    return this.#gone.promise;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** Why there is nobody to speak with any more; `undefined` until it is gone. */
  get reason(): WirechartError | undefined {
    return this.#reason;
  }

  /** Whether it came to grief by itself: a signal that was not ours, or an exit code that is not 0. */
  get hasFailed(): boolean {
    return this.#failed;
  }

  /** Waits until it is gone, and sees to it; of one that is to be kept, lets go. Never rejects. */
  async leave(): Promise<void> {
    if (this.#stage === 'running') this.#leaveOrKeep('leaving');
    await this.#over.promise;
  }

  /** Ends it at once; of one that is to be kept, lets go. */
  end(): void {
    const isUp = this.#stage === 'leaving' || this.#stage === 'terminating';
    if (this.#stage === 'running' || isUp) this.#leaveOrKeep('killing');
  }

  /** Sends a signal; whether there was somebody to get it. Throws when there is no such signal. */
  kill(signal: NodeJS.Signals): boolean {
    // Node would signal process 0, which is our own group, for one that was never started.
    return this.#process?.pid !== undefined && this.#process.kill(signal);
  }

  #start(): ChildProcess | undefined {
    const { argv, options } = this.#plan;
    const [file, ...args] = argv;
    try {
      const child = spawn(file, args, options);
      child.on('error', this.#onError);
      child.on('exit', this.#onExit);
      child.stderr?.on('data', this.#onWords);
      return child;
    } catch (error) {
      // A mistake of the caller's is thrown; what the system says is told as a missing program is.
      if (!(error instanceof Error && 'syscall' in error)) {
        const text = `The process cannot be started: ${describe(error)}`;
        throw new ArgumentError(text, { cause: error });
      }
      process.nextTick(this.#onError, error);
      return undefined;
    }
  }

  #leaveOrKeep(rung: ExitStep): void {
    if (this.#plan.isKept) this.#keep();
    else this.#enter(rung);
  }

  #enter(rung: ExitStep): void {
    const { signal, next } = EXIT_STEPS[rung];
    this.#stage = rung;
    this.#stopTimer();
    if (signal !== undefined) this.kill(signal);
    if (next === undefined) return;
    this.#stopTimer = startTimer(this.#plan.patience[next.after], () => {
      this.#enter(next.rung);
    });
  }

  #keep(): void {
    this.#stage = 'kept';
    this.#process?.unref();
    if (this.#process?.stderr instanceof Socket) this.#process.stderr.unref();
    this.#over.resolve(undefined);
  }

  readonly #onWords = (chunk: Uint8Array): void => {
    this.#words.add(chunk);
    if (this.#plan.isTeed) process.stderr.write(chunk);
  };

  /** Also called when a signal could not be sent, which changes nothing: the ladder goes on. */
  readonly #onError = (cause: Error): void => {
    if (this.pid === undefined) this.#settle({ exitCode: null, signal: null }, cause);
  };

  readonly #onExit = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
    this.#failed = exitCode !== 0 && this.#stage !== 'terminating' && this.#stage !== 'killing';
    this.#stage = 'exited';
    this.#stopTimer();
    unguard(this);
    const settle = (): void => {
      this.#settle({ exitCode, signal });
    };
    const words = this.#process?.stderr;
    if (words == null || words.closed) {
      settle();
      return;
    }
    words.once('close', settle);
    this.#stopTimer = startTimer(LINGER_MS, () => words.destroy());
  };

  #settle(end: Omit<ProcessExit, 'stderr'>, cause?: Error): void {
    this.#stopTimer();
    const exit = { ...end, stderr: this.#words.toString() };
    const error = new ProcessError(this.#plan.command, exit, cause && { cause });
    // An exit without a fault is an end of the stream like any other: one that may be announced.
    this.#reason = end.exitCode === 0 ? new ClosedError(error.message, { cause: error }) : error;
    this.#stage = 'gone';
    this.#gone.resolve(exit);
    this.#over.resolve(undefined);
  }
}
