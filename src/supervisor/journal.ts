/** What has happened in the life of a supervisor: its outages, and how often it has tried. */

import { lightened } from '../core/light-error.ts';
import type { Outage, SupervisorEmitted } from '../machines/supervisor-types.ts';

/** How many outages are kept. */
const MAX_OUTAGES = 20;

/** How often a supervisor has tried and failed. All counters begin at 0 and never decrease. */
export interface SupervisorCounts {
  /** How many attempts to connect have begun. */
  readonly attempts: number;
  /** How many of them followed a failure, after a wait. */
  readonly retries: number;
  /** How many sessions were UP. */
  readonly sessions: number;
  /** How many sessions and attempts have failed. */
  readonly failures: number;
  /** When counting began, that is, when the supervisor was created: in ms since 1970. */
  readonly since: number;
}

/** Keeps the outages that are over, and counts. It is given everything that the machine emits, in order. */
export class Journal {
  readonly #since = Date.now();
  readonly #outages: Outage[] = [];
  #attempts = 0;
  #retries = 0;
  #sessions = 0;
  #failures = 0;
  #previous: SupervisorEmitted['type'] | undefined;

  /** Takes notice of an event. */
  add(emitted: SupervisorEmitted): void {
    if (emitted.type === 'connecting') {
      this.#attempts += 1;
      if (this.#previous === 'waiting') this.#retries += 1;
    }
    if (emitted.type === 'up') this.#sessions += 1;
    if (emitted.type === 'outage') this.#keep(emitted.outage);
    this.#previous = emitted.type;
  }

  #keep(outage: Outage): void {
    this.#failures += outage.count;
    this.#outages.push(withLightErrors(outage));
    if (this.#outages.length > MAX_OUTAGES) this.#outages.shift();
  }

  /** The last outages, the newest last. */
  outages(current: Outage | undefined): readonly Outage[] {
    const all = current === undefined ? this.#outages : [...this.#outages, current];
    return all.slice(-MAX_OUTAGES);
  }

  /** The counters. */
  counts(current: Outage | undefined): SupervisorCounts {
    return {
      attempts: this.#attempts,
      retries: this.#retries,
      sessions: this.#sessions,
      failures: this.#failures + (current?.count ?? 0),
      since: this.#since,
    };
  }
}

/** The errors of an outage are kept for as long as the program runs. */
function withLightErrors(outage: Outage): Outage {
  const first = lightened(outage.first);
  const cause = outage.cause === outage.first ? first : lightened(outage.cause);
  return { ...outage, first, cause };
}
