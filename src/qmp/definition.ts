/**
 * The client side of QMP on one link: handshake, and the routing of events and replies.
 *
 * The link belongs either to a `QmpClient` or to a machine embedded in another chart, to which a client
 * may be attached at any time. The client is the definition's observer.
 */

import type { JsonObject } from '../codecs/json.ts';
import { TimeoutError } from '../core/errors.ts';
import {
  type Announce,
  type AnnouncingDefinition,
  EXPLAIN_HANDSHAKE,
  type ExplainingDefinition,
  ON_START,
} from '../core/inner-definition.ts';
import type { Session, Logger, ProtocolDefinition } from '../core/types.ts';
import { EndAnnouncement } from './end-announcement.ts';
import { BusyMonitorError, ServerParseError } from './errors.ts';
import { FirstBytes } from './first-bytes.ts';
import { negotiate, receiveGreeting } from './handshake.ts';
import type { ListenerErrorHandler } from './listener-failures.ts';
import { type CodecPort, isError, isEvent, qmpCodec } from './messages.ts';
import { redactQmp } from './redact.ts';
import type { QmpCommand, QmpEvent, QmpGreeting } from './types.ts';

/** Receives what arrives in a session: implemented by the client. */
export interface SessionObserver {
  onEvent(event: QmpEvent): void;
  /** Whether `onEvent()` would have any effect for events of this name, now. */
  wants(name: string): boolean;
  /** Returns whether the message is the reply to a command of this observer. */
  onReply(message: JsonObject): boolean;
}

/** How a link is called in texts, and where its records go. */
export interface DefinitionOptions {
  readonly name?: string | undefined;
  /** Must not throw. */
  readonly logger?: Logger | undefined;
  /** For the client that is attached to the machine. */
  readonly onListenerError?: ListenerErrorHandler | undefined;
}

/** One per link, because it keeps the greeting and the ids of commands. */
export class QmpDefinition
  implements
    ProtocolDefinition<JsonObject, QmpCommand>,
    AnnouncingDefinition,
    ExplainingDefinition,
    CodecPort
{
  readonly codec = qmpCodec(this);
  /** What has announced the end of the session. */
  readonly ending = new EndAnnouncement((expected) => this.#announce?.(expected));
  /** The server's greeting; `undefined` from the start of an attempt until it has arrived. */
  greeting: QmpGreeting | undefined;
  /** How many events have arrived. */
  events = 0;
  /** The client, once there is one. */
  observer: SessionObserver | undefined;
  /** The name that the machine was given. */
  readonly name: string | undefined;
  readonly logger: Logger | undefined;
  readonly onListenerError: ListenerErrorHandler | undefined;
  /**
   * While true, no event is skipped: a message of the handshake is dispatched some time after it was
   * decoded, and a listener added in between must get it.
   */
  #isNegotiating = true;
  /** What arrives before the greeting. */
  #received: FirstBytes | undefined;
  #announce: Announce | undefined;
  /** Starts at a random number, so that stale replies left by an earlier client match no id of ours. */
  #lastId = 100_000_000 + Math.floor(Math.random() * 900_000_000);

  constructor({ name, logger, onListenerError }: DefinitionOptions = {}) {
    this.name = name;
    this.logger = logger;
    this.onListenerError = onListenerError;
  }

  /**
   * Returns an id for the next command. It is short, because QEMU reads its input byte by byte, and a
   * number, because each new string id would take up space in the JavaScript engine's string table.
   */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  [ON_START](announce: Announce): void {
    this.#announce = announce;
  }

  [EXPLAIN_HANDSHAKE](ms: number): TimeoutError {
    if (this.#received !== undefined) return new BusyMonitorError(ms, this.#received);
    const text = `The server has greeted, and not answered qmp_capabilities within ${String(ms)} ms`;
    return new TimeoutError('handshake', ms, text);
  }

  onStream(): void {
    this.#received = new FirstBytes();
  }

  onSkipped(): void {
    this.events += 1;
  }

  onBytes(chunk: Uint8Array): void {
    this.#received?.add(chunk);
  }

  isWanted(name: string): boolean {
    if (this.#isNegotiating || this.ending.wants(name)) return true;
    return this.observer?.wants(name) === true;
  }

  readonly redact = redactQmp;

  readonly handshake = async (session: Session<JsonObject, QmpCommand>): Promise<void> => {
    this.#isNegotiating = true;
    this.ending.reset();
    this.greeting = undefined;
    this.greeting = await receiveGreeting(session, this.#onEvent);
    this.#received = undefined;
    await negotiate(session, this.greeting, this.nextId(), this.#onEvent);
    this.#isNegotiating = false;
  };

  readonly onMessage = (message: JsonObject): void => {
    if (isEvent(message)) this.#onEvent(message);
    else if (this.observer?.onReply(message) === true) return;
    else if ('error' in message && message['id'] === undefined) {
      const description = isError(message) ? message.error.desc : 'no description given';
      throw new ServerParseError(message['error'] ?? null, description);
    } else this.logger?.warn('A reply that belongs to no command was dropped');
  };

  readonly #onEvent = (event: QmpEvent): void => {
    this.events += 1;
    this.ending.onEvent(event);
    this.observer?.onEvent(event);
  };
}
