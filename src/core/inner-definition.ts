/**
 * Internal extensions of `ProtocolDefinition`, for a protocol that knows more about its peer than the
 * machine does. The public contract, which every author of a protocol reads, stays free of them.
 *
 * A definition cannot reach the machine that runs it, because the machine may be embedded in another chart,
 * without a facade. So the machine passes it a function when it starts.
 */

import type { TimeoutError } from './errors.ts';
import type { PeerStanding } from './peer-standing.ts';
import type { Shutdown } from './types.ts';

/** The key of the method that an announcing definition has in addition. */
export const ON_START: unique symbol = /* @__PURE__ */ Symbol('onStart');

/**
 * Announces that the peer is about to end the stream; with a `Shutdown`, that it is shutting down. `false`
 * withdraws that. Ignored unless the machine is RUNNING.
 */
export type Announce = (expected: boolean | Shutdown) => void;

/** A definition that belongs to one machine, and announces the end of its stream. */
export interface AnnouncingDefinition {
  /**
   * Called once, when the machine starts.
   *
   * @param ref - The actor of the machine.
   */
  [ON_START](announce: Announce, ref: unknown): void;
}

/** Whether a definition is an announcing one. */
export const isAnnouncing = (definition: object): definition is AnnouncingDefinition =>
  ON_START in definition;

/** The key of the method that an explaining definition has in addition. */
export const EXPLAIN_HANDSHAKE: unique symbol = /* @__PURE__ */ Symbol('explainHandshake');

/** A definition, or a client class, that may know why its handshake has not ended in time. */
export interface ExplainingDefinition {
  /**
   * Returns the cause of the attempt's failure; `undefined` if it knows none. Called when the deadline has
   * passed; must not throw.
   *
   * @param standing - What is known of the peer.
   */
  [EXPLAIN_HANDSHAKE](ms: number, standing?: PeerStanding): TimeoutError | undefined;
}

/** The error of a handshake that has not ended in time, if its definition has one. */
export const explainHandshake = (
  definition: object,
  ms: number,
  standing: PeerStanding | undefined,
): TimeoutError | undefined =>
  isExplaining(definition) ? definition[EXPLAIN_HANDSHAKE](ms, standing) : undefined;

const isExplaining = (definition: object): definition is ExplainingDefinition =>
  EXPLAIN_HANDSHAKE in definition;

/** The key of the method that a definition has in addition if it knows what to do when no stream was opened. */
export const ADVISE: unique symbol = /* @__PURE__ */ Symbol('advise');

/** What a definition says about an attempt that did not open a stream. */
export interface Advice {
  /** What has happened, in place of the text of the cause. Default: that text. */
  readonly problem?: string;
  /** What to do. */
  readonly advice: string;
}

/** A definition, or a client class, that may know what to do about a system error. */
export interface AdvisingDefinition {
  /** Returns what to do about the error of an attempt that did not open a stream. Must not throw. */
  [ADVISE](cause: unknown): Advice | undefined;
}

/** What to do about the error of an attempt, if its definition knows that. */
export const advise = (definition: object, cause: unknown): Advice | undefined =>
  isAdvising(definition) ? definition[ADVISE](cause) : undefined;

const isAdvising = (definition: object): definition is AdvisingDefinition => ADVISE in definition;

/** The key of the method that a definition has in addition if it creates the logic of each session. */
export const CREATE_SESSION: unique symbol = /* @__PURE__ */ Symbol('createSession');

/** The definition of a client class that has the method `session()`. */
export interface SessionCreatingDefinition {
  /** Returns the actor logic that runs in RUNNING; unchecked, and it may throw. */
  [CREATE_SESSION](session: unknown): unknown;
}

/** Whether a definition creates the logic of each session. */
export const hasSessionFactory = (definition: object): definition is SessionCreatingDefinition =>
  CREATE_SESSION in definition && definition[CREATE_SESSION] !== undefined;

/** The key of the method that a definition has in addition if an event SEND means more than to send. */
export const SEND_EVENT: unique symbol = /* @__PURE__ */ Symbol('sendEvent');

/** A definition, or a client class, that handles the message of an event SEND itself. */
export interface SendingDefinition {
  /**
   * Called with the message of an event SEND in a state that accepts it, instead of the link's `send()`. A
   * client of QMP executes it as a command.
   *
   * @returns A promise that rejects with the reason why the message was not sent, or not accepted by the
   *   peer; `undefined`: the link is to send it. It never throws, and its rejection is handled: the caller
   *   may ignore it.
   */
  [SEND_EVENT](message: unknown): Promise<unknown> | undefined;
}

/** Handles the message of an event SEND, if the definition does that itself; else `undefined`. */
export const sendEvent = (definition: object, message: unknown): Promise<unknown> | undefined =>
  isSending(definition) ? definition[SEND_EVENT](message) : undefined;

const isSending = (definition: object): definition is SendingDefinition => SEND_EVENT in definition;
