/**
 * What a feed asks about the links of protocol machines. `protocol-links.ts` has the answers, for Node only: in a
 * browser there are no protocol machines, and its build has no code for them.
 */

import type { FeedMessage } from './wire.ts';
import type { AnySnapshotFacts, WatchableActor } from './xstate.ts';

/** The links of all protocol machines that one feed watches. */
export interface Links {
  /** Starts or stops the reporting of messages as they pass. At first they are reported. */
  setReporting(isReporting: boolean): void;
  /** What is shown of a context: the link itself, with its figures, instead of what stands for it. */
  shownContext(context: unknown): unknown;
  /** What is shown of an event of an actor. A protocol says itself what may be shown of its messages. */
  shownEvent(event: unknown, actor: WatchableActor): unknown;
  /** Begins to watch the links of one actor system. */
  ofSystem(): SystemLinks;
}

/** The links of the protocol machines of one actor system. */
export interface SystemLinks {
  /** Watches the link of an actor, if it has one. An actor that is started again has another link. */
  watch(actor: WatchableActor): void;
  /** Takes the next state of an actor, before it is reported. */
  onState(actor: WatchableActor, snapshot: AnySnapshotFacts): void;
  /** To be called when the reporting of messages has started or stopped. */
  update(): void;
  /** Watches none of them any more. */
  end(): void;
}

/** Creates the links of a feed, which are reported with `publish`. */
export type CreateLinks = (publish: (message: FeedMessage) => void) => Links;
