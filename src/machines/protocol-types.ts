/** What the chart speaks: its events, its context, what it emits. Types only. */

import type { ConnectPhase, WirechartError } from '../core/errors.ts';
import type { Link } from './link.ts';
import type { WaitInput } from './wait.ts';
import type { Runstate } from '../core/runstate.ts';
import type { Address, BoundAddress, SessionOutcome } from '../core/types.ts';

/** Everything that may be sent to the machine. An event that a state does not name is ignored by it. */
export type ProtocolEvent =
  /** In IDLE: dial the peer. */
  | { readonly type: 'CONNECT'; readonly address: Address }
  /** In IDLE: bind, and wait for ACCEPT. */
  | { readonly type: 'LISTEN'; readonly address: Address }
  /** In CONNECTING.listening.bound: wait for one peer. */
  | { readonly type: 'ACCEPT' }
  /** In CONNECTING and RUNNING: flush and close; with `force`, also while that lasts, destroy at once. */
  | { readonly type: 'DISCONNECT'; readonly force?: boolean }
  /** In CONNECTING: give the attempt up; `reason` is kept as the cause. */
  | { readonly type: 'ABORT'; readonly reason: unknown }
  /** In RUNNING: the peer has been told to leave; its end of the stream is no failure now. */
  | { readonly type: 'EXPECT_END' }
  /** In RUNNING.ending: the peer stays after all. */
  | { readonly type: 'EXPECT_MORE' }
  /** In any state but IDLE: the attempt, or the session, has failed for this reason. */
  | { readonly type: 'FAIL'; readonly error: WirechartError }
  /** From the machine's own link, where `forward` was asked for: what was received, in order. */
  | { readonly type: 'MESSAGES'; readonly messages: readonly unknown[] };

/** What the machine emits, for `actor.on(type, listener)`. */
export type ProtocolEmitted<In = unknown> =
  /** A public state was entered. Session numbers count attempts, from 1; 0 before the first. */
  | { readonly type: 'runstate'; readonly runstate: Runstate; readonly session: number }
  /** The listener is bound. */
  | { readonly type: 'listening'; readonly address: BoundAddress }
  /** A session, or an attempt at one, is over; the machine is about to enter IDLE. */
  | { readonly type: 'closed'; readonly outcome: SessionOutcome; readonly session: number }
  /** Messages were received, in order; only where `forward` was asked for. All come before `closed`. */
  | { readonly type: 'message'; readonly messages: readonly In[] };

/** The input of an actor that runs a method of the link. */
export interface OnLink extends WaitInput {
  readonly link: Link<unknown, unknown>;
}
/** The input of an actor that dials or listens. */
export interface ToAddress extends OnLink {
  readonly address: Address;
}

/** The machine's memory. */
export interface ProtocolContext<In, Out> {
  /** The outside world: see `Link`. One for the machine's whole life. */
  readonly link: Link<In, Out>;
  /** Where the actor connects to as soon as it starts. */
  readonly autoConnect: Address | undefined;
  /** Counts attempts, from 1. */
  readonly session: number;
  /** Where the attempt under way goes to; meaningful in CONNECTING. */
  readonly address: Address | undefined;
  /** Where the listener is bound; meaningful in CONNECTING.listening.bound and .accepting. */
  readonly bound: BoundAddress | undefined;
  /** How far the attempt under way got; meaningful in CONNECTING. */
  readonly phase: ConnectPhase;
  /** Whether RUNNING was last in `ending`: it decides how an end is judged, also after RUNNING was left. */
  readonly endExpected: boolean;
  /** Why the session under way fails. The first cause wins; `undefined` while nothing went wrong. */
  readonly cause: WirechartError | undefined;
  /** What went wrong after that, or without harm. */
  readonly suppressed: readonly WirechartError[];
  /** How the last session ended; `undefined` before the first end. */
  readonly outcome: SessionOutcome | undefined;
}
