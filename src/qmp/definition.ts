/**
 * What the client's side of QMP does on one link, whoever holds the link: a client of its own, or a
 * machine in somebody's chart, to which a client may be attached at any time.
 */

import type { JsonObject } from '../codecs/json.ts';
import type { Handshake, Logger, ProtocolDefinition } from '../core/types.ts';
import { ServerParseError } from './errors.ts';
import { negotiate, receiveGreeting } from './handshake.ts';
import { isError, isEvent, qmpCodec } from './messages.ts';
import type { QmpCommand, QmpEvent, QmpGreeting } from './types.ts';

/** Who hears of what comes. */
export interface SessionObserver {
  /** An attempt has an open stream, and begins its handshake. */
  onAttempt(): void;
  onEvent(event: QmpEvent): void;
  /** Says whether `onEvent()` is of any consequence for events of a name, now. */
  wants(name: string): boolean;
  /** Says whether the message was the reply to a command of the observer's. */
  onReply(message: JsonObject): boolean;
}

/** See the module's comment. */
export class QmpDefinition implements ProtocolDefinition<JsonObject, QmpCommand> {
  readonly codec = qmpCodec((name) => this.#isNegotiating || this.observer?.wants(name) === true);
  /** What the server said of itself; `undefined` until it did, in each attempt anew. */
  greeting: QmpGreeting | undefined;
  /** There is one at most. */
  observer: SessionObserver | undefined;
  /**
   * The messages of a handshake are heard of some time after they were read: who may have begun to
   * listen in between must not miss an event.
   */
  #isNegotiating = true;
  readonly #logger: Logger | undefined;
  /** Begins anywhere, so that a reply to an earlier client of the same monitor is not taken for ours. */
  #lastId = 100_000_000 + Math.floor(Math.random() * 900_000_000);

  /** @param logger - One that throws nothing. */
  constructor(logger: Logger | undefined) {
    this.#logger = logger;
  }

  /**
   * An id that no command of this session, or of another one, has; short, since QEMU reads slowly,
   * and a number, since a text that is read only once costs the engine's table of strings a place.
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
      const description = isError(message) ? message.error.desc : 'it does not say why';
      throw new ServerParseError(message['error'] ?? null, description);
    } else this.#logger?.warn('A reply that belongs to no command was dropped');
  };

  readonly #onEvent = (event: QmpEvent): void => {
    this.observer?.onEvent(event);
  };
}
