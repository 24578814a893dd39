/** Events that nobody hears of, passed over in the stream without being read. */

import {
  type AsciiLines,
  endOfNumber,
  endOfObject,
  endOfString,
  UNSURE,
} from '../codecs/json-check.ts';

// How QEMU's monitors write an event. One that is written otherwise is read, heard of or not.
const SECONDS = Buffer.from('{"timestamp": {"seconds": ');
const MICROSECONDS = Buffer.from(', "microseconds": ');
const EVENT = Buffer.from('}, "event": ');
const DATA = Buffer.from(', "data": ');

const LF = 0x0a;
const CR = 0x0d;
const CLOSE = 0x7d;

/** After so many events in a row that were heard of, the next are likely to be heard of too. */
const STREAK = 16;
/** Then one line of so many is looked at: looking takes a tenth of the time that an event takes. */
const SAMPLE = 16;

/**
 * What a decoder leaves out: the index of the next line, if the line at an index is an event that
 * nobody hears of, and nothing is wrong with it; else `UNSURE`.
 */
export function unheardSkipper(
  isHeard: (name: string) => boolean,
): (lines: AsciiLines, from: number) => number {
  let streak = 0;
  let asked = 0;
  const counted = (name: string): boolean => {
    const heard = isHeard(name);
    streak = heard ? streak + 1 : 0;
    return heard;
  };
  return (block, from) => {
    asked += 1;
    return streak >= STREAK && asked % SAMPLE !== 0 ? UNSURE : pastUnheard(block, from, counted);
  };
}

function pastUnheard(lines: AsciiLines, from: number, isHeard: (name: string) => boolean): number {
  const { text, bytes } = lines;
  if (bytes[from + 2] !== SECONDS[2]) return UNSURE;
  // The name first, where it must be if all is right: whether it is, matters only when nobody listens.
  const seconds = endOfNumber(lines, from + SECONDS.length);
  const microseconds = endOfNumber(lines, seconds + MICROSECONDS.length);
  const name = microseconds + EVENT.length;
  const end = endOfString(lines, name);
  const spelled = text.slice(name + 1, end - 1);
  // With an escape in it, it is not yet the name.
  if (end === UNSURE || spelled.includes('\\') || isHeard(spelled)) return UNSURE;
  const isEvent =
    stands(SECONDS, bytes, from) &&
    stands(MICROSECONDS, bytes, seconds) &&
    stands(EVENT, bytes, microseconds);
  return isEvent ? pastData(lines, end) : UNSURE;
}

/** The index of the next line, if what follows the name at `at` is all that may follow it. */
function pastData(lines: AsciiLines, at: number): number {
  const { bytes } = lines;
  const hasData = stands(DATA, bytes, at);
  const end = hasData ? endOfObject(lines, at + DATA.length) : at;
  if (bytes[end] !== CLOSE) return UNSURE;
  const newline = bytes[end + 1] === CR ? end + 2 : end + 1;
  return bytes[newline] === LF ? newline + 1 : UNSURE;
}

/** Whether `word` stands at `at`. By bytes: a method of strings takes longer for it. */
function stands(word: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < word.length; index++) {
    if (bytes[at + index] !== word[index]) return false;
  }
  return true;
}
