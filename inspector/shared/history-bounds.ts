/** How much of what has happened is kept. */

/** The maximum size of the history of one program, or of all. */
export interface HistoryBounds {
  readonly entries: number;
  /** In bytes, approximately. */
  readonly size: number;
}

/** The bounds of one program, as long as it reports. */
export const HISTORY_BOUNDS: HistoryBounds = { entries: 20_000, size: 64 * 1024 * 1024 };
/** The bounds of a recording: the longest that a program writes, of 64 MiB, is kept whole. */
export const RECORDING_BOUNDS: HistoryBounds = { entries: 1_000_000, size: 256 * 1024 * 1024 };
/** The bounds of all together. Beyond them, the largest history loses its oldest entries. */
export const TOTAL_BOUNDS: HistoryBounds = { entries: 2_000_000, size: 512 * 1024 * 1024 };
