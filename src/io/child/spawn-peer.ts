/** Starts a program as a peer, and returns the address to connect to it. */

import type { Duplex } from 'node:stream';
import { ArgumentError, describe, type ProcessExit, textOf } from '../../core/errors.ts';
import { resolveNumbers } from '../../core/limits.ts';
import { checkNames, type Names } from '../../core/options.ts';
import type { Address, StreamAddress } from '../../core/types.ts';
import { ignoreLateErrors } from '../dial.ts';
import { environmentOf } from './environment.ts';
import { type InheritedDescriptor, wiringOf } from './wiring.ts';
import { type ListeningChild, parseListens, startWhenFree } from './listening.ts';
import { ListeningStream } from './listening-stream.ts';
import { Child, type SpawnPlan } from './process.ts';
import { ChildStream } from './stream.ts';

/** The options of `spawnPeer()`. */
export interface SpawnPeerOptions {
  /**
   * What the child speaks over. `socketpair` (the default): the file descriptor `fd` of the child
   * is one end of a pair of connected UNIX sockets; its standard input and output are empty.
   * `stdio`: its standard input and output.
   */
  readonly stdio?: 'socketpair' | 'stdio' | undefined;
  /**
   * The number of that file descriptor, from 3 to 255. Default 3. `{ reads, writes }`: two of them, one that the
   * child reads from and one that it writes to, such as 3 and 4 for Chromium's `--remote-debugging-pipe`. Not
   * with `stdio: 'stdio'`.
   */
  readonly fd?: number | { readonly reads: number; readonly writes: number } | undefined;
  /**
   * The child listens at this address, and is dialed there, instead of inheriting a connection: `connect()`
   * tries until the child listens, within `timeouts.connect`. A stream cannot be given. A relative path is
   * one of our working directory.
   *
   * A function is called until it returns the address: for a child that chooses the address itself, and says
   * it in its standard error or in a file. Return `undefined`, or throw an error of code `ENOENT`, as long as it
   * is not known. It may return a promise. Anything else that it throws fails the attempt.
   *
   * Not with `stdio` and `fd`. The child's standard input is empty, and its standard output is treated as, and
   * mixed with, its standard error.
   */
  readonly listens?: ChildAddress | ListensFunction | undefined;
  /**
   * Further file descriptors that the child inherits, by their numbers in the child, from 3 to 255: a number
   * of ours, or something that has one, such as an open `Socket`, `Server` or `FileHandle`. It stays ours:
   * close it when the child has been started, which is at once, and with `listens` not before `connect()`
   * has settled.
   */
  readonly fds?: Readonly<Record<number, InheritedDescriptor>> | undefined;
  /**
   * The child's standard error. `capture` (the default): it is read, and its last 4 KiB are kept
   * for `exited` and for errors. `tee`: as `capture`, and also written to ours. `inherit`: it is
   * ours, and nothing is kept. `ignore`: it is discarded.
   */
  readonly stderr?: 'capture' | 'tee' | 'inherit' | 'ignore' | undefined;
  /** The child's working directory. Default: ours. */
  readonly cwd?: string | URL | undefined;
  /**
   * The child's whole environment. Default: ours. `'minimal'`: of ours only PATH, HOME, USER, LOGNAME,
   * TMPDIR, TZ, LANG and LC_*, so that neither secrets nor variables that load code into a program
   * (`NODE_OPTIONS`, `LD_PRELOAD`) reach the child. On Windows these are PATH, PATHEXT, SystemRoot,
   * SystemDrive, windir, TEMP, TMP, USERNAME, USERPROFILE, TZ and LANG.
   */
  readonly env?: NodeJS.ProcessEnv | 'minimal' | undefined;
  /** How long the end of the child may take. */
  readonly timeouts?: SpawnTimeouts | undefined;
  /**
   * Give the child a process group of its own, which is then signalled and awaited as a whole: what
   * the child has started ends with it, as does the real peer behind a shell, `npx` or another
   * wrapper. A Ctrl-C in a terminal then reaches only our process, which can end the session before
   * the child. Not covered are descendants that have left the group (daemons). The child has no
   * terminal: set it to false for a program that asks for a password there. Default true, and false
   * on Windows, which has no process groups.
   */
  readonly group?: boolean | undefined;
  /**
   * Leave the child running: neither the end of a session nor the end of our process ends it, only
   * `kill()` does. After the session it does not keep our process alive. (If we captured its
   * standard error, its later writes there fail once we have exited.) Default false.
   */
  readonly keep?: boolean | undefined;
  /**
   * Have the kernel kill the child when our process, or the thread that called `spawnPeer()`, ends
   * in any way, SIGKILL included. Linux only: it needs `setpriv` of util-linux on our PATH (not on that
   * of `env`). Not covered are the millisecond until `setpriv` has run, programs that are set-user-ID or have file
   * capabilities, and descendants of the child. A missing program then exits with code 127, instead
   * of failing to start. Default false.
   */
  readonly deathSignal?: boolean | undefined;
}

/**
 * Deadlines for the end of a child, in milliseconds; `Infinity` turns one off. When the protocol's
 * own `timeouts.close` (2 000 by default) has passed, the child is killed in any case: to give the
 * child more time, raise that one too.
 */
export interface SpawnTimeouts {
  /**
   * From the end of our side of the stream until a SIGTERM, if the child still runs. Default 500. A child with
   * `listens` gets the SIGTERM before, as soon as it has ended its side of the connection, too.
   */
  readonly exit?: number | undefined;
  /** From SIGTERM until SIGKILL. Default 1 000. */
  readonly terminate?: number | undefined;
}

/** Where a child listens: an address to dial, of any form but a stream. */
export type ChildAddress = Exclude<Address, StreamAddress>;

/** Says where a child listens, as soon as that is known. See `listens` in `SpawnPeerOptions`. */
export type ListensFunction = (
  child: ListeningChild,
) => ChildAddress | undefined | Promise<ChildAddress | undefined>;

/** A program that `spawnPeer()` has started. Its members can be destructured. */
export interface SpawnedPeer {
  /**
   * The address for `connect()`, for one session: the end of the stream is the end of the child.
   */
  readonly address: { readonly stream: Duplex };
  /**
   * The process id, and that of the group; `undefined` when the program could not be started. With `listens`, the
   * program is started shortly after the call, when nothing else listens at the address.
   */
  readonly pid: number | undefined;
  /**
   * Resolves when the child has exited and no process of its group is left, or when it could not be
   * started; with `keep`, when the child itself has exited. Never rejects.
   */
  readonly exited: Promise<ProcessExit>;
  /**
   * Sends a signal to the child and its group, by default SIGTERM. A session that ends because of it
   * has failed. A child that was not started yet is not started any more.
   *
   * @returns Whether a process received it, or would have.
   * @throws {ArgumentError} When there is no such signal.
   */
  readonly kill: (signal?: NodeJS.Signals) => boolean;
  /**
   * Returns a short text for logs: the program, its process id, and its state. `waiting` (to be started),
   * `running` and, on the way to its end, `exiting`, `terminating` (by SIGTERM) or `killing` (by SIGKILL); or how it ended.
   */
  toString(): string;
}

const OPTIONS: Names<SpawnPeerOptions> = {
  stdio: true,
  fd: true,
  stderr: true,
  cwd: true,
  env: true,
  timeouts: true,
  group: true,
  keep: true,
  deathSignal: true,
  listens: true,
  fds: true,
};
const EXIT_TIMEOUTS_MS = { exit: 500, terminate: 1000 };

/**
 * Starts a program that inherits a connected socket, and returns the address of that connection: no
 * path has to be agreed on, and nothing has to wait until the program listens. With `listens`, the program
 * listens at an address of its own, and the returned address leads there as soon as it does.
 *
 * - When the program cannot be started, or exits before the session runs, `connect()` rejects with
 *   a `ConnectError` that has a `ProcessError` in its chain of causes. (Without a handshake, a
 *   session runs as soon as the program does.)
 * - When the program exits later, the session fails with a `ProcessError` in the chain of causes,
 *   after everything that it wrote has been read. With exit code 0, this is the end of the stream
 *   like any other: a clean one if it was announced (`expectEnd()`, QMP's `quit`).
 * - `disconnect()` resolves when the program has ended, with everything in its process group: it
 *   ends the stream, and what does not exit by itself gets a SIGTERM, and then a SIGKILL (see
 *   `timeouts`). A forced disconnect, a failed attempt to connect and the stop of the machine kill it
 *   at once. In these cases its exit code is no failure. When the program exits by itself and leaves
 *   processes in its group, they are ended in the same steps.
 * - It does not outlive our process: it is killed when we exit by `process.exit()`, by an exception,
 *   or, as soon as the event loop turns, by a signal that ends us (such as SIGINT, SIGTERM, SIGHUP,
 *   SIGQUIT and SIGUSR2) and has no listener. Code that listens to the signal has to exit, or to
 *   disconnect the peers, itself. After a SIGKILL, a SIGPROF, a crash of Node or `process.abort()` the
 *   child runs on, unless `deathSignal` is set. In a worker thread only the exit of that thread counts.
 * - With `listens`, an attempt fails as soon as the program has ended, and with an error of code `EADDRINUSE` in
 *   the chain of causes, without starting it, when another process listens at the address already, or a file is
 *   there that is no socket. A socket file that no process serves is removed. Who listens is not checked any more
 *   once the program has been started. Such a program does not exit because a connection has ended, so
 *   `disconnect()` sends the SIGTERM as soon as the connection has ended in both directions.
 * - A program that makes a daemon of itself (QEMU with `-daemonize`) ends the session with an error
 *   that says so, and runs on, out of reach.
 *
 * On Windows there are no process groups and no signals (a signal ends the program at once), and only
 * programs made with Node can use a socketpair: use `stdio: 'stdio'` for others.
 *
 * @param command - The program: a path, or a name to search for on the PATH of `env`. No shell is used.
 * @param args - Its arguments.
 * @throws {ArgumentError} When an argument or an option cannot be used.
 *
 * @example
 * const peer = spawnPeer('qemu-storage-daemon', [
 *   ...['--chardev', 'socket,id=c,fd=3,server=off', '--monitor', 'chardev=c'],
 * ]);
 * await qmp.connect(peer.address);
 */
export function spawnPeer(
  command: string,
  args: readonly string[] = [],
  options: SpawnPeerOptions = {},
): SpawnedPeer {
  const plan = planOf(command, args, options);
  const child = new Child(plan);
  if (options.listens === undefined) {
    child.start();
    return new ChildPeer(child, new ChildStream(child, child.pipes));
  }
  const { free, locate } = parseListens(options.listens);
  void startWhenFree(child, free);
  return new ChildPeer(child, new ListeningStream(child, locate));
}

class ChildPeer implements SpawnedPeer {
  readonly #child: Child;
  readonly address: SpawnedPeer['address'];
  readonly exited: Promise<ProcessExit>;
  readonly kill: SpawnedPeer['kill'];

  constructor(child: Child, stream: ChildStream) {
    this.#child = child;
    this.address = { stream: ignoreLateErrors(stream) };
    this.exited = child.exited;
    this.kill = (signal = 'SIGTERM') => {
      try {
        return child.kill(signal);
      } catch (error) {
        throw new ArgumentError(describe(error), { cause: error });
      }
    };
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  toString(): string {
    return `<SpawnedPeer ${this.#child.toString()}>`;
  }

  /** What `util.inspect()` and `console.log()` show. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function planOf(command: string, args: readonly string[], options: SpawnPeerOptions): SpawnPlan {
  checkNames('spawnPeer()', options, OPTIONS);
  const { keep = false, deathSignal = false, timeouts = {}, cwd } = options;
  checkNames('timeouts', timeouts, EXIT_TIMEOUTS_MS);
  if (keep && deathSignal) {
    throw new ArgumentError('keep and deathSignal exclude each other; set one of them');
  }
  const given: unknown = args;
  // A string would be spread into its characters.
  if (!Array.isArray(given)) {
    throw new ArgumentError(`args must be an array of strings, not ${textOf(given)}`);
  }
  const group = isGroup(options);
  return {
    command,
    args,
    helper: deathSignal ? ['setpriv', '--pdeathsig', 'KILL', '--'] : undefined,
    options: { cwd, env: environmentOf(options.env), detached: group },
    ...wiringOf(options),
    isTeed: options.stderr === 'tee',
    isKept: keep,
    timeouts: resolveNumbers('timeouts', EXIT_TIMEOUTS_MS, timeouts),
  };
}

const IS_WINDOWS = /* @__PURE__ */ (() => process.platform === 'win32')();

function isGroup({ group = !IS_WINDOWS }: SpawnPeerOptions): boolean {
  if (typeof group !== 'boolean') {
    throw new ArgumentError(`group must be true or false, not ${textOf(group)}`);
  }
  // There, the option of Node that makes a group opens a window instead.
  if (group && IS_WINDOWS) throw new ArgumentError('group: true is not possible on Windows');
  return group;
}
