/** What arrives from a server: its greeting, events, and replies. One for each client. */

import type { JsonObject } from '../codecs/json.ts';
import { TimeoutError } from '../core/errors.ts';
import type { PeerStanding } from '../core/peer-standing.ts';
import type { Clock, Logger, Session } from '../core/types.ts';
import { explainNoNegotiation } from './diagnosis/diagnosis.ts';
import { unparsed } from './commands/command-errors.ts';
import type { Dispatcher } from './events/dispatcher.ts';
import type { EndAnnouncement } from './end-announcement.ts';
import { BusyMonitorError } from './errors.ts';
import type { EventFeed } from './events/event-feed.ts';
import type { Exchange } from './commands/exchange.ts';
import { FirstBytes } from './diagnosis/first-bytes.ts';
import { negotiate, receiveGreeting } from './handshake.ts';
import { type CodecPort, isEvent } from './messages.ts';
import type { QmpCommand, QmpEvent, QmpGreeting } from './types.ts';

/** Where what arrives goes. */
export interface Receivers {
  readonly dispatcher: Pick<Dispatcher, 'dispatch' | 'wants'>;
  readonly exchange: Pick<Exchange, 'nextId' | 'settle'> &
    Partial<Pick<Exchange, 'begin' | 'wantsOob'>>;
  readonly ending: EndAnnouncement;
  /** Has the clock of the deadlines. */
  readonly timing?: { readonly clock: Clock };
  /** Those that follow the events of each session. */
  readonly feed?: Pick<EventFeed, 'begin' | 'isKeeping' | 'keep' | 'keepLine'>;
  /** Must not throw. */
  readonly logger: Logger | undefined;
}

const NOTHING = { head: new Uint8Array(), count: 0 };

/** Passes on what the server sends. */
export class Reception implements CodecPort {
  /** The server's greeting; `undefined` from the start of an attempt until it has arrived. */
  greeting: QmpGreeting | undefined;
  /** How many events have arrived. */
  events = 0;
  readonly #to: Receivers;
  /**
   * While true, no event is skipped: a message of the handshake is dispatched some time after it was
   * decoded, and a listener added in between must get it.
   */
  #isNegotiating = true;
  /** What arrives before the greeting. */
  #received: FirstBytes | undefined;

  constructor(to: Receivers) {
    this.#to = to;
  }

  onStream(): void {
    this.#received = new FirstBytes();
  }

  onSkipped(bytes: Uint8Array, from: number, end: number): void {
    this.events += 1;
    // A copy: a view would keep the whole chunk.
    if (this.#to.feed?.isKeeping === true) {
      this.#to.feed.keepLine(new Uint8Array(bytes.subarray(from, end)));
    }
  }

  onBytes(chunk: Uint8Array): void {
    this.#received?.add(chunk);
  }

  isWanted(name: string): boolean {
    return this.#isNegotiating || this.#to.ending.wants(name) || this.#to.dispatcher.wants(name);
  }

  /** Receives the greeting and negotiates. Resolves with the greeting. */
  async handshake(session: Session<JsonObject, QmpCommand>): Promise<QmpGreeting> {
    this.#isNegotiating = true;
    this.#to.ending.reset();
    this.#to.feed?.begin();
    this.greeting = undefined;
    const greeting = await receiveGreeting(session, this.#onEvent, this.#received);
    this.greeting = greeting;
    this.#received = undefined;
    const { exchange } = this.#to;
    const { wantsOob = true } = exchange;
    const hasOob = wantsOob && greeting.QMP.capabilities.includes('oob');
    await negotiate(session, {
      oob: hasOob,
      id: exchange.nextId(),
      onEvent: this.#onEvent,
      clock: this.#to.timing?.clock ?? globalThis,
    });
    exchange.begin?.(hasOob);
    this.#isNegotiating = false;
    return greeting;
  }

  /** Why the handshake has not ended within `ms` milliseconds. */
  explainHandshake(ms: number, standing?: PeerStanding): TimeoutError {
    const { greeting } = this;
    return greeting === undefined
      ? new BusyMonitorError(ms, this.#received ?? NOTHING, standing)
      : new TimeoutError('handshake', ms, explainNoNegotiation(ms, greeting, standing?.remote));
  }

  /** @throws {ServerParseError} When the server could not read what it was sent. */
  receive(message: JsonObject): void {
    if (isEvent(message)) this.#onEvent(message);
    else if (this.#to.exchange.settle(message)) return;
    else if ('error' in message && message['id'] === undefined) throw unparsed(message);
    else this.#to.logger?.warn('A reply that belongs to no command was dropped');
  }

  readonly #onEvent = (event: QmpEvent): void => {
    this.events += 1;
    this.#to.ending.onEvent(event);
    if (this.#to.feed?.isKeeping === true) this.#to.feed.keep(event);
    this.#to.dispatcher.dispatch(event);
  };
}
