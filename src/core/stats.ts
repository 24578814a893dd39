/** Counters of connections, for metrics: what `stats` returns, and what is counted in. */

/**
 * Counters of what a connection, or all peers of a server, have received and sent. `In` and `Out` count from
 * 0 when the object was created, over all sessions, and never decrease.
 */
export interface TrafficStats {
  /** The bytes that were received, those of the handshake included; with TLS, after decryption. */
  readonly bytesIn: number;
  /**
   * The bytes that were handed to the kernel; with TLS, before encryption. Text is counted by its length,
   * as in `limits`: of ASCII, this is its size in bytes.
   */
  readonly bytesOut: number;
  /** The messages that were decoded, those of the handshake included. */
  readonly messagesIn: number;
  /** The messages that were handed to the kernel, those of the handshake included. */
  readonly messagesOut: number;
  /** The bytes that `send()` has accepted and that wait for the kernel now; text by its length. */
  readonly queuedBytes: number;
  /** The messages that `send()` has accepted and that wait for the kernel now. */
  readonly queuedMessages: number;
  /** The messages that `send()` has accepted and that were discarded at the end of a session; never decreases. */
  readonly undelivered: number;
}

/** The counters of a connection, as they were when `stats` was read. */
export interface ProtocolStats extends TrafficStats {
  /** How many attempts at a session have begun: calls of `connect()` and of `listen()`. Never decreases. */
  readonly attempts: number;
  /** How many of them became sessions, that is, RUNNING. Never decreases. */
  readonly sessions: number;
  /**
   * How many sessions and attempts have ended with a `cause` in their outcome, also because the peer ended the
   * stream unannounced; not the attempts that were given up on request. Never decreases.
   */
  readonly failures: number;
  /**
   * When the current session became RUNNING, in ms since 1970; `undefined` while there is none.
   */
  readonly connectedSince: number | undefined;
}

/**
 * The counters of one connection. The loops add to them: per chunk of bytes, per batch that was written, and one
 * addition per inbound message.
 */
export class Counters {
  bytesIn = 0;
  bytesOut = 0;
  messagesIn = 0;
  messagesOut = 0;
  undelivered = 0;
  attempts = 0;
  #sessions = 0;
  #ends = 0;
  #failures = 0;
  #connectedSince: number | undefined;

  /** An attempt has become a session. */
  noteSession(): void {
    this.#sessions += 1;
    this.#connectedSince = Date.now();
  }

  /** The session or attempt has ended. Ignored when there was none. */
  noteEnd(isFailure: boolean): void {
    this.#connectedSince = undefined;
    if (this.#ends === this.attempts) return;
    this.#ends = this.attempts;
    if (isFailure) this.#failures += 1;
  }

  /** The counters as they are now, with what is queued now. */
  toStats(queued: { readonly bytes: number; readonly messages: number }): ProtocolStats {
    const { bytesIn, bytesOut, messagesIn, messagesOut, undelivered, attempts } = this;
    return {
      ...{ bytesIn, bytesOut, messagesIn, messagesOut },
      ...{ queuedBytes: queued.bytes, queuedMessages: queued.messages, undelivered },
      ...{ attempts, sessions: this.#sessions, failures: this.#failures },
      connectedSince: this.#connectedSince,
    };
  }
}

/** The traffic of nothing. */
export const NO_TRAFFIC: TrafficStats = {
  bytesIn: 0,
  bytesOut: 0,
  messagesIn: 0,
  messagesOut: 0,
  queuedBytes: 0,
  queuedMessages: 0,
  undelivered: 0,
};

/** The traffic of two together. What else `other` has is left out. */
export const addTraffic = (one: TrafficStats, other: TrafficStats): TrafficStats => ({
  bytesIn: one.bytesIn + other.bytesIn,
  bytesOut: one.bytesOut + other.bytesOut,
  messagesIn: one.messagesIn + other.messagesIn,
  messagesOut: one.messagesOut + other.messagesOut,
  queuedBytes: one.queuedBytes + other.queuedBytes,
  queuedMessages: one.queuedMessages + other.queuedMessages,
  undelivered: one.undelivered + other.undelivered,
});
