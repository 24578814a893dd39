/** What the chart of a heartbeat may do: one object for each session, without members that can be listed. */

import type { AnyActorRef } from 'xstate';
import type { Beat, LostState, ProcessState, Pulse } from '../core/heartbeat.ts';
import type { WirechartError } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import type { Link } from './link.ts';

/** The parts of a connection that a heartbeat uses. */
type Peer = Pick<Link<unknown, unknown>, 'remote' | 'findProcess' | 'processState'>;

/** How a heartbeat asks, and whom it tells. */
export class HeartbeatRun {
  readonly #pulse: Pulse;
  readonly #peer: Peer;
  readonly #connection: AnyActorRef;
  /** The process that was found when it was needed first, in this session. */
  #found: Promise<number | undefined> | undefined;
  /** The same, once it is known. */
  #pid: number | undefined;

  /** @param connection - The actor of the connection, which fails when the peer is lost. */
  constructor(pulse: Pulse, peer: Peer, connection: AnyActorRef) {
    this.#pulse = pulse;
    this.#peer = peer;
    this.#connection = connection;
  }

  get pulse(): Pulse {
    return this.#pulse;
  }

  get connection(): AnyActorRef {
    return this.#connection;
  }

  /** Whether the session is about to end: the peer was asked to leave, or has ended its side. */
  get isLeaving(): boolean {
    const snapshot: unknown = this.#connection.getSnapshot();
    return (
      memberOf(memberOf(snapshot, 'context'), 'endExpected') === true ||
      memberOf(memberOf(snapshot, 'value'), 'RUNNING') === 'halfOpen'
    );
  }

  /** What the operating system says of the process of the peer. */
  async look(): Promise<ProcessState> {
    this.#pid ??= this.#pulse.pid ?? this.#peer.remote?.pid ?? (await this.#find());
    const pid = this.#pid;
    return (pid === undefined ? undefined : await this.#peer.processState?.(pid)) ?? 'unknown';
  }

  #find(): Promise<number | undefined> | undefined {
    this.#found ??= this.#peer.findProcess?.();
    return this.#found;
  }

  /** Whether the session fails now. */
  isLost(state: LostState, misses: number): boolean {
    return misses >= this.#pulse.patience(state);
  }

  /** Why it does. */
  failure(beat: Beat): WirechartError {
    return this.#pulse.failure(beat, this.#pid);
  }
}
