/** Events that nobody hears of, passed over in the stream without being read. */

import {
  type AsciiLines,
  asciiLines,
  endOfNumber,
  endOfObject,
  endOfString,
  UNSURE,
} from '../codecs/json-check.ts';

/** Text to compare with. */
const word = (text: string): AsciiLines => asciiLines(text, Buffer.from(text));

// How QEMU's monitors write an event. One that is written otherwise is read, heard of or not.
const SECONDS = word('{"timestamp": {"seconds": ');
const MICROSECONDS = word(', "microseconds": ');
const EVENT = word('}, "event": ');
const DATA = word(', "data": ');

const LF = 0x0a;
const CR = 0x0d;
const CLOSE = 0x7d;

/** After so many events in a row that were heard of, the next are likely to be heard of too. */
const WANTED_IN_A_ROW = 16;
/** Then one line of so many is looked at: looking takes a tenth of the time that an event takes. */
const LINES_PER_SAMPLE = 16;

/**
 * What a decoder leaves out: the index of the next line, if the line at an index is an event that
 * nobody hears of, and nothing is wrong with it; else `UNSURE`.
 */
export function eventSkipper(
  isWanted: (name: string) => boolean,
): (lines: AsciiLines, from: number) => number {
  let streak = 0;
  let asked = 0;
  const counted = (name: string): boolean => {
    const heard = isWanted(name);
    streak = heard ? streak + 1 : 0;
    return heard;
  };
  return (block, from) => {
    asked += 1;
    return streak >= WANTED_IN_A_ROW && asked % LINES_PER_SAMPLE !== 0
      ? UNSURE
      : skipEvent(block, from, counted);
  };
}

function skipEvent(lines: AsciiLines, from: number, isWanted: (name: string) => boolean): number {
  const { text, bytes } = lines;
  if (bytes[from + 2] !== SECONDS.bytes[2]) return UNSURE;
  // The name first, where it must be if all is right: whether it is, matters only when nobody listens.
  const seconds = endOfNumber(lines, from + SECONDS.bytes.length);
  const microseconds = endOfNumber(lines, seconds + MICROSECONDS.bytes.length);
  const name = microseconds + EVENT.bytes.length;
  const end = endOfString(lines, name);
  const spelled = text.slice(name + 1, end - 1);
  // With an escape in it, it is not yet the name.
  if (end === UNSURE || spelled.includes('\\') || isWanted(spelled)) return UNSURE;
  const isEvent =
    isAt(lines, SECONDS, from) &&
    isAt(lines, MICROSECONDS, seconds) &&
    isAt(lines, EVENT, microseconds);
  return isEvent ? skipData(lines, end) : UNSURE;
}

/** The index of the next line, if what follows the name at `at` is all that may follow it. */
function skipData(lines: AsciiLines, at: number): number {
  const { bytes } = lines;
  const hasData = isAt(lines, DATA, at);
  const end = hasData ? endOfObject(lines, at + DATA.bytes.length) : at;
  if (bytes[end] !== CLOSE) return UNSURE;
  const newline = bytes[end + 1] === CR ? end + 2 : end + 1;
  return bytes[newline] === LF ? newline + 1 : UNSURE;
}

/** Whether `word` stands at `at`. Four bytes at once: a method of strings takes longer for it. */
function isAt(
  { bytes, words }: AsciiLines,
  { bytes: wanted, words: fours }: AsciiLines,
  at: number,
): boolean {
  const { length } = wanted;
  if (at < 0 || at + length > bytes.length) return false;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    if (words.getInt32(at + index) !== fours.getInt32(index)) return false;
  }
  while (index < length && bytes[at + index] === wanted[index]) index++;
  return index === length;
}
