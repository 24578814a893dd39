/**
 * A bounded queue of messages to a NATS server. It keeps each message until the server has confirmed it.
 *
 * The NATS client discards messages that it is given while it has no connection, and does not report how
 * much of what it sent last has arrived. So a message stays here until the server has answered a PING
 * that was sent after it. Messages in doubt are sent again and may arrive twice. Every message that is
 * dropped is counted.
 *
 * Each virtual machine has an equal share of the queue, which the messages of others never take from it. It
 * may use more while there is room. All operations take the same time however much is queued.
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
  /**
   * Returns what is sent when the server does not accept messages of this size, of which it allows
   * `maxBytes`. Without it the message is dropped.
   */
  readonly shorten?: ((maxBytes: number) => string) | undefined;
}

/** What is used of the client. */
type Connection = Pick<NatsConnection, 'flush' | 'info' | 'isClosed' | 'publish'>;

/** How many bytes are sent before the next PING. */
const MAX_BATCH_BYTES = 64 * 1024;
/** The memory that a message takes in addition to its text, roughly. */
const OVERHEAD_BYTES = 200;

interface Queued {
  readonly message: Outgoing;
  readonly bytes: number;
}

/** The messages of all virtual machines of a bridge. */
export class Outbox {
  readonly #nc: Connection;
  readonly #maxBytes: number;
  readonly #maxShareBytes: number;
  readonly #shares: ReadonlyMap<string, Share>;
  /** The shares that have something to send. They take turns, with one message each. */
  readonly #turns = new Fifo<Share>();
  /** The shares that hold more than is theirs. */
  readonly #overfull = new Set<Share>();
  #queued = 0;
  #queuedBytes = 0;
  /** Sent, but not confirmed. */
  #batch: readonly Outgoing[] = [];
  #isSending = false;
  #isConfirmed = true;
  #sent: Promise<void> = Promise.resolve();

  /**
   * @param maxBytes - How many bytes may be queued. Above it, the oldest messages are dropped: of the machine
   *   that adds one, if it holds more than its share, and otherwise of another that does.
   * @param vms - The names of the machines.
   */
  constructor(nc: Connection, maxBytes: number, vms: Iterable<string>) {
    this.#nc = nc;
    this.#maxBytes = maxBytes;
    this.#shares = new Map([...vms].map((vm) => [vm, new Share(vm)]));
    this.#maxShareBytes = maxBytes / this.#shares.size;
  }

  /** How many messages the server has not confirmed. */
  get size(): number {
    return this.#queued + this.#batch.length;
  }

  /** How many messages were dropped. */
  get lost(): number {
    return [...this.#shares.values()].reduce((sum, { lost }) => sum + lost, 0);
  }

  /** Resolves when the server has confirmed all messages, or the client is closed. */
  get sent(): Promise<void> {
    return this.#sent;
  }

  add(message: Outgoing): void {
    const share = this.#shareOf(message.vm);
    const bytes = message.subject.length + Buffer.byteLength(message.data) + OVERHEAD_BYTES;
    share.queue.push({ message, bytes });
    this.#count(share, 1, bytes);
    while (this.#queuedBytes > this.#maxBytes) this.#dropFrom(this.#payer(share));
    this.#schedule(share);
  }

  /** Counts messages of a machine that could not be added. */
  lose(vm: string, count = 1): void {
    if (count === 0) return;
    const share = this.#shareOf(vm);
    share.lost += count;
    this.#schedule(share);
  }

  #shareOf(vm: string): Share {
    const share = this.#shares.get(vm);
    if (share === undefined) throw new RangeError(`There is no machine '${vm}'`);
    return share;
  }

  #schedule(share: Share): void {
    if (!share.hasTurn) this.#turns.push(share);
    share.hasTurn = true;
    if (!this.#isSending) this.#sent = this.#send();
  }

  #count(share: Share, messages: number, bytes: number): void {
    this.#queued += messages;
    this.#queuedBytes += bytes;
    share.bytes += bytes;
    if (share.bytes > this.#maxShareBytes) this.#overfull.add(share);
    else this.#overfull.delete(share);
  }

  /** The share that has to give room; there is one, as the shares add up to the whole. */
  #payer(adding: Share): Share {
    if (this.#overfull.has(adding)) return adding;
    const [overfull = adding] = this.#overfull;
    return overfull;
  }

  #dropFrom(share: Share): void {
    this.#take(share);
    share.lost += 1;
  }

  #take(share: Share): Outgoing | undefined {
    const next = share.queue.shift();
    if (next !== undefined) this.#count(share, -1, -next.bytes);
    return next?.message;
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

  /** Fills an empty batch; returns whether there is anything to send. */
  #fill(): boolean {
    if (this.#batch.length > 0) return true;
    const batch: Outgoing[] = [];
    for (let bytes = 0; bytes < MAX_BATCH_BYTES;) {
      const share = this.#turns.shift();
      if (share === undefined) break;
      // Losses come first, so that they are reported where the messages are missing.
      const messages = [share.takeLosses(), this.#take(share)].filter((each) => each !== undefined);
      share.hasTurn = messages.length > 0;
      if (share.hasTurn) this.#turns.push(share);
      batch.push(...messages);
      bytes += messages.reduce((sum, { data }) => sum + data.length + OVERHEAD_BYTES, 0);
    }
    this.#batch = batch;
    return batch.length > 0;
  }

  /** Returns whether the client accepted the message; it refuses one that is too large for the server. */
  #publish(message: Outgoing): boolean {
    if (this.#tryToPublish(message, message.data)) return true;
    const shorter = message.shorten?.(this.#nc.info?.max_payload ?? 0);
    if (shorter !== undefined && this.#tryToPublish(message, shorter)) return true;
    this.lose(message.vm);
    return false;
  }

  #tryToPublish({ subject, id }: Outgoing, data: string): boolean {
    const marked = headers();
    if (id !== undefined) marked.set('Nats-Msg-Id', id);
    try {
      this.#nc.publish(subject, data, id === undefined ? {} : { headers: marked });
      return true;
    } catch {
      return false;
    }
  }
}

/** What is queued of one machine. */
class Share {
  readonly queue = new Fifo<Queued>();
  bytes = 0;
  /** How many messages were dropped. */
  lost = 0;
  /** Whether it waits for its turn to send. */
  hasTurn = false;
  readonly #vm: string;
  #reported = 0;

  constructor(vm: string) {
    this.#vm = vm;
  }

  /** Returns a message that reports what was dropped since the last one, if anything was. */
  takeLosses(): Outgoing | undefined {
    const [vm, total, count] = [this.#vm, this.lost, this.lost - this.#reported];
    if (count === 0) return undefined;
    this.#reported = total;
    return { vm, subject: `vm.${vm}.lost`, data: JSON.stringify({ count, total }) };
  }
}

/** How many items may be taken before the array is copied without them. */
const MAX_TAKEN = 1000;

/** A queue that takes the same time for each operation; `shift()` of a long array moves all of its items. */
class Fifo<T> {
  #items: (T | undefined)[] = [];
  #taken = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#taken];
    if (item === undefined) return undefined;
    this.#items[this.#taken] = undefined;
    this.#taken += 1;
    if (this.#taken >= MAX_TAKEN && 2 * this.#taken >= this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }
}
