/**
 * The heartbeat of a connection: what it tells apart, and the port through which its chart asks.
 *
 * A protocol says how its peer is asked, and what counts as an answer. The chart (`src/machines/heartbeat.ts`)
 * decides when to ask and what follows from silence, and runs as long as the connection is RUNNING.
 */

import type { WirechartError } from './errors.ts';
import { memberOf } from './shape.ts';

/**
 * What a heartbeat has found. `healthy`: the peer answers. `busy`: its process works, but it takes no commands at
 * the moment. `stopped`: its process is stopped (SIGSTOP, or a debugger). `silent`: it does not answer, and its
 * process runs, or is not known. `dead`: its process has ended.
 */
export type HeartbeatState = 'healthy' | 'busy' | 'stopped' | 'silent' | 'dead';

/** The states without any answer. */
export type LostState = Extract<HeartbeatState, 'stopped' | 'silent' | 'dead'>;

/** What the operating system says of a process; `unknown` if it cannot be asked. */
export type ProcessState = 'running' | 'stopped' | 'gone' | 'unknown';

/** What is known when a heartbeat ends. */
export interface Beat {
  readonly state: HeartbeatState;
  /** When this state began, in ms since 1970. */
  readonly since: number;
  /** When the latest answer was noticed, in ms since 1970. */
  readonly lastAnswer: number;
  /** How many heartbeats in a row had no answer at all. */
  readonly misses: number;
}

/** How a protocol asks its peer. It has no members that can be listed: it is part of a machine's context. */
export interface Pulse {
  /** The rest between two heartbeats, in ms, and the deadline of each. */
  readonly timing: { readonly every: number; readonly within: number };
  /** The process of the peer, if the user has said it. */
  readonly pid: number | undefined;
  /** How many answers have arrived in this session, of the kind that shows that the peer is healthy. */
  readonly answers: number;
  /** The same of the kind that shows no more than that its process works. */
  readonly signsOfLife: number;
  /** Whether the peer may be at work on something that it was asked for, and has no other way to say so. */
  readonly isAtWork: boolean;

  /** The session has begun. What is sent for it is given up when the signal is aborted. Must not throw. */
  begin(beat: Beat, signal: AbortSignal): void;
  /** Asks. Resolves with an answer of the first kind; rejects if it could not ask. */
  ask(): Promise<unknown>;
  /** After how many heartbeats in a row without an answer the session fails; `Infinity`: never. */
  patience(state: LostState): number;
  /** A heartbeat has ended. Must not throw. */
  note(beat: Beat): void;
  /** Why the session fails. */
  failure(beat: Beat, pid: number | undefined): WirechartError;
}

/** The key of the member that a definition, or a client class, has in addition if its connection has a heartbeat. */
export const PULSE: unique symbol = /* @__PURE__ */ Symbol('pulse');

/** A definition, or a client class, whose connection may have a heartbeat. */
export interface BeatingDefinition {
  /** Read when a session begins; `undefined`: it has no heartbeat. */
  readonly [PULSE]: Pulse | undefined;
}

/** How the peer of a definition, or of a client, is asked; `undefined` if it has no heartbeat. */
export const pulseOf = (owner: object): Pulse | undefined =>
  isBeating(owner) ? owner[PULSE] : undefined;

const isBeating = (owner: object): owner is BeatingDefinition => PULSE in owner;

/** The key of the method that a class of clients has in addition if it knows a probe for `liveness`. */
export const PROBE: unique symbol = /* @__PURE__ */ Symbol('probe');

/** A client that knows how to check its peer. */
export interface ProbingClient {
  /** Asks the peer once. Resolves when there is an answer; rejects if it could not ask. */
  [PROBE](signal: AbortSignal): Promise<unknown>;
}

/** Whether a client knows how to check its peer. */
export const isProbing = (client: unknown): client is ProbingClient =>
  typeof memberOf(client, PROBE) === 'function';
