/** The file descriptors that a child gets, and their checks. */

import { ArgumentError, textOf } from '../../core/errors.ts';
import { checkNames } from '../../core/options.ts';
import { openDescriptor } from '../descriptors/open-descriptor.ts';
import type { Wires } from './descriptors.ts';
import type { SpawnPlan } from './process.ts';
import type { SpawnPeerOptions } from './options.ts';

/** Node's name for each kind of standard error. */
const STDERR_STDIO = {
  capture: 'pipe',
  tee: 'pipe',
  inherit: 'inherit',
  ignore: 'ignore',
} as const;
const MIN_FD = 3;
const MAX_FD = 255;

/** The descriptors of our ends, and what is at each number of the child. */
interface Wiring {
  readonly ends: SpawnPlan['ends'];
  readonly stdio: Wires;
}

/**
 * Assigns the child's file descriptors.
 *
 * @throws {ArgumentError} When an option cannot be used, or a descriptor is not open.
 */
export function wiringOf(options: SpawnPeerOptions): Pick<SpawnPlan, 'ends' | 'wire'> {
  const { ends, stdio } = ownWiring(options);
  const inherited = inheritedOf(options.fds, ends);
  return {
    ends,
    wire: () => withDescriptors(stdio, inherited),
  };
}

function ownWiring({ stdio, fd, listens, stderr = 'capture' }: SpawnPeerOptions): Wiring {
  if (!Object.hasOwn(STDERR_STDIO, stderr)) {
    const kinds = Object.keys(STDERR_STDIO).join(', ');
    throw new ArgumentError(`stderr must be one of ${kinds}, not ${textOf(stderr)}`);
  }
  const error = STDERR_STDIO[stderr];
  if (listens !== undefined) {
    // Many servers say on their standard output why they cannot listen.
    const output = error === 'inherit' ? 2 : error;
    if (stdio === undefined && fd === undefined) {
      return { ends: undefined, stdio: ['ignore', output, error] };
    }
    throw new ArgumentError(
      `${stdio === undefined ? 'fd' : 'stdio'} cannot be used with listens: the child is dialed`,
    );
  }
  switch (stdio) {
    case 'stdio':
      if (fd !== undefined) throw new ArgumentError("fd cannot be used with stdio: 'stdio'");
      return { ends: [1, 0], stdio: ['pipe', 'pipe', error] };
    case undefined:
    case 'socketpair': {
      const ends = endsOf(fd);
      const pipes = ends.map((end) => [end, 'pipe'] as const);
      return { ends, stdio: withDescriptors(['ignore', 'ignore', error], new Map(pipes)) };
    }
    default:
      throw new ArgumentError(`stdio must be 'socketpair' or 'stdio', not ${textOf(stdio)}`);
  }
}

function endsOf(fd: SpawnPeerOptions['fd'] = MIN_FD): NonNullable<Wiring['ends']> {
  if (typeof fd !== 'object' || (fd as unknown) === null) return [checkFd('fd', fd), Number(fd)];
  checkNames('fd', fd, { reads: true, writes: true });
  const [reads, writes] = [checkFd('fd.reads', fd.reads), checkFd('fd.writes', fd.writes)];
  if (reads !== writes) return [writes, reads];
  throw new ArgumentError(
    `fd.reads and fd.writes must differ: for one descriptor, write fd: ${String(reads)}`,
  );
}

function checkFd(name: string, fd: unknown): number {
  if (typeof fd === 'number' && Number.isInteger(fd) && fd >= MIN_FD && fd <= MAX_FD) return fd;
  throw new ArgumentError(
    `${name} must be an integer from ${String(MIN_FD)} to ${String(MAX_FD)}, not ${textOf(fd)}`,
  );
}

/** Puts each descriptor at its number, and nothing at the numbers between. */
function withDescriptors(stdio: Wires, added: ReadonlyMap<number, 'pipe' | (() => number)>): Wires {
  const length = Math.max(stdio.length, ...Array.from(added.keys(), (fd) => fd + 1));
  return Array.from({ length }, (_, fd) => {
    const wire = added.get(fd);
    return typeof wire === 'function' ? wire() : (wire ?? stdio[fd] ?? 'ignore');
  });
}

/** The descriptors of ours, by their numbers in the child. Each is looked at again when the child starts. */
function inheritedOf(given: unknown, ends: Wiring['ends']): ReadonlyMap<number, () => number> {
  if (given === undefined) return new Map();
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ArgumentError(
      `fds must be an object such as { 5: socket }, with the numbers in the child, not ${textOf(given)}`,
    );
  }
  return new Map(
    Object.entries(given).map(([key, value]) => {
      const number = checkFd('A number in fds', Number(key));
      if (ends?.includes(number) !== true) return [number, descriptorFor(key, value)];
      throw new ArgumentError(
        `fds.${key} is the descriptor that the child speaks over; choose another`,
      );
    }),
  );
}

/** Returns a function that returns the number of an open descriptor, as long as it refers to the same file. */
function descriptorFor(key: string, value: unknown): () => number {
  const look = openDescriptor(`fds.${key}`, value);
  return () => {
    const fd = look();
    if (fd !== undefined) return fd;
    throw new ArgumentError(
      `fds.${key} was closed before the child was started; keep it open until then`,
    );
  };
}
