/** Watches the links of protocol machines: their messages, and whether their connections fail. */

import { memberOf } from '../core/shape.ts';
import type { SystemLinks } from './links.ts';
import { isEarlierLink, linkOf, type Tapped, type Wiretap } from './wiretap.ts';
import { type AnySnapshotFacts, snapshotOf, type WatchableActor } from './xstate.ts';

/** Reports the last messages of a connection before the state in which it has failed. */
class LinkWatch {
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

  update(): void {
    this.#tapped.update();
  }

  end(): void {
    this.#tapped();
  }
}

/** Watches the links of the protocol machines of one actor system, by the `sessionId` of the machine. */
export class LinkWatches implements SystemLinks {
  readonly #wiretap: Wiretap;
  readonly #watches = new Map<string, LinkWatch>();

  constructor(wiretap: Wiretap) {
    this.#wiretap = wiretap;
  }

  watch(actor: WatchableActor): void {
    const { sessionId } = actor;
    const snapshot = snapshotOf(actor);
    const known = this.#watches.get(sessionId);
    if (snapshot?.value === undefined || known?.isOf(snapshot)) return;
    this.#end(sessionId, known);
    const link = linkOf(snapshot);
    if (link === undefined) return;
    const tapped = this.#wiretap.tap(link, sessionId, isEarlierLink(snapshot.context));
    this.#watches.set(sessionId, new LinkWatch(tapped, snapshot));
  }

  onState({ sessionId }: WatchableActor, snapshot: AnySnapshotFacts): void {
    const known = this.#watches.get(sessionId);
    known?.onState(snapshot);
    if (snapshot.status !== 'active') this.#end(sessionId, known);
  }

  update(): void {
    for (const watch of this.#watches.values()) watch.update();
  }

  end(): void {
    for (const [sessionId, watch] of this.#watches) this.#end(sessionId, watch);
  }

  #end(sessionId: string, watch: LinkWatch | undefined): void {
    watch?.end();
    this.#watches.delete(sessionId);
  }
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
