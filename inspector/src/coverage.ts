/** Counts the coverage in recordings, without a browser. */

import type { Coverage } from '../shared/coverage.ts';
import { CoverageCounter } from '../shared/coverage-counter.ts';
import type { ActorView, Entry } from '../shared/view.ts';
import { Hub } from './hub.ts';
import type { NewEntry } from './publisher.ts';
import { RecordingReader } from './recording-reader.ts';

/** The text of a recording in pieces of any size, such as a stream of a file with an encoding, or `[text]`. */
export type RecordingChunks = AsyncIterable<string> | Iterable<string>;

/**
 * The coverage of the machines in one recording, as `recordTo()`, `WIRECHART_TRACE` or the inspector's button
 * Save write it. Use `mergeCoverage()` to add up those of several.
 *
 * @param recording - The text of the recording, in pieces.
 * @returns What its actors did. Machines that are too large to be drawn are left out.
 * @throws {TypeError} When it is not a recording, or it or a line of it is too long.
 */
export async function coverageOf(recording: RecordingChunks): Promise<Coverage> {
  return (await readCoverage(recording)).coverage;
}

/** The coverage in a recording, and what could not be read of it. */
export async function readCoverage(
  recording: RecordingChunks,
): Promise<{ readonly coverage: Coverage; readonly problems: readonly string[] }> {
  const hub = new CountingHub();
  try {
    await new RecordingReader(hub).open('recording', recording);
    return { coverage: hub.counter.coverage, problems: hub.problems };
  } finally {
    await hub.close();
  }
}

/** Counts what it is told, and keeps none of it. */
class CountingHub extends Hub {
  readonly counter = new CoverageCounter(({ chart }) => this.charts.shapeOf(chart) ?? 'unknown');
  readonly problems: string[] = [];
  readonly #actors = new Map<string, ActorView>();
  #entries = 0;

  constructor() {
    super(false);
  }

  override actor(view: ActorView): void {
    this.#actors.set(view.id, view);
  }

  override add(entry: NewEntry): void {
    this.#entries += 1;
    if (entry.kind === 'problem') this.problems.push(entry.text);
    const actor = this.#actors.get(entry.actor);
    if (actor === undefined) return;
    const numbered: Entry = { ...entry, type: 'entry', seq: this.#entries };
    this.counter.add(numbered, actor);
    if (entry.kind === 'stop') this.#actors.delete(entry.actor);
  }
}
