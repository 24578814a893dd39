/**
 * One child process: starts it, makes it exit, and reports how it ended. It does not use the pipes.
 */

import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import type { Socket } from 'node:net';
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
import { isError, memberOf } from '../../core/shape.ts';
import { isSocket } from '../socket.ts';
import { guard, unguard } from './orphans.ts';
import { Tail } from './tail.ts';

/** What to start, and how to end it. */
export interface SpawnPlan {
  /** The program, as the user named it. */
  readonly command: string;
  /** The command line that is actually run. */
  readonly argv: readonly [file: string, ...args: string[]];
  readonly options: SpawnOptions;
  /** The file descriptors, in the child, that we read from and write to. */
  readonly ends: readonly [source: number, sink: number];
  /** Whether the captured standard error is also written to ours. */
  readonly isTeed: boolean;
  /** Whether the child is never made to exit. */
  readonly isKept: boolean;
  /** How long the child may take to exit, in ms: by itself, and after a SIGTERM. */
  readonly timeouts: Readonly<Record<'exit' | 'terminate', number>>;
}

/** Our ends of the pipes that the child speaks over; both are the same socket of a socketpair. */
export interface Pipes {
  readonly source: Socket;
  readonly sink: Socket;
}

/**
 * - `running`: the child was not asked to exit;
 * - `exiting` (by itself), `terminating` (by SIGTERM), `killing` (by SIGKILL): the steps to its
 *   exit;
 * - `kept`: the session is over, and the child runs on;
 * - `exited`: the end of its standard error is awaited;
 * - `closed`: everything about its end is known, or it could not be started.
 */
type Stage = 'running' | ExitStep | 'kept' | 'exited' | 'closed';
type ExitStep = 'exiting' | 'terminating' | 'killing';

interface ExitStepPlan {
  readonly signal?: NodeJS.Signals;
  /** The next step, and the deadline after which it follows. */
  readonly next?: { readonly step: ExitStep; readonly after: keyof SpawnPlan['timeouts'] };
}

const EXIT_STEPS: Readonly<Record<ExitStep, ExitStepPlan>> = {
  exiting: { next: { step: 'terminating', after: 'exit' } },
  terminating: { signal: 'SIGTERM', next: { step: 'killing', after: 'terminate' } },
  killing: { signal: 'SIGKILL' },
};

/**
 * The longest time between the events of a child's end: its exit, the end of the stream, the end of
 * standard error. An end is never reported while a descendant of the child holds the other end of
 * the pipe.
 */
export const END_EVENTS_MS = 400;

/** How much of the child's standard error is kept. */
const MAX_STDERR_BYTES = 4096;

/** `stage` is the whole state; only `#enter()`, `#keep()`, 'error' and 'exit' change it. */
export class Child {
  /** Our ends of the pipes; `undefined` when the child could not be started. */
  readonly pipes: Pipes | undefined;

  readonly #plan: SpawnPlan;
  readonly #process: ChildProcess | undefined;
  readonly #stderrTail = new Tail(MAX_STDERR_BYTES);
  readonly #closed = defer<ProcessExit>();
  /** Resolves when the child is closed or kept. */
  readonly #released = defer<undefined>();
  #stage: Stage = 'running';
  #stopTimer = (): void => undefined;
  #reason: WirechartError | undefined;
  #hasFailed = false;

  /** @throws {ArgumentError} When Node rejects the plan. */
  constructor(plan: SpawnPlan) {
    this.#plan = plan;
    this.#process = this.#start();
    if (this.#process?.pid === undefined) return;
    const [source, sink] = plan.ends.map((fd) => this.#process?.stdio[fd]);
    if (isSocket(source) && isSocket(sink)) this.pipes = { source, sink };
    if (!plan.isKept) guard(this);
  }

  /** `undefined` when the child could not be started. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when the child is closed. Never rejects. */
  get exited(): Promise<ProcessExit> {
    return this.#closed.promise;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** How the child ended, as the error for the stream; `undefined` until it is closed. */
  get reason(): WirechartError | undefined {
    return this.#reason;
  }

  /**
   * Whether the child failed by itself: by a signal that was not ours, or an exit code other than
   * 0.
   */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /**
   * Makes the child exit, and waits until it is closed; does not wait if it is kept. Never rejects.
   */
  async shutDown(): Promise<void> {
    if (this.#stage === 'running') this.#exitOrKeep('exiting');
    await this.#released.promise;
  }

  /** Kills the child at once, unless it is kept. */
  abort(): void {
    const isExiting = this.#stage === 'exiting' || this.#stage === 'terminating';
    if (this.#stage === 'running' || isExiting) this.#exitOrKeep('killing');
  }

  /**
   * Sends a signal, and returns whether a process received it. Throws when there is no such signal.
   */
  kill(signal: NodeJS.Signals): boolean {
    // For a child that was never started, Node would signal process 0, which is our own group.
    return this.#process?.pid !== undefined && this.#process.kill(signal);
  }

  #start(): ChildProcess | undefined {
    const { argv, options } = this.#plan;
    const [file, ...args] = argv;
    try {
      const child = spawn(file, args, options);
      child.on('error', this.#onError);
      child.on('exit', this.#onExit);
      child.stderr?.on('data', this.#onStderr);
      return child;
    } catch (error) {
      // A wrong argument is thrown; an error of the system is reported later, like a missing
      // program.
      if (!isError(error) || memberOf(error, 'syscall') === undefined) {
        const text = `The process cannot be started: ${describe(error)}`;
        throw new ArgumentError(text, { cause: error });
      }
      process.nextTick(this.#onError, error);
      return undefined;
    }
  }

  #exitOrKeep(step: ExitStep): void {
    if (this.#plan.isKept) this.#keep();
    else this.#enter(step);
  }

  #enter(step: ExitStep): void {
    const { signal, next } = EXIT_STEPS[step];
    this.#stage = step;
    this.#stopTimer();
    if (signal !== undefined) this.kill(signal);
    if (next === undefined) return;
    this.#stopTimer = startTimer(this.#plan.timeouts[next.after], () => {
      this.#enter(next.step);
    });
  }

  #keep(): void {
    this.#stage = 'kept';
    this.#process?.unref();
    if (isSocket(this.#process?.stderr)) this.#process.stderr.unref();
    this.#released.resolve(undefined);
  }

  readonly #onStderr = (chunk: Uint8Array): void => {
    this.#stderrTail.add(chunk);
    if (this.#plan.isTeed) process.stderr.write(chunk);
  };

  /** Also called when a signal could not be sent, which changes nothing: the next step follows. */
  readonly #onError = (cause: Error): void => {
    if (this.pid === undefined) this.#settle({ exitCode: null, signal: null }, cause);
  };

  readonly #onExit = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
    this.#hasFailed = exitCode !== 0 && this.#stage !== 'terminating' && this.#stage !== 'killing';
    this.#stage = 'exited';
    this.#stopTimer();
    unguard(this);
    const settle = (): void => {
      this.#settle({ exitCode, signal });
    };
    const stderr = this.#process?.stderr;
    if (stderr == null || stderr.closed) {
      settle();
      return;
    }
    stderr.once('close', settle);
    this.#stopTimer = startTimer(END_EVENTS_MS, () => stderr.destroy());
  };

  #settle(end: Omit<ProcessExit, 'stderr'>, cause?: Error): void {
    this.#stopTimer();
    const exit = { ...end, stderr: this.#stderrTail.toString() };
    const error = new ProcessError(this.#plan.command, exit, cause && { cause });
    // An exit with code 0 is an end of the stream like any other, which expectEnd() can announce.
    this.#reason = end.exitCode === 0 ? new ClosedError(error.message, { cause: error }) : error;
    this.#stage = 'closed';
    this.#closed.resolve(exit);
    this.#released.resolve(undefined);
  }
}
