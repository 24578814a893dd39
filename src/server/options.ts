/** The options of a server: their types, their defaults, and the check of the values. */

import type { WirechartError } from '../core/errors.ts';
import {
  resolveDeadlines,
  resolveLimits,
  resolveNumbers,
  type ServerDeadlines,
} from '../core/limits.ts';
import { checkKinds, type Names } from '../core/options.ts';
import type { ProtocolOptions } from '../protocol/machine.ts';
import { checkProtocolOptions, PROTOCOL_OPTIONS } from '../protocol/options.ts';
import type { Remote } from '../core/remote.ts';
import type { TrafficStats } from '../core/stats.ts';
import type { Limits, ServerTimeouts } from '../core/types.ts';

/**
 * The bounds of a server, in peers and bytes, and of each of its sessions, in bytes. `Infinity` turns one off; a
 * value that is not a number above 0 is an `ArgumentError`.
 */
export interface ServerLimits extends Limits {
  /**
   * How many peers have a slot at once, from the start of their handshake to their end. When all slots are
   * taken, new peers wait in the backlog: connected, but not read from. Default 1 024.
   */
  readonly maxPeers?: number | undefined;
  /** How many of these may be in a handshake, that of TLS included; others wait. Default 256. */
  readonly maxHandshakes?: number | undefined;
  /**
   * How many peers may be RUNNING without having been taken by a loop over the server. While there are so
   * many, no handshake is started; those in progress may still add to them. Default `Infinity`.
   */
  readonly maxWaiting?: number | undefined;
  /**
   * How many peers may wait in the backlog for a slot. Further peers are closed at once and counted in
   * `refused`. May be 0: there is no backlog. Default 1 024.
   */
  readonly maxBacklog?: number | undefined;
  /**
   * How many connections one remote address may have at once, in slots and in the backlog. Further ones are
   * closed at once and counted in `refused`. An IPv4 address that is mapped to IPv6 counts as the IPv4 address.
   * Connections without an address, such as those of a UNIX socket, are not bounded by it. Default `Infinity`.
   */
  readonly maxPeersPerAddress?: number | undefined;
  /**
   * How many bytes all peers together may hold: bytes that have arrived and that were not decoded yet, or whose
   * message is still being handled, and what `send()` has accepted and the kernel has not taken. When more would
   * be held, the peer that holds the most fails with a `LimitError`, which `onPeerError` is called with. Default
   * 256 MiB (268 435 456).
   */
  readonly maxBufferedBytes?: number | undefined;
}

/**
 * The options of a server: those of its sessions, and its own. All have a default.
 *
 * @typeParam Peer - What stands for a peer.
 */
export interface ProtocolServerOptions<Peer = unknown> extends ProtocolOptions {
  /** Bounds: of the server in peers and bytes, of each session in bytes. */
  readonly limits?: ServerLimits | undefined;
  /** Deadlines, in ms. `connect` is the deadline of binding the socket; `accept` is not used. */
  readonly timeouts?: ServerTimeouts | undefined;
  /**
   * Serves one peer. Called once for each, as soon as it is RUNNING and before a message of it is read. While
   * its promise is pending, the peer is served; when that resolves, the peer is disconnected gracefully; when it
   * rejects, the session of the peer fails with the error, as it does with that of a callback of the
   * definition. If it does not return a promise, nothing follows from its end.
   *
   * Where the definition has no `onMessage`, nor `pull: false`, the messages wait for a loop in it, as with
   * `pull`: `for await (const message of peer)`. While no loop asks, the peer's end is not noticed. When the server is closed, that loop ends after the message that is
   * being handled, and `onPeer` has `timeouts.drain` to finish, in which it may send. Without a loop the peer
   * is disconnected at once. Loops over the server get no peers.
   */
  readonly onPeer?: PeerCallback<Peer>['call'] | undefined;
  /**
   * Called for each peer that failed: in its handshake, or later by a reset, invalid bytes, a message that
   * is too large, or a callback of its definition that threw. Not called for a peer that just ended the
   * stream, nor for one that was asked to leave in time. What it throws, or rejects with, is logged.
   *
   * @param error - The cause.
   * @param peer - Which peer it was, and who: its address and, with TLS, its certificate.
   */
  readonly onPeerError?: ((error: WirechartError, peer: PeerInfo) => unknown) | undefined;
}

/** The function that `onPeer` of a server may be. */
export interface PeerCallback<Peer> {
  /**
   * A method, so that a callback for any peer can be given to a server of special ones.
   *
   * @param peer - The peer: its `AsyncProtocol`, or a client of the class that the server was given.
   */
  call(peer: Peer, context: PeerContext): unknown;
}

/** What `onPeer` of a server is told. */
export interface PeerContext {
  /**
   * Aborted when the session is about to end because the server is being closed, or else when it has ended: with
   * the cause, or an `AbortError`.
   */
  readonly signal: AbortSignal;
}

/** Which peer of a server it is, and who. It stays readable when the peer has gone. */
export interface PeerInfo {
  /** Counts the admitted peers of the server, from 1. */
  readonly number: number;
  /** The name of the peer's `AsyncProtocol`: the server's and the number, as in `chat#3`. */
  readonly name: string;
  /** Who is at the other end. */
  readonly remote: Remote;
}

/**
 * The peers of a server, counted when `stats` was read, and their traffic: the sum over all of them, also those
 * that have gone.
 */
export interface ServerStats extends TrafficStats {
  /** How many peers were given a slot, since the server was created. */
  readonly admitted: number;
  /** Of these, how many are in their handshake now, that of TLS included. */
  readonly handshakes: number;
  /** Of these, how many are RUNNING now. */
  readonly running: number;
  /** How many connections wait for a slot now. */
  readonly queued: number;
  /** How many connections got no slot, or could not be accepted; see `refused`. */
  readonly refused: number;
  /** How many of the admitted peers have failed: those that `onPeerError` was called for. */
  readonly failed: number;
  /** How many bytes all peers hold now: what `limits.maxBufferedBytes` bounds. */
  readonly bufferedBytes: number;
}

/**
 * Checks the names of a server's options, and the values of those that are no numbers.
 *
 * @throws {ArgumentError} When a name is unknown, or a value cannot be used.
 */
export function checkServerOptions(options: ProtocolServerOptions): void {
  const names: Names<ProtocolServerOptions> = {
    ...PROTOCOL_OPTIONS,
    onPeer: true,
    onPeerError: true,
  };
  checkProtocolOptions('new ProtocolServer()', options, names);
  checkKinds('new ProtocolServer()', options, { onPeer: 'function', onPeerError: 'function' });
}

/** Every bound of the server itself with its value, in peers or bytes. */
export type ServerBounds = Readonly<Record<Exclude<keyof ServerLimits, keyof Limits>, number>>;

const DEFAULT_DEADLINES_MS = { backlog: 30_000, shutdown: 15_000 };
const DEFAULT_SLOTS = {
  maxPeers: 1_024,
  maxHandshakes: 256,
  maxWaiting: Infinity,
  maxPeersPerAddress: Infinity,
  maxBufferedBytes: 256 * 1024 * 1024,
};
const DEFAULT_BACKLOG = { maxBacklog: 1_024 };

/**
 * Returns the given deadlines, with defaults for the others.
 *
 * @throws {ArgumentError} When one is not a number of milliseconds above 0 (`Infinity` is allowed).
 */
export function resolveServerDeadlines(given: ServerTimeouts = {}): ServerDeadlines {
  return {
    ...resolveDeadlines(given, DEFAULT_DEADLINES_MS),
    ...resolveNumbers('timeouts', DEFAULT_DEADLINES_MS, given),
  };
}

/**
 * Returns the given bounds of the server, with defaults for the others. Those of its sessions are checked.
 *
 * @throws {ArgumentError} When one is not a number above 0 (`Infinity` is allowed); `maxBacklog` may be 0.
 */
export function resolveServerLimits(given: ServerLimits = {}): ServerBounds {
  resolveLimits(given, { ...DEFAULT_SLOTS, ...DEFAULT_BACKLOG });
  return {
    ...resolveNumbers('limits', DEFAULT_SLOTS, given),
    ...resolveNumbers('limits', DEFAULT_BACKLOG, given, { allowZero: true }),
  };
}
