/** Where a stream is cut: at every byte of a short one, and at chosen bytes of a long one. */

import type { Subject } from './codec-stream.ts';

/** A stream of up to so many bytes is cut everywhere. */
const MAX_EVERYWHERE = 2048;
/** Each cut costs a pass over the stream; so many bytes may be decoded by all of them. */
const MAX_WORK_BYTES = 32 * 1024 * 1024;
const MIN_CUTS = 64;
/** So many bytes on each side of the ends of the samples are cut, even in long streams. */
const MARGIN_BYTES = 12;

/**
 * Positions in the stream, ascending: all of a short one; of a long one those near the ends of its samples,
 * and others at equal distances.
 *
 * @param factor - How many times more positions of a long stream. Default 1.
 */
export function someOf({ bytes, starts }: Subject, factor = 1): readonly number[] {
  const all = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  const { length } = bytes;
  if (length <= MAX_EVERYWHERE * factor) return all(length - 1);
  const count =
    Math.max(MIN_CUTS, Math.min(MAX_EVERYWHERE, Math.floor(MAX_WORK_BYTES / length))) * factor;
  // Not at whole numbers of bytes, which might always hit the same part of a message.
  const spread = all(count).map((index) => Math.floor((index * length) / (count + 1)));
  const near = starts.flatMap((start) =>
    all(2 * MARGIN_BYTES).map((index) => start + index - MARGIN_BYTES),
  );
  const chosen = new Set([...spread, ...thinned(near, count)]);
  return [...chosen].filter((at) => at > 0 && at < length).sort((one, other) => one - other);
}

/** At most so many of the positions, the first and the last ones included. */
function thinned(positions: readonly number[], count: number): readonly number[] {
  const step = Math.max(1, Math.ceil(positions.length / count));
  return positions.filter(
    (_, index) => index % step === 0 || positions.length - index <= MARGIN_BYTES,
  );
}
