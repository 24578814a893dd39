import type { Budget } from './cost.ts';

/** A function that is fuzzed: it takes any bytes, and throws when the library behaves wrongly. */
export interface Target {
  readonly name: string;
  /** Words of which inputs are made. Each character is one byte, also '\xff'. */
  readonly dictionary: readonly string[];
  /** The largest input, in bytes. */
  readonly maxSize: number;
  /** @throws {Mismatch} When the input shows a bug. */
  readonly run: (input: Buffer) => unknown;
  /** What an input may cost. Without it, time is not watched. */
  readonly budget?: Budget | undefined;
}

/** A wrong behaviour, with the expected and the actual value. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';

  constructor(what: string, expected: unknown, actual: unknown) {
    super(`${what}\n  expected ${textOf(expected)}\n  actual   ${textOf(actual)}`);
  }
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'bigint') return `${String(member)}n`;
    return Object.is(member, -0) ? '-0' : member;
  });
