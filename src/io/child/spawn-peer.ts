/** Starts a program, and gives its side of the conversation as an address. */

import type { StdioOptions } from 'node:child_process';
import { Duplex } from 'node:stream';
import { ArgumentError, describe, type ProcessExit, textOf } from '../../core/errors.ts';
import { resolveNumbers } from '../../core/limits.ts';
import { ChildStream } from './stream.ts';
import { Child, type SpawnPlan } from './process.ts';
import { ignoreLateErrors } from '../dial.ts';

/** How a peer is spawned; everything has a default. */
export interface SpawnPeerOptions {
  /**
   * What it speaks over. `socketpair` (the default): its file descriptor `fd` is one end of a pair of
   * connected UNIX sockets; its standard input and output are empty. `stdio`: its standard input and
   * output.
   */
  readonly stdio?: 'socketpair' | 'stdio' | undefined;
  /** The number of that file descriptor, from 3 to 255. Default 3. Not with `stdio: 'stdio'`. */
  readonly fd?: number | undefined;
  /**
   * Its standard error. `capture` (the default): read at once, and the last 4 KiB of it are kept, for
   * `exited` and for errors. `tee`: that, and it is written to ours. `inherit`: it is ours; nothing is
   * kept. `ignore`: nowhere.
   */
  readonly stderr?: 'capture' | 'tee' | 'inherit' | 'ignore' | undefined;
  /** Its working directory. Default: ours. */
  readonly cwd?: string | URL | undefined;
  /** Its environment, all of it. Default: ours. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** How long an end may take. */
  readonly timeouts?: SpawnTimeouts | undefined;
  /**
   * It is left alone: no end of a session, and none of our process, ends it. `kill()` does. Once the
   * session is over it does not keep our process alive. (What it then writes to a standard error that
   * we captured breaks when we have exited.) Default false.
   */
  readonly keep?: boolean | undefined;
  /**
   * It is killed by the kernel when our process, or the thread that called `spawnPeer()`, ends in any
   * way, SIGKILL included; on Linux, by `setpriv` of util-linux, which must be on the PATH. Not covered:
   * the millisecond until `setpriv` has run, programs that are set-user-ID or have file capabilities,
   * and descendants of the child. A program that is missing is then one that exits with code 127.
   * Default false.
   */
  readonly deathSignal?: boolean | undefined;
}

/**
 * Deadlines of a child's end, in milliseconds; `Infinity` switches one off. Past the protocol's own
 * `timeouts.close` (2 000) the child is killed in any case: to give it longer, raise that one too.
 */
export interface SpawnTimeouts {
  /** From the end of our side of the stream until it gets a SIGTERM, if it runs still. Default 500. */
  readonly exit?: number | undefined;
  /** From SIGTERM until SIGKILL. Default 1 000. */
  readonly terminate?: number | undefined;
}

/** A program that `spawnPeer()` has started. */
export interface SpawnedPeer {
  /** What to give to `connect()`, once: the stream's end is the end of the child. */
  readonly address: { readonly stream: Duplex };
  /** Its process id; `undefined` when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when it has exited, or could not be started. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /**
   * Sends it a signal, SIGTERM unless another is named. A session that it ends by that has failed.
   *
   * @returns Whether there was somebody to send it to.
   * @throws {ArgumentError} When there is no such signal.
   */
  kill(signal?: NodeJS.Signals): boolean;
}

interface Wiring extends Pick<SpawnPlan, 'ends'> {
  readonly stdio: StdioOptions;
}

const EXIT_TIMEOUTS_MS = { exit: 500, terminate: 1000 };
/** What the child's standard error is to Node. */
const STDERR_STDIO = {
  capture: 'pipe',
  tee: 'pipe',
  inherit: 'inherit',
  ignore: 'ignore',
} as const;
const MIN_FD = 3;
const MAX_FD = 255;

/**
 * Starts a program that is a peer: it inherits a connected socket, so there is no path to agree on, and
 * nobody has to wait until somebody listens.
 *
 * - A program that cannot be started, or exits before the session runs, rejects `connect()`: the
 *   `ConnectError` has a `ProcessError` in its chain of causes. (Where the protocol has no handshake, a
 *   session runs as soon as the program does.)
 * - Its death later ends the session with a `ProcessError` in the chain of causes, as soon as all that
 *   it said has been read; an end that was announced (`expectEnd()`, QMP's `quit`) is a clean one when
 *   its exit code is 0.
 * - `disconnect()` resolves when it is gone: the stream ends, and a program that does not exit by
 *   itself gets a SIGTERM, and then a SIGKILL (see `timeouts`). `disconnect({ force: true })`, an
 *   attempt that fails and the stop of the machine kill it at once. Its exit code is no failure then.
 * - It does not outlive our process: it is killed when we exit, by `process.exit()`, by an exception, or
 *   by a SIGINT, SIGTERM or SIGHUP to which the program does not listen and by which it therefore dies,
 *   as soon as its event loop turns. A program that listens ends its peers itself, or exits. Nothing
 *   can be done at a SIGKILL, a crash of Node or `process.abort()`: for these there is `deathSignal`. In a
 *   worker thread only the thread's own exit is noticed.
 *
 * A terminal sends its Ctrl-C to the child, too.
 *
 * @param command - The program: a path, or a name to be looked for on the PATH. There is no shell.
 * @param args - Its arguments.
 * @throws {ArgumentError} When an argument or an option cannot be used.
 *
 * @example
 *   const peer = spawnPeer('qemu-storage-daemon', [
 *     ...['--chardev', 'socket,id=c,fd=3,server=off', '--monitor', 'chardev=c'],
 *   ]);
 *   await qmp.connect(peer.address);
 */
export function spawnPeer(
  command: string,
  args: readonly string[] = [],
  options: SpawnPeerOptions = {},
): SpawnedPeer {
  const child = new Child(planOf(command, args, options));
  const { pid, exited, pipes } = child;
  const stream = pipes === undefined ? failedStream(child) : new ChildStream(child, pipes);
  return {
    address: { stream: ignoreLateErrors(stream) },
    pid,
    exited,
    kill: (signal = 'SIGTERM') => {
      try {
        return child.kill(signal);
      } catch (error) {
        throw new ArgumentError(describe(error), { cause: error });
      }
    },
  };
}

function planOf(command: string, args: readonly string[], options: SpawnPeerOptions): SpawnPlan {
  const { keep = false, deathSignal = false, timeouts, cwd, env } = options;
  if (keep && deathSignal) {
    throw new ArgumentError('keep and deathSignal contradict each other: is it to outlive us?');
  }
  const given: unknown = args;
  // A string would be spread into its characters.
  if (!Array.isArray(given)) throw new ArgumentError('args must be an array of strings');
  const { ends, stdio } = wiringOf(options);
  return {
    command,
    argv: deathSignal
      ? ['setpriv', '--pdeathsig', 'KILL', '--', command, ...args]
      : [command, ...args],
    options: { stdio, cwd, env },
    ends,
    isTeed: options.stderr === 'tee',
    isKept: keep,
    patience: resolveNumbers('timeouts', EXIT_TIMEOUTS_MS, timeouts ?? {}),
  };
}

/** Which of the child's file descriptors are what. */
function wiringOf({ stdio = 'socketpair', fd, stderr = 'capture' }: SpawnPeerOptions): Wiring {
  if (!Object.hasOwn(STDERR_STDIO, stderr)) {
    throw new ArgumentError(`stderr must be one of ${Object.keys(STDERR_STDIO).join(', ')}`);
  }
  switch (stdio) {
    case 'stdio':
      if (fd !== undefined) throw new ArgumentError("fd has no meaning with stdio: 'stdio'");
      return { ends: [1, 0], stdio: ['pipe', 'pipe', STDERR_STDIO[stderr]] };
    case 'socketpair': {
      const unused = Array.from({ length: checkFd(fd) - MIN_FD }, () => 'ignore' as const);
      const pair = MIN_FD + unused.length;
      return {
        ends: [pair, pair],
        stdio: ['ignore', 'ignore', STDERR_STDIO[stderr], ...unused, 'pipe'],
      };
    }
    default:
      throw new ArgumentError("stdio must be 'socketpair' or 'stdio'");
  }
}

function checkFd(fd = MIN_FD): number {
  if (Number.isInteger(fd) && fd >= MIN_FD && fd <= MAX_FD) return fd;
  throw new ArgumentError(
    `fd must be an integer from ${String(MIN_FD)} to ${String(MAX_FD)}, not ${textOf(fd)}`,
  );
}

/** The stream of a program that could not be started: it fails as soon as it is known why. */
function failedStream(child: Child): Duplex {
  const silent = { read: () => undefined, write: () => undefined };
  const stream = Object.assign(new Duplex(silent), { connecting: true });
  void child.exited.then(() => stream.destroy(child.reason));
  return stream;
}
