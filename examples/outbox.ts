/**
 * A bounded queue of messages to a NATS server. It keeps each message until the server has confirmed it.
 *
 * The NATS client discards messages that it is given while it has no connection, and does not report how
 * much of what it sent last has arrived. So a message stays here until the server has answered a PING
 * that was sent after it. Messages in doubt are sent again and may arrive twice. Every message that is
 * dropped is counted.
 */

import { headers, type NatsConnection } from '@nats-io/transport-node';

/** A message. */
export interface Outgoing {
  /** The virtual machine that it belongs to. */
  readonly vm: string;
  readonly subject: string;
  readonly data: string;
  /** The same each time the message is sent: JetStream stores only the first. */
  readonly id?: string | undefined;
}

/** How many bytes are sent before the next PING. */
const MAX_BATCH_BYTES = 64 * 1024;
/** The memory that a message takes in addition to its text, roughly. */
const OVERHEAD_BYTES = 200;

const sizeOf = ({ subject, data }: Outgoing) => subject.length + data.length + OVERHEAD_BYTES;

/** The messages of all virtual machines of a bridge. */
export class Outbox {
  readonly #nc: NatsConnection;
  readonly #maxBytes: number;
  readonly #queue: Outgoing[] = [];
  #queuedBytes = 0;
  /** Sent, but not confirmed. */
  #batch: readonly Outgoing[] = [];
  /** How many messages were dropped since the last report, and in total, by machine. */
  readonly #losses = new Map<string, { count: number; total: number }>();
  #isSending = false;
  #isConfirmed = true;
  #sent: Promise<void> = Promise.resolve();

  /** @param maxBytes - How many bytes may be queued. Above it, the oldest messages are dropped. */
  constructor(nc: NatsConnection, maxBytes: number) {
    this.#nc = nc;
    this.#maxBytes = maxBytes;
  }

  /** How many messages the server has not confirmed. */
  get size(): number {
    return this.#queue.length + this.#batch.length;
  }

  /** How many messages were dropped. */
  get lost(): number {
    return [...this.#losses.values()].reduce((sum, { total }) => sum + total, 0);
  }

  /** Resolves when the server has confirmed all messages, or the client is closed. */
  get sent(): Promise<void> {
    return this.#sent;
  }

  add(message: Outgoing): void {
    this.#queue.push(message);
    this.#queuedBytes += sizeOf(message);
    while (this.#queuedBytes > this.#maxBytes) this.#drop(this.#take());
    if (!this.#isSending) this.#sent = this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (!this.#nc.isClosed() && this.#fill()) {
      // After a failure, send only the PING until it is answered: without a connection the client does
      // not know how large a message may be.
      const isSent = this.#isConfirmed;
      if (isSent) this.#batch = this.#batch.filter((message) => this.#publish(message));
      this.#isConfirmed = await this.#nc.flush().then(
        () => true,
        () => false,
      );
      if (isSent && this.#isConfirmed) this.#batch = [];
    }
    this.#isSending = false;
  }

  /**
   * Fills an empty batch; returns whether there is anything to send. Losses come first, so that they are
   * reported where the messages are missing.
   */
  #fill(): boolean {
    if (this.#batch.length > 0) return true;
    const batch = this.#takeLosses();
    for (let bytes = 0; bytes < MAX_BATCH_BYTES && this.#queue.length > 0;) {
      const message = this.#take();
      batch.push(message);
      bytes += sizeOf(message);
    }
    this.#batch = batch;
    return batch.length > 0;
  }

  /** Returns whether the client accepted the message; it refuses one that is too large for the server. */
  #publish(message: Outgoing): boolean {
    const { subject, data, id } = message;
    const marked = headers();
    if (id !== undefined) marked.set('Nats-Msg-Id', id);
    try {
      this.#nc.publish(subject, data, id === undefined ? {} : { headers: marked });
      return true;
    } catch {
      this.#drop(message);
      return false;
    }
  }

  #take(): Outgoing {
    const message = this.#queue.shift();
    if (message === undefined) throw new RangeError('The queue is empty');
    this.#queuedBytes -= sizeOf(message);
    return message;
  }

  #drop({ vm }: Outgoing): void {
    const { count, total } = this.#losses.get(vm) ?? { count: 0, total: 0 };
    this.#losses.set(vm, { count: count + 1, total: total + 1 });
  }

  #takeLosses(): Outgoing[] {
    const messages: Outgoing[] = [];
    for (const [vm, { count, total }] of this.#losses) {
      if (count === 0) continue;
      messages.push({ vm, subject: `vm.${vm}.lost`, data: JSON.stringify({ count, total }) });
      this.#losses.set(vm, { count: 0, total });
    }
    return messages;
  }
}
