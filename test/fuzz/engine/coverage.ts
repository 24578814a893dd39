/**
 * Which code was run: V8's own counters of blocks, as the DevTools read them.
 *
 * Only functions that are compiled after the start have counters of their blocks, and when the counting
 * is stopped they lose them for good. So there is one session, which nobody stops.
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

/** The counters of this process, which are read by one at a time. */
export class Counters {
  readonly #session = (session ??= start());
  readonly #watched: RegExp;

  /** @param watched - The scripts that matter, by their URLs. */
  constructor(watched: RegExp) {
    this.#watched = watched;
    this.take(false);
  }

  /**
   * What was run since the last time: of each function, which of its blocks were; and, where it is
   * counted, how often each was, to a power of two.
   */
  take(isCounted: boolean): string[] {
    const features: string[] = [];
    for (const { url, functions } of this.#coverage().result) {
      if (!this.#watched.test(url)) continue;
      for (const { functionName, ranges } of functions) {
        const name = `${url} ${functionName}`;
        const blocks = ranges.map(
          ({ startOffset, endOffset }) => `${String(startOffset)}-${String(endOffset)}`,
        );
        const taken = ranges.map(({ count }) => Math.min(count, 1));
        features.push(`${name} ${blocks.join()} ${taken.join('')}`);
        if (isCounted)
          features.push(...ranges.map(({ count }, at) => often(name, blocks[at], count)));
      }
    }
    return features;
  }

  #coverage(): Coverage {
    let coverage: Coverage = { result: [] };
    // It is called back before `post()` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      coverage = taken;
    });
    return coverage;
  }
}

const often = (name: string, block: string | undefined, count: number): string =>
  `${name} ${String(block)} ${String(Math.ceil(Math.log2(count + 1)))}`;
