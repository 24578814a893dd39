/** What a server can be told, the default of each deadline and bound of it, and the check of them. */

import type { WirechartError } from '../core/errors.ts';
import {
  resolveDeadlines,
  resolveLimits,
  resolveNumbers,
  type ServerDeadlines,
} from '../core/limits.ts';
import type { ProtocolOptions } from '../protocol/machine.ts';
import type { Limits, ServerTimeouts } from '../core/types.ts';

/** The bounds of a server, and of each of its sessions. */
export interface ServerLimits extends Limits {
  /** How many peers have a place at once, from their handshake to their end. Default 1 024. */
  readonly maxPeers?: number | undefined;
  /**
   * How many of these may be in the handshake, that of TLS included. Further ones are not begun until
   * one of them is over. Default 256.
   */
  readonly maxHandshakes?: number | undefined;
  /**
   * How many peers may wait to be iterated. While there are so many, no handshake is begun; those
   * under way may still join them. Default `Infinity`: as many as have a place.
   */
  readonly maxWaiting?: number | undefined;
  /**
   * How many peers may wait for a place, connected and unheard. Those beyond are closed at once, and
   * counted in `refused`; with 0, everybody for whom there is no place. Default 1 024.
   */
  readonly maxBacklog?: number | undefined;
}

/** How a server is run; everything has a default. */
export interface ProtocolServerOptions extends ProtocolOptions {
  /** Bounds, in peers and in bytes. */
  readonly limits?: ServerLimits | undefined;
  /** Deadlines, in ms. `connect` is that of the bind; `accept` is not used. */
  readonly timeouts?: ServerTimeouts | undefined;
  /**
   * Told of each peer that failed: in its handshake, or later, by a flood, a reset, a callback of
   * its definition. Not told of a peer that just ended the stream, nor of one that was asked to leave.
   * What it throws is recorded, and harms nobody.
   *
   * @param error - Why.
   * @param peerNumber - Who: the same number as in the peer's name.
   */
  readonly onPeerError?: ((error: WirechartError, peerNumber: number) => unknown) | undefined;
}

/** Every bound of the server itself, in peers. */
export type ServerBounds = Readonly<Record<Exclude<keyof ServerLimits, keyof Limits>, number>>;

const DEADLINES = { backlog: 30_000, drain: 10_000 };
const PLACES = { maxPeers: 1_024, maxHandshakes: 256, maxWaiting: Infinity };
const LINE = { maxBacklog: 1_024 };

/**
 * The deadlines, with defaults for those not given.
 *
 * @throws {ArgumentError} When one is not a number of milliseconds above 0 (`Infinity` is one).
 */
export function resolveServerDeadlines(given: ServerTimeouts = {}): ServerDeadlines {
  return { ...resolveDeadlines(given), ...resolveNumbers('timeouts', DEADLINES, given) };
}

/**
 * The bounds of the server, with defaults for those not given; those of its sessions are only checked.
 *
 * @throws {ArgumentError} When one is not a number above 0 (`Infinity` is one); `maxBacklog` may be 0.
 */
export function resolveServerLimits(given: ServerLimits = {}): ServerBounds {
  resolveLimits(given);
  return {
    ...resolveNumbers('limits', PLACES, given),
    ...resolveNumbers('limits', LINE, given, { allowZero: true }),
  };
}
