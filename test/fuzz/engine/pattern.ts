/**
 * Inputs that can be made as large as wanted, to see how their cost grows: a block that is repeated, a
 * value that is nested, a number with many digits.
 */

import { mutate, type MutationContext } from './mutate.ts';

/**
 * An input of any size: `head`, `left` many times, `middle`, `right` as many times, `tail`. Each
 * character is one byte.
 */
export interface Pattern {
  readonly head: string;
  readonly left: string;
  readonly middle: string;
  readonly right: string;
  readonly tail: string;
}

/** The parts, with those that are repeated last: minimizing begins with the others. */
export const PARTS = ['head', 'tail', 'middle', 'right', 'left'] as const;

/** Together, the parts of a pattern are at most about this long. */
const MAX_PART_CHARACTERS = 300;

/** The input of about this size. */
export function render({ head, left, middle, right, tail }: Pattern, size: number): Buffer {
  const room = size - head.length - middle.length - tail.length;
  const times = Math.max(1, Math.floor(room / Math.max(1, left.length + right.length)));
  const text = head + left.repeat(times) + middle + right.repeat(times) + tail;
  return Buffer.from(text, 'latin1');
}

/** Makes a pattern from an input, by repeating a part of it, or words around a part of it. */
export function patternOf(input: Buffer, context: MutationContext): Pattern {
  const { random, dictionary } = context;
  const text = input.toString('latin1', 0, MAX_PART_CHARACTERS);
  const from = random.below(text.length + 1);
  const length = random.below(random.below(4) === 0 ? text.length + 1 : 9);
  const middle = text.slice(from, from + length);
  const around = { head: text.slice(0, from), tail: text.slice(from + length) };
  switch (random.below(5)) {
    case 0: // The span, many times.
      return { ...around, left: middle, middle: '', right: '' };
    case 1: // The span, nested in what surrounds it.
      return { head: '', left: around.head, middle, right: around.tail, tail: '' };
    case 2: // A word, many times.
      return { ...around, left: random.pick(dictionary), middle, right: '' };
    case 3: // A word before the span and another one after it, as often.
      return { ...around, left: random.pick(dictionary), middle, right: random.pick(dictionary) };
    default:
      return longToken(text, context);
  }
}

const TOKEN = /\d+|[a-z]+|[ \t]+/gi;
const LONG_CHARACTERS = Array.from('0179 x\t\n\r"\\\xc3');

/** Makes a number, a word or blanks long; where there are none, whatever is at a random place. */
function longToken(text: string, { random }: MutationContext): Pattern {
  const found = [...text.matchAll(TOKEN)];
  const token = found.length === 0 ? undefined : random.pick(found);
  const at = token === undefined ? random.below(text.length + 1) : token.index + token[0].length;
  const last = text.charAt(at - 1);
  const left = last === '' || random.below(4) === 0 ? random.pick(LONG_CHARACTERS) : last;
  return { head: text.slice(0, at), left, middle: '', right: '', tail: text.slice(at) };
}

/** Changes one part of a pattern. */
export function mutatePattern(pattern: Pattern, context: MutationContext): Pattern {
  const { random } = context;
  const part = random.pick(PARTS);
  const maxSize = MAX_PART_CHARACTERS;
  const changed = mutate(Buffer.from(pattern[part], 'latin1'), { ...context, maxSize });
  return { ...pattern, [part]: changed.toString('latin1') };
}

/** Removes characters from the parts for as long as the pattern `fails`. */
export async function minimizePattern(
  pattern: Pattern,
  fails: (pattern: Pattern) => Promise<boolean>,
): Promise<Pattern> {
  let small = pattern;
  for (const part of PARTS) {
    for (let size = small[part].length; size > 0; size >>= 1) {
      for (let at = 0; at < small[part].length;) {
        const text = small[part];
        const shorter = { ...small, [part]: text.slice(0, at) + text.slice(at + size) };
        if (isGrowing(shorter) && (await fails(shorter))) small = shorter;
        else at += size;
      }
    }
  }
  return small;
}

/** Whether the size that is asked for changes the input. */
export const isGrowing = ({ left, right }: Pattern): boolean => left !== '' || right !== '';
