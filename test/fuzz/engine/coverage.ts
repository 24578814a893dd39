/**
 * Measures which code runs, by V8's block counters.
 *
 * Only functions that are compiled after the start have block counters, and they lose them for good
 * when the measurement is stopped. So there is one session, which is never stopped.
 */

import { Session } from 'node:inspector';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { startOffset: number; endOffset: number; count: number }[];
    }[];
  }[];
}

let session: Session | undefined;

function start(): Session {
  const started = new Session();
  started.connect();
  started.post('Profiler.enable');
  started.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return started;
}

/**
 * The counters of this process. Only one instance may be in use at a time, because reading resets
 * them.
 */
export class Counters {
  readonly #session = (session ??= start());
  readonly #watched: RegExp;

  /** @param watched - Matches the URLs of the scripts that are measured. */
  constructor(watched: RegExp) {
    this.#watched = watched;
    this.take('blocks');
  }

  /**
   * Returns what has run since the last call: `blocks`, or the `ways` in which each function has run, that
   * is which of its blocks together, and how often each, rounded up to a power of two.
   */
  take(what: 'blocks' | 'ways'): string[] {
    const features: string[] = [];
    for (const { url, functions } of this.#coverage().result) {
      if (!this.#watched.test(url)) continue;
      for (const { functionName, ranges } of functions) {
        const name = `${url} ${functionName}`;
        const blocks = ranges.map(({ startOffset, endOffset, count }): [string, number] => [
          `${String(startOffset)}-${String(endOffset)}`,
          count,
        ]);
        features.push(...(what === 'ways' ? waysOf(name, blocks) : blocksOf(name, blocks)));
      }
    }
    return features;
  }

  #coverage(): Coverage {
    let coverage: Coverage = { result: [] };
    // The callback is called before `post()` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      coverage = taken;
    });
    return coverage;
  }
}

type Blocks = readonly (readonly [block: string, count: number])[];

const blocksOf = (name: string, blocks: Blocks): string[] =>
  blocks.filter(([, count]) => count > 0).map(([block]) => `${name} ${block}`);

function waysOf(name: string, blocks: Blocks): string[] {
  const together = blocks.map(([block, count]) => `${block}:${String(Math.min(count, 1))}`).join();
  const counts = blocks.map(
    ([block, count]) => `${name} ${block} ${String(Math.ceil(Math.log2(count + 1)))}`,
  );
  return [`${name} ${together}`, ...counts];
}
