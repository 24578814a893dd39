/** Descriptors of this process that another process gets: looked at when they are given, and once more in time. */

import { fstatSync } from 'node:fs';
import { ArgumentError, textOf } from '../../core/errors.ts';
import { isError, memberOf } from '../../core/shape.ts';

/** Which open file a descriptor refers to. */
interface Identity {
  readonly fd: number;
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * Returns a function that returns the number of an open descriptor; `undefined` when that was closed, or refers to
 * another file by then.
 *
 * @param name - What it is called in errors.
 * @throws {ArgumentError} When the value is no open descriptor.
 */
export function openDescriptor(name: string, value: unknown): () => number | undefined {
  const before = identify(name, value);
  return () => {
    try {
      const { fd, dev, ino } = identify(name, value);
      return dev === before.dev && ino === before.ino ? fd : undefined;
    } catch {
      return undefined;
    }
  };
}

function identify(name: string, value: unknown): Identity {
  const fd = numberOf(value);
  if (typeof fd !== 'number' || !Number.isInteger(fd) || fd < 0) {
    const given = isClosed(value, fd) ? 'one that is closed, or not open yet' : textOf(value);
    throw new ArgumentError(
      `${name} must be the number of an open file descriptor, or an open socket, server or file, not ${given}`,
    );
  }
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return { fd, dev, ino };
  } catch (error) {
    const cause = isError(error) ? { cause: error } : {};
    throw new ArgumentError(
      `${name} is not open: ${String(fd)} is no file descriptor of ours`,
      cause,
    );
  }
}

/** Whether it is a file, a socket or a server that is closed: a `FileHandle` then has the descriptor -1. */
const isClosed = (value: unknown, fd: unknown): boolean =>
  typeof value === 'object' && (fd === -1 || memberOf(value, '_handle') === null);

const numberOf = (value: unknown): unknown =>
  typeof value === 'number'
    ? value
    : (memberOf(value, 'fd') ?? memberOf(memberOf(value, '_handle'), 'fd'));
