/** What is fuzzed: something that takes any bytes, and throws when it did not do with them as it must. */
export interface Target {
  readonly name: string;
  /** What its inputs are made of; characters stand for bytes, so '\xff' is one. */
  readonly dictionary: readonly string[];
  /** No input is longer. */
  readonly maxSize: number;
  /** @throws {Disagreement} When the input shows a bug. */
  readonly run: (input: Buffer) => unknown;
}

/** What is wrong with what was fuzzed; what was expected, and what came instead. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';

  constructor(what: string, expected: unknown, actual: unknown) {
    super(`${what}\n  expected ${textOf(expected)}\n  actual   ${textOf(actual)}`);
  }
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'bigint') return `${String(member)}n`;
    return Object.is(member, -0) ? '-0' : member;
  });
