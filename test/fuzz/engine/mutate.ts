/** Makes new inputs from old ones, by changes of bytes, of lines and of JSON values. */

import type { Random } from './random.ts';

/** What mutations choose from. */
export interface MutationContext {
  readonly random: Random;
  readonly dictionary: readonly string[];
  /** Other inputs to join with. */
  readonly inputs: readonly Buffer[];
  readonly maxSize: number;
}

type Mutation = (input: Buffer, context: MutationContext) => Buffer;

const ODD_BYTES = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x30, 0x5c, 0x7b, 0x7d, 0x80, 0xc3, 0xff];

/** Values to put in the place of others. */
const ODD_VALUES = [
  ...['null', 'true', '{}', '[]', '""', '"x"', '0', '-0', '-1', '1e999', '1.5', '[[[[1]]]]'],
  ...['9007199254740993', '18446744073709551615', '-9223372036854775808', '123456789012345678901'],
  ...['{"__proto__":{"x":1}}', '{"a":{"b":{"c":[]}}}', '"\\ud800"', '"\\u0000"', '"__proto__"'],
];

/** What values are nested in. */
const BRACKETS: readonly (readonly [before: string, after: string])[] = [
  ['[', ']'],
  ['{"a":', '}'],
  ['{"states":{"a":', '}}'],
];

const VALUE = /"(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|\{\}|\[\]/g;

/** Replaces a span of an input. */
function splice(input: Buffer, from: number, to: number, by: Buffer | string): Buffer {
  const middle = typeof by === 'string' ? Buffer.from(by, 'latin1') : by;
  return Buffer.concat([input.subarray(0, from), middle, input.subarray(to)]);
}

/** Chooses a span of the input, usually a short one. */
function spanOf(input: Buffer, random: Random): [number, number] {
  const from = random.below(input.length + 1);
  const maxLength = random.below(8) === 0 ? input.length : 12;
  return [from, Math.min(input.length, from + random.below(maxLength + 1))];
}

function linesOf(input: Buffer): string[] {
  return input.toString('latin1').split('\n');
}

const flipBit: Mutation = (input, { random }) => {
  const at = random.below(input.length);
  return splice(input, at, at + 1, Buffer.of((input[at] ?? 0) ^ (1 << random.below(8))));
};

const setByte: Mutation = (input, { random }) => {
  const at = random.below(input.length);
  return splice(
    input,
    at,
    at + 1,
    Buffer.of(random.below(2) === 0 ? random.below(256) : random.pick(ODD_BYTES)),
  );
};

const insertByte: Mutation = (input, { random }) => {
  const at = random.below(input.length + 1);
  return splice(input, at, at, Buffer.of(random.pick(ODD_BYTES)));
};

const drop: Mutation = (input, { random }) => {
  const [from, to] = spanOf(input, random);
  return splice(input, from, to, '');
};

const copy: Mutation = (input, { random }) => {
  const [from, to] = spanOf(input, random);
  const at = random.below(input.length + 1);
  return splice(input, at, at, input.subarray(from, to));
};

const repeat: Mutation = (input, { random, maxSize }) => {
  const [from, to] = spanOf(input, random);
  const room = Math.floor((maxSize - input.length) / Math.max(1, to - from));
  const maxTimes = random.below(16) === 0 ? Math.max(1, room) : 4;
  return splice(
    input,
    from,
    from,
    input.toString('latin1', from, to).repeat(random.below(maxTimes)),
  );
};

/** Nests a span in brackets, several times. */
const nest: Mutation = (input, { random, maxSize }) => {
  const [from, to] = spanOf(input, random);
  const [before, after] = random.pick(BRACKETS);
  const room = Math.floor((maxSize - input.length) / (before.length + after.length + 1));
  const times = random.below(random.below(8) === 0 ? Math.max(1, room) : 6);
  const inner = splice(input, to, to, after.repeat(times));
  return splice(inner, from, from, before.repeat(times));
};

/** Repeats one byte many times, such as a digit of a number. */
const lengthen: Mutation = (input, { random, maxSize }) => {
  const at = random.below(input.length);
  const times = random.below(
    Math.max(1, Math.min(maxSize - input.length, random.pick([30, 1500]))),
  );
  return splice(input, at, at, input.toString('latin1', at, at + 1).repeat(times));
};

const insertWord: Mutation = (input, { random, dictionary }) => {
  const at = random.below(input.length + 1);
  return splice(input, at, at, random.pick(dictionary));
};

const replaceByWord: Mutation = (input, { random, dictionary }) => {
  const [from, to] = spanOf(input, random);
  return splice(input, from, to, random.pick(dictionary));
};

const append: Mutation = (input, { random, dictionary }) =>
  Buffer.concat([input, Buffer.from(random.pick(dictionary), 'latin1')]);

const replaceValue: Mutation = (input, { random }) => {
  const found = [...input.toString('latin1').matchAll(VALUE)];
  if (found.length === 0) return input;
  const { index, 0: value } = random.pick(found);
  return splice(input, index, index + value.length, random.pick(ODD_VALUES));
};

const moveLine: Mutation = (input, { random }) => {
  const lines = linesOf(input);
  const [line = ''] = lines.splice(random.below(lines.length), random.below(2));
  lines.splice(random.below(lines.length + 1), 0, line);
  return Buffer.from(lines.join('\n'), 'latin1');
};

const join: Mutation = (input, { random, inputs }) => {
  const other = inputs.length === 0 ? input : random.pick(inputs);
  return Buffer.concat([
    input.subarray(0, random.below(input.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ]);
};

const MUTATIONS: readonly Mutation[] = [
  ...[flipBit, setByte, insertByte, drop, copy, repeat, join],
  ...[insertWord, replaceByWord, append, append, replaceValue, replaceValue, moveLine],
];

/** They make inputs long, and are rare: a short input is changed more thoroughly. */
const GROWTH: readonly Mutation[] = [nest, lengthen];

/** Returns a copy of an input with one to six changes. */
export function mutate(input: Buffer, context: MutationContext): Buffer {
  let changed = input;
  for (let left = 1 + context.random.below(6); left > 0; left -= 1) {
    const mutations = context.random.below(24) === 0 ? GROWTH : MUTATIONS;
    changed = context.random.pick(mutations)(changed, context).subarray(0, context.maxSize);
  }
  // A copy: a subarray of another input would share its memory.
  return Buffer.from(changed);
}
