/** The options of `spawnPeer()`, and the types that they mention. */

import type { Server, Socket } from 'node:net';
import type { Address, StreamAddress } from '../../core/types.ts';

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

/** A child that has been started, and may not listen yet. */
export interface ListeningChild {
  /** Its process id. */
  readonly pid: number;
  /** The last 4 KiB of its standard error and output so far, if they are captured. */
  readonly stderr: string;
}

/** A descriptor of ours for a child: its number, or something open that has one. */
export type InheritedDescriptor = number | { readonly fd: number } | Socket | Server;
