/** How many transitions per second each actor takes, over the last seconds. */

const SECONDS = 5;

/** Counts per second; it holds only actors that have been busy lately. */
export class Rates {
  /** The counts of the latest seconds, by second. */
  readonly #counts = new Map<number, Map<string, number>>();

  /** Counts a transition. `at` and `now` are in ms; those of a recording are long ago, and not counted. */
  count(actor: string, at: number, now: number): void {
    const second = Math.floor(at / 1000);
    if (!Number.isFinite(second) || second <= Math.floor(now / 1000) - SECONDS - 1) return;
    // A program whose clock is ahead counts as of now.
    const key = Math.min(second, Math.floor(now / 1000));
    const counts = this.#counts.get(key) ?? new Map<string, number>();
    this.#counts.set(key, counts.set(actor, (counts.get(actor) ?? 0) + 1));
  }

  /** The transitions per second of each busy actor, over the last five whole seconds. */
  rates(now: number): ReadonlyMap<string, number> {
    const current = Math.floor(now / 1000);
    const rates = new Map<string, number>();
    for (const [second, counts] of this.#counts) {
      if (second < current - SECONDS) this.#counts.delete(second);
      else if (second < current) add(rates, counts);
    }
    return rates;
  }

  clear(): void {
    this.#counts.clear();
  }
}

function add(rates: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [actor, count] of counts) rates.set(actor, (rates.get(actor) ?? 0) + count / SECONDS);
}

/** `12/s`, `0.4/s`; nothing for an actor that is at rest. */
export const rateText = (rate: number): string =>
  rate === 0 ? '' : `${rate < 10 ? rate.toFixed(1) : rate.toFixed(0)}/s`;
