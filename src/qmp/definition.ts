/**
 * The client side of QMP on one link: handshake, and the routing of events and replies.
 *
 * The link belongs either to a `QmpClient` or to a machine embedded in another chart, to which a client
 * may be attached at any time. The client is the definition's observer.
 */

import type { JsonObject } from '../codecs/json.ts';
import type { Handshake, Logger, ProtocolDefinition } from '../core/types.ts';
import { ServerParseError } from './errors.ts';
import { negotiate, receiveGreeting } from './handshake.ts';
import { isError, isEvent, qmpCodec } from './messages.ts';
import type { QmpCommand, QmpEvent, QmpGreeting } from './types.ts';

/** Receives what arrives in a session: implemented by the client. */
export interface SessionObserver {
  /** A stream is open, and its handshake begins. */
  onAttempt(): void;
  onEvent(event: QmpEvent): void;
  /** Whether `onEvent()` would have any effect for events of this name, now. */
  wants(name: string): boolean;
  /** Returns whether the message is the reply to a command of this observer. */
  onReply(message: JsonObject): boolean;
}

/** One per link, because it keeps the greeting and the ids of commands. */
export class QmpDefinition implements ProtocolDefinition<JsonObject, QmpCommand> {
  readonly codec = qmpCodec((name) => this.#isNegotiating || this.observer?.wants(name) === true);
  /** The server's greeting; `undefined` from the start of an attempt until it has arrived. */
  greeting: QmpGreeting | undefined;
  /** The client, once there is one. */
  observer: SessionObserver | undefined;
  /**
   * While true, no event is skipped: a message of the handshake is dispatched some time after it was
   * decoded, and a listener added in between must get it.
   */
  #isNegotiating = true;
  readonly #logger: Logger | undefined;
  /** Starts at a random number, so that stale replies left by an earlier client match no id of ours. */
  #lastId = 100_000_000 + Math.floor(Math.random() * 900_000_000);

  /** @param logger - Must not throw. */
  constructor(logger: Logger | undefined) {
    this.#logger = logger;
  }

  /**
   * Returns an id for the next command. It is short, because QEMU reads its input byte by byte, and a
   * number, because each new string id would take up space in the JavaScript engine's string table.
   */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  readonly handshake = async (session: Handshake<JsonObject, QmpCommand>): Promise<void> => {
    this.#isNegotiating = true;
    this.observer?.onAttempt();
    this.greeting = undefined;
    this.greeting = await receiveGreeting(session, this.#onEvent);
    await negotiate(session, this.greeting, this.nextId(), this.#onEvent);
    this.#isNegotiating = false;
  };

  readonly onMessage = (message: JsonObject): void => {
    if (isEvent(message)) this.#onEvent(message);
    else if (this.observer?.onReply(message) === true) return;
    else if ('error' in message && message['id'] === undefined) {
      const description = isError(message) ? message.error.desc : 'no description given';
      throw new ServerParseError(message['error'] ?? null, description);
    } else this.#logger?.warn('A reply that belongs to no command was dropped');
  };

  readonly #onEvent = (event: QmpEvent): void => {
    this.observer?.onEvent(event);
  };
}
