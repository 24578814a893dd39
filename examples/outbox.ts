/**
 * What is on its way to a NATS server: in order, within bounds, and kept until the server has it.
 *
 * The NATS client forgets what it was given while it had no connection, and does not tell how much of
 * what it sent last has arrived. So a message stays here until the server has answered a PING behind it.
 * What is in doubt goes out again: a message may come twice. None goes missing without being counted.
 */

import { headers, type NatsConnection } from '@nats-io/transport-node';

/** A message. */
export interface Outgoing {
  /** Whom it is about. */
  readonly vm: string;
  readonly subject: string;
  readonly data: string;
  /** The same each time it goes out; JetStream stores only the first. */
  readonly id?: string | undefined;
}

/** So many bytes go out before the server is asked whether it has them. */
const BATCH = 64 * 1024;
/** What a message takes up in memory beside its text, roughly. */
const OVERHEAD = 200;

const sizeOf = ({ subject, data }: Outgoing) => subject.length + data.length + OVERHEAD;

/** See the module's comment. */
export class Outbox {
  readonly #nc: NatsConnection;
  readonly #room: number;
  #waiting: Outgoing[] = [];
  #bytes = 0;
  /** Sent, and not confirmed yet. */
  #batch: readonly Outgoing[] = [];
  /** How many were lost since the last message that said so, and in all. */
  readonly #losses = new Map<string, { count: number; total: number }>();
  #isSending = false;
  #isAnswered = true;
  #sent: Promise<void> = Promise.resolve();

  /** @param room - How many bytes may wait; the oldest messages make room, and are counted. */
  constructor(nc: NatsConnection, room: number) {
    this.#nc = nc;
    this.#room = room;
  }

  /** How many messages the server may not have. */
  get size(): number {
    return this.#waiting.length + this.#batch.length;
  }

  /** How many messages were given up. */
  get lost(): number {
    return [...this.#losses.values()].reduce((sum, { total }) => sum + total, 0);
  }

  /** Resolves when the server has all that was added. */
  get sent(): Promise<void> {
    return this.#sent;
  }

  add(message: Outgoing): void {
    this.#waiting.push(message);
    this.#bytes += sizeOf(message);
    while (this.#bytes > this.#room) this.#lose(this.#take());
    if (!this.#isSending) this.#sent = this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (!this.#nc.isClosed() && this.#fill()) {
      // After a failure nothing but the PING, until there is an answer: only a client that has a
      // connection knows how large a message may be.
      const isSent = this.#isAnswered;
      if (isSent) this.#batch = this.#batch.filter((message) => this.#publish(message));
      this.#isAnswered = await this.#nc.flush().then(
        () => true,
        () => false,
      );
      if (isSent && this.#isAnswered) this.#batch = [];
    }
    this.#isSending = false;
  }

  /** Sees to it that there is something to send; what was lost is told in the place where it is missing. */
  #fill(): boolean {
    if (this.#batch.length > 0) return true;
    const batch = this.#takeLosses();
    for (let bytes = 0; bytes < BATCH && this.#waiting.length > 0;) {
      const message = this.#take();
      batch.push(message);
      bytes += sizeOf(message);
    }
    this.#batch = batch;
    return batch.length > 0;
  }

  /** Whether it could be given to the client: the server may not allow messages as large as this one. */
  #publish(message: Outgoing): boolean {
    const { subject, data, id } = message;
    const marked = headers();
    if (id !== undefined) marked.set('Nats-Msg-Id', id);
    try {
      this.#nc.publish(subject, data, id === undefined ? {} : { headers: marked });
      return true;
    } catch {
      this.#lose(message);
      return false;
    }
  }

  #take(): Outgoing {
    const message = this.#waiting.shift();
    if (message === undefined) throw new RangeError('Nothing waits');
    this.#bytes -= sizeOf(message);
    return message;
  }

  #lose({ vm }: Outgoing): void {
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
