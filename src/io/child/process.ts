/**
 * One child process, with its process group if it leads one: starts it, makes it exit, and reports
 * how it ended. It does not use the pipes.
 */

import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { constants } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import { defer } from '../../async/deferred.ts';
import {
  ArgumentError,
  ClosedError,
  describe,
  isWirechartError,
  ProcessError,
  type ProcessExit,
  type WirechartError,
} from '../../core/errors.ts';
import { startTimer } from '../../async/timer.ts';
import { printable, printableLines } from '../../core/printable.ts';
import { redactText } from '../../core/secrets.ts';
import { isError, memberOf } from '../../core/shape.ts';
import { isSocket } from '../socket.ts';
import { withoutInherited, type Wires } from './descriptors.ts';
import { findHelper } from './environment.ts';
import { ProcessGroup } from './group.ts';
import { guard, unguard } from './orphans.ts';
import { Tail } from './tail.ts';

/** What to start, and how to end it. */
export interface SpawnPlan {
  /** The program, as the user named it. */
  readonly command: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** A helper program that runs it, with the arguments that come before the program. */
  readonly helper: readonly [name: string, ...args: string[]] | undefined;
  readonly options: Omit<SpawnOptions, 'stdio'>;
  /** Returns the child's file descriptors. Throws when one that it is to inherit was closed. */
  readonly wire: () => Wires;
  /** Those of them that we read from and write to; `undefined` when we dial the child. */
  readonly ends: readonly [source: number, sink: number] | undefined;
  /** Whether the captured standard error is also written to ours. */
  readonly isTeed: boolean;
  /** Whether the child is never made to exit. */
  readonly isKept: boolean;
  /** How long the child may take to exit, in ms: by itself, and after a SIGTERM. */
  readonly timeouts: Readonly<Record<'exit' | 'terminate', number>>;
}

/** Our ends of the pipes that the child speaks over; both are the same socket of a socketpair. */
export interface Pipes {
  readonly source: Duplex;
  readonly sink: Duplex;
}

/**
 * What is done about the end of the child, and of its group:
 *
 * - `waiting`: nothing; it was not started yet;
 * - `running`: nothing; it was not asked to exit;
 * - `exiting` (by itself), `terminating` (by SIGTERM), `killing` (by SIGKILL): the steps to its
 *   exit;
 * - `kept`: nothing; the session is over, and the child runs on;
 * - `closed`: nothing more; all of it has ended, or it could not be started.
 */
type Stage = 'waiting' | 'running' | ExitStep | 'kept' | 'closed';
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

/** How the child itself has ended. */
type Exit = Omit<ProcessExit, 'stderr'>;

/**
 * `stage` says what is done about the end; only `#enter()`, `#keep()` and `#close()` change it. How
 * the child itself ended is known earlier than that nothing of its group is left: first it exits,
 * then `reason` is known, then it is closed.
 */
export class Child {
  readonly #plan: SpawnPlan;
  #process: ChildProcess | undefined;
  #group: ProcessGroup | undefined;
  readonly #stderrTail = new Tail(MAX_STDERR_BYTES);
  readonly #started = defer<undefined>();
  readonly #left = defer<undefined>();
  readonly #ended = defer<undefined>();
  readonly #closed = defer<ProcessExit>();
  /** Resolves when the child is closed or kept. */
  readonly #released = defer<undefined>();
  #stage: Stage = 'waiting';
  #stopTimer = (): void => undefined;
  #exit: Exit | undefined;
  #reason: WirechartError | undefined;
  #hasFailed = false;

  constructor(plan: SpawnPlan) {
    this.#plan = plan;
  }

  /**
   * Starts the program, unless the child has been ended before.
   *
   * @throws {ArgumentError} When Node rejects the plan.
   */
  start(): void {
    if (this.#stage !== 'waiting') return;
    this.#process = this.#spawn();
    this.#stage = 'running';
    if (this.#process?.pid === undefined) return;
    if (this.#plan.options.detached === true) this.#group = new ProcessGroup(this.#process.pid);
    if (!this.#plan.isKept) guard(this);
    this.#started.resolve(undefined);
  }

  /** Ends the child without starting it. An error that is not one of ours becomes a cause. */
  refuse(error: Error): void {
    if (this.#stage !== 'waiting') return;
    const exit = { exitCode: null, signal: null };
    this.#end(exit, error);
    this.#close(exit);
  }

  /** Our ends of the pipes; `undefined` when there are none, or the child was not started. */
  get pipes(): Pipes | undefined {
    // Node makes sockets for a program that it cannot start, too.
    if (this.pid === undefined) return undefined;
    const [source, sink] = this.#plan.ends?.map((fd) => this.#process?.stdio[fd]) ?? [];
    return isSocket(source) && isSocket(sink) ? { source, sink } : undefined;
  }

  /** `undefined` when the child was not started. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The program, as the user named it. */
  get command(): string {
    return this.#plan.command;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** How the child itself has exited; `undefined` until then, and when it could not be started. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** The end of what it has said so far, as it is. */
  get output(): string {
    return this.#stderrTail.toString();
  }

  /** The same without secrets. A program may repeat its arguments: QEMU does, secrets included. */
  get stderr(): string {
    return redactText(this.output);
  }

  /** Resolves when the child runs; never, if it could not be started. Never rejects. */
  get started(): Promise<undefined> {
    return this.#started.promise;
  }

  /** Resolves when `exit` is known. Never rejects. */
  get left(): Promise<undefined> {
    return this.#left.promise;
  }

  /** Resolves when `reason` is known. Never rejects. */
  get ended(): Promise<undefined> {
    return this.#ended.promise;
  }

  /** How the child ended, as the error for the stream; `undefined` until that is known. */
  get reason(): WirechartError | undefined {
    return this.#reason;
  }

  /** Resolves when the child is closed. Never rejects. */
  get exited(): Promise<ProcessExit> {
    return this.#closed.promise;
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
    this.refuse(notStarted(this.command));
    await this.#released.promise;
  }

  /** Does not wait any longer for a child that is shut down to exit by itself. */
  terminate(): void {
    if (this.#stage === 'exiting') this.#enter('terminating');
  }

  /** Kills the child at once, unless it is kept. */
  abort(): void {
    const isExiting = this.#stage === 'exiting' || this.#stage === 'terminating';
    if (this.#stage === 'running' || isExiting) this.#exitOrKeep('killing');
    this.refuse(notStarted(this.command));
  }

  /**
   * Sends a signal to the child and to its group, and returns whether a process received it. A child that was
   * not started yet ends by it. Throws when there is no such signal.
   */
  kill(signal: NodeJS.Signals): boolean {
    if (this.#stage === 'waiting') return this.#endUnstarted(signal);
    if (this.#group !== undefined) return this.#group.signal(signal);
    // For a child that was never started, Node would signal process 0, which is our own group.
    return this.#process?.pid !== undefined && this.#process.kill(signal);
  }

  /** The program, its process id and its state, for logs. */
  toString(): string {
    const { command } = this.#plan;
    const name = `command='${printable(command)}'`;
    if (this.#stage === 'waiting') return `${name} waiting`;
    return this.pid === undefined
      ? `${name} could not be started`
      : `${name} pid=${String(this.pid)} ${this.#state}`;
  }

  get #state(): string {
    if (this.#stage !== 'closed') return this.#stage;
    const { exitCode, signal } = this.#exit ?? {};
    return signal == null ? `exitCode=${String(exitCode)}` : `signal=${signal}`;
  }

  #spawn(): ChildProcess | undefined {
    const { options, wire } = this.#plan;
    try {
      const [file, ...args] = commandLineOf(this.#plan);
      // Loaded here, because most programs start no child.
      const { spawn } = process.getBuiltinModule('node:child_process');
      const child = withoutInherited(wire(), (wires) =>
        spawn(file, args, { ...options, stdio: wires }),
      );
      child.on('error', this.#onError);
      child.on('exit', this.#onExit);
      for (const output of outputsOf(this.#plan, child)) this.#keepTail(output);
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
    for (const output of this.#outputs) if (isSocket(output)) output.unref();
    this.#released.resolve(undefined);
  }

  get #outputs(): readonly Readable[] {
    return this.#process === undefined ? [] : outputsOf(this.#plan, this.#process);
  }

  #keepTail(output: Readable): void {
    // A chunk may end within a character.
    const decoder = new TextDecoder();
    output.on('data', (chunk: Uint8Array) => {
      this.#stderrTail.add(chunk);
      if (!this.#plan.isTeed) return;
      process.stderr.write(printableLines(decoder.decode(chunk, { stream: true })));
    });
  }

  /** Also called when a signal could not be sent, which changes nothing: the next step follows. */
  readonly #onError = (cause: Error): void => {
    if (this.pid !== undefined) return;
    const exit = { exitCode: null, signal: null };
    this.#end(exit, cause);
    this.#close(exit);
  };

  #endUnstarted(signal: NodeJS.Signals): boolean {
    if (!Object.hasOwn(constants.signals, signal)) throw new Error(`Unknown signal: ${signal}`);
    const exit = { exitCode: null, signal };
    this.#end(exit);
    this.#close(exit);
    return true;
  }

  readonly #onExit = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
    this.#hasFailed = exitCode !== 0 && this.#stage !== 'terminating' && this.#stage !== 'killing';
    this.#exit = { exitCode, signal };
    this.#left.resolve(undefined);
    const emptied = this.#emptied();
    void this.#follow(this.#exit, emptied);
  };

  /** From the exit of the child to the end of its group. */
  async #follow(exit: Exit, emptied: Promise<void> | undefined): Promise<void> {
    const outputs = this.#outputs;
    await untilClosed(outputs);
    this.#end(exit);
    if (emptied !== undefined) {
      await emptied;
      await untilClosed(outputs);
    }
    for (const output of outputs) output.destroy();
    this.#close(exit);
  }

  /** Resolves when the rest of the group has ended; `undefined` when nothing is left to wait for. */
  #emptied(): Promise<void> | undefined {
    if (this.#plan.isKept || this.#group === undefined || this.#group.isEmpty()) return undefined;
    if (this.#stage === 'running') this.#enter('exiting');
    return this.#group.emptied();
  }

  /** How the child ended is known. */
  #end(exit: Exit, cause?: Error): void {
    const { command } = this.#plan;
    const error = isWirechartError(cause)
      ? cause
      : new ProcessError(command, { ...exit, stderr: this.stderr }, cause && { cause });
    // An exit with code 0 is an end of the stream like any other, which expectEnd() can announce.
    this.#reason =
      exit.exitCode === 0
        ? new ClosedError(`${command} exited with code 0`, { cause: error })
        : error;
    this.#ended.resolve(undefined);
  }

  #close(exit: Exit): void {
    this.#stopTimer();
    unguard(this);
    this.#stage = 'closed';
    this.#closed.resolve({ ...exit, stderr: this.stderr });
    this.#released.resolve(undefined);
  }
}

const notStarted = (command: string): ClosedError =>
  new ClosedError(`${command} was ended before it was started`, { expected: true });

/** The command line that is actually run. */
function commandLineOf({ command, args, helper }: SpawnPlan): [file: string, ...args: string[]] {
  if (helper === undefined) return [command, ...args];
  const [name, ...options] = helper;
  return [findHelper(name), ...options, command, ...args];
}

/** What a child says, as far as it is captured: also on its standard output, if that is no connection. */
const outputsOf = ({ ends }: SpawnPlan, { stdout, stderr }: ChildProcess): readonly Readable[] =>
  [stderr, ends === undefined ? stdout : null].filter((output) => output !== null);

/** Resolves when all of the streams have closed, or after `END_EVENTS_MS`. */
function untilClosed(streams: readonly Readable[]): Promise<void> {
  return new Promise((resolve) => {
    const open = new Set(streams.filter(({ closed }) => !closed));
    if (open.size === 0) {
      resolve();
      return;
    }
    const stopTimer = startTimer(END_EVENTS_MS, resolve);
    for (const stream of open) {
      stream.once('close', () => {
        if (!open.delete(stream) || open.size > 0) return;
        stopTimer();
        resolve();
      });
    }
  });
}
