/** Watches the link of one protocol machine: its messages, and whether its connection fails. */

import { memberOf } from '../core/shape.ts';
import { linkOf, type Tapped, type Wiretap } from './wiretap.ts';
import type { AnySnapshotFacts } from './xstate.ts';

/** Reports the last messages of a connection before the state in which it has failed. */
export class LinkWatch {
  readonly #tapped: Tapped;
  #facts: Facts;

  constructor(tapped: Tapped, snapshot: AnySnapshotFacts) {
    this.#tapped = tapped;
    this.#facts = factsOf(snapshot);
  }

  /** Whether a snapshot still has the link that is watched. */
  isOf(snapshot: AnySnapshotFacts): boolean {
    return linkOf(snapshot) === this.#tapped.link;
  }

  /** Takes the next state, before it is reported. */
  onState(snapshot: AnySnapshotFacts): void {
    const before = this.#facts;
    const facts = factsOf(snapshot);
    this.#facts = facts;
    const hasEnded = facts.outcome !== before.outcome;
    const hasFailed =
      (hasEnded && memberOf(facts.outcome, 'cause') !== undefined) ||
      (facts.cause !== undefined && facts.cause !== before.cause) ||
      (facts.isFailed && !before.isFailed);
    if (hasFailed) this.#tapped.reportLast();
    else if (hasEnded || snapshot.status !== 'active') this.#tapped.forget();
  }

  end(): void {
    this.#tapped();
  }
}

/** Watches the link in a snapshot; `undefined` where there is none. */
export function watchLink(
  snapshot: AnySnapshotFacts,
  sessionId: string,
  wiretap: Wiretap,
): LinkWatch | undefined {
  const link = linkOf(snapshot);
  return link && new LinkWatch(wiretap.tap(link, sessionId), snapshot);
}

interface Facts {
  /** Why the current session fails. */
  readonly cause: unknown;
  /** How the last session has ended. */
  readonly outcome: unknown;
  /** Whether the actor has failed, or its chart says that the connection has. */
  readonly isFailed: boolean;
}

const factsOf = ({ context, status, tags }: AnySnapshotFacts): Facts => ({
  cause: memberOf(context, 'cause'),
  outcome: memberOf(context, 'outcome'),
  isFailed: status === 'error' || tags?.has('failed') === true,
});
