/**
 * Skips events that have no listener in the text of the stream, without parsing them.
 *
 * An event is skipped only if it is written exactly as QEMU writes one, and its JSON is checked, so that
 * an event with an error in it remains an error. Any other line is left to the decoder.
 */

import {
  AsciiLines,
  endOfNumber,
  endOfObject,
  endOfString,
  UNSURE,
} from '../../codecs/json-check.ts';

const literal = (text: string): AsciiLines => new AsciiLines(text, Buffer.from(text));

// An event as QEMU's monitors write it.
const SECONDS = literal('{"timestamp": {"seconds": ');
const MICROSECONDS = literal(', "microseconds": ');
const EVENT = literal('}, "event": ');
const DATA = literal(', "data": ');

const LF = 0x0a;
const CR = 0x0d;
const CLOSING_BRACE = 0x7d;

/** After so many wanted events in a row, the next events are likely to be wanted too. */
const MIN_WANTED_IN_A_ROW = 16;
/** From then on, one line in so many is examined, which takes a tenth of the time of an event. */
const LINES_PER_SAMPLE = 16;

/**
 * Returns the `skip` function of a decoder. It maps the index of a line to the index of the next line
 * if the line is a well-formed event that is not wanted, and otherwise to `UNSURE`.
 *
 * @param onSkipped - Called for each event that is skipped, with where its line begins and ends.
 */
export function eventSkipper(
  isWanted: (name: string) => boolean,
  onSkipped?: (lines: AsciiLines, from: number, end: number) => void,
): (lines: AsciiLines, from: number) => number {
  let wantedInARow = 0;
  let lineCount = 0;
  const countWanted = (name: string): boolean => {
    const wanted = isWanted(name);
    wantedInARow = wanted ? wantedInARow + 1 : 0;
    return wanted;
  };
  return (block, from) => {
    lineCount += 1;
    if (wantedInARow >= MIN_WANTED_IN_A_ROW && lineCount % LINES_PER_SAMPLE !== 0) return UNSURE;
    const next = skipEvent(block, from, countWanted);
    if (next !== UNSURE) onSkipped?.(block, from, next);
    return next;
  };
}

function skipEvent(lines: AsciiLines, from: number, isWanted: (name: string) => boolean): number {
  const { text, bytes } = lines;
  if (bytes[from + 2] !== SECONDS.bytes[2]) return UNSURE;
  // First the name, where a well-formed event has it: for a wanted event nothing else is checked.
  const seconds = endOfNumber(lines, from + SECONDS.bytes.length);
  const microseconds = endOfNumber(lines, seconds + MICROSECONDS.bytes.length);
  const name = microseconds + EVENT.bytes.length;
  const end = endOfString(lines, name);
  const literalName = text.slice(name + 1, end - 1);
  // A backslash begins an escape: the literal is then not the name itself.
  if (end === UNSURE || literalName.includes('\\') || isWanted(literalName)) return UNSURE;
  const isEvent =
    isAt(lines, SECONDS, from) &&
    isAt(lines, MICROSECONDS, seconds) &&
    isAt(lines, EVENT, microseconds);
  return isEvent ? skipData(lines, end) : UNSURE;
}

/** Returns the index of the next line, if only optional data and the line's end follow the name. */
function skipData(lines: AsciiLines, at: number): number {
  const { bytes } = lines;
  const hasData = isAt(lines, DATA, at);
  const end = hasData ? endOfObject(lines, at + DATA.bytes.length) : at;
  if (bytes[end] !== CLOSING_BRACE) return UNSURE;
  const newline = bytes[end + 1] === CR ? end + 2 : end + 1;
  return bytes[newline] === LF ? newline + 1 : UNSURE;
}

/** Whether the literal is at index `at`. Compares four bytes at once: faster than string methods. */
function isAt(
  { bytes, words }: AsciiLines,
  { bytes: expected, words: expectedWords }: AsciiLines,
  at: number,
): boolean {
  const { length } = expected;
  if (at < 0 || at + length > bytes.length) return false;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    if (words.getInt32(at + index) !== expectedWords.getInt32(index)) return false;
  }
  while (index < length && bytes[at + index] === expected[index]) index++;
  return index === length;
}
