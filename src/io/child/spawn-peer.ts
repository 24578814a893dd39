/** Starts a program as a peer, and returns the address to connect to it. */

import type { Duplex } from 'node:stream';
import { ArgumentError, describe, type ProcessExit, textOf } from '../../core/errors.ts';
import { resolveNumbers } from '../../core/limits.ts';
import { checkNames, type Names } from '../../core/options.ts';
import { ignoreLateErrors } from '../dial.ts';
import { environmentOf } from './environment.ts';
import { wiringOf } from './wiring.ts';
import { parseListens, startWhenFree } from './listening.ts';
import { ListeningStream } from './listening-stream.ts';
import type { SpawnPeerOptions } from './options.ts';
import { Child, type SpawnPlan } from './process.ts';
import { ChildStream } from './stream.ts';

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
