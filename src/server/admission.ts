/**
 * The sessions of a server by state, and the decision which connections are admitted: a connection gets a
 * slot if one is free. Otherwise it waits in the backlog, or is refused when that is full, or when its address has too
 * many connections already.
 */

import type { PeerState } from '../machines/peer-session-setup.ts';
import type { Remote } from '../core/remote.ts';
import { AddressCounts } from './address-counts.ts';
import type { ServerBounds } from './options.ts';

/** The part of a session that is counted. */
interface Countable {
  /** The last state that its chart reported; `undefined` in ARRIVED and GONE. */
  state: PeerState | undefined;
  /** Who is at the other end. */
  readonly remote: Remote;
}

/** Each set in the order in which its sessions entered the state. */
export class Admission<S extends Countable> {
  readonly #bounds: ServerBounds;
  readonly #sessions: Readonly<Record<PeerState, Set<S>>> = {
    QUEUED: new Set(),
    CONNECTING: new Set(),
    'RUNNING.offered': new Set(),
    'RUNNING.served': new Set(),
    DISCONNECTING: new Set(),
  };
  /** Empty while the number of connections of an address is not bounded. */
  readonly #addresses = new AddressCounts<S>();

  constructor(bounds: ServerBounds) {
    this.#bounds = bounds;
  }

  /** The sessions in a state. */
  in(state: PeerState): ReadonlySet<S> {
    return this.#sessions[state];
  }

  /** All sessions. */
  all(): S[] {
    return Object.values(this.#sessions).flatMap((sessions) => [...sessions]);
  }

  get count(): number {
    return Object.values(this.#sessions).reduce((count, { size }) => count + size, 0);
  }

  get slotsTaken(): number {
    return this.count - this.#sessions.QUEUED.size;
  }

  /** Whether a connection may be admitted now. */
  get hasSlot(): boolean {
    const { maxPeers, maxHandshakes, maxWaiting } = this.#bounds;
    return (
      this.slotsTaken < maxPeers &&
      this.#sessions.CONNECTING.size < maxHandshakes &&
      this.#sessions['RUNNING.offered'].size < maxWaiting
    );
  }

  /** Why a connection is to be refused; `undefined` when it is to be admitted, or to be queued. */
  refusal(remote: Remote): string | undefined {
    const { maxPeersPerAddress } = this.#bounds;
    const already = this.#addresses.of(remote);
    if (already >= maxPeersPerAddress) {
      return `its address has ${String(already)} connections already (limits.maxPeersPerAddress)`;
    }
    if (this.hasSlot || this.#sessions.QUEUED.size < this.#bounds.maxBacklog) return undefined;
    return 'all slots are taken, and the backlog is full (limits.maxBacklog)';
  }

  /** Notes the state that a session has entered; `undefined` when it is GONE. */
  move(session: S, state: PeerState | undefined): void {
    if (session.state !== undefined) this.#sessions[session.state].delete(session);
    else if (this.#bounds.maxPeersPerAddress < Infinity)
      this.#addresses.add(session, session.remote);
    session.state = state;
    if (state === undefined) this.#addresses.remove(session);
    else this.#sessions[state].add(session);
  }
}
