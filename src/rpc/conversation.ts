/**
 * Where the messages of JSON-RPC go in each phase of a session. In the handshake and the farewell no loop reads,
 * so their messages are received here and handed on as those of a running session are.
 */

import { markHandled } from '../async/deferred.ts';
import type { JsonValue } from '../codecs/json.ts';
import { isClosedError, StateError } from '../core/errors.ts';
import type { Runstate } from '../core/runstate.ts';
import type { RpcMessage } from './messages.ts';
import type { RpcSession } from './types.ts';

/** Handles one message; the next one is read when what it returns has resolved. */
export type Receive = (message: JsonValue) => PromiseLike<void> | undefined;

type Send = (message: RpcMessage) => Promise<void>;

/** The part of an `AsyncProtocol` that is needed. */
interface Connection {
  send: Send;
  runstateChanged(): Promise<Runstate>;
}

/** The phases of one connection. */
export class Conversation {
  readonly #connection: Connection;
  readonly #receive: Receive;
  /** How messages are sent from the handshake until the session is RUNNING. */
  #sendEarly: Send | undefined;

  constructor(connection: Connection, receive: Receive) {
    this.#connection = connection;
    this.#receive = receive;
  }

  /** Whether the session is in its handshake. */
  get isEarly(): boolean {
    return this.#sendEarly !== undefined;
  }

  /** Sends what the other side may be told in every phase, the handshake included. */
  readonly send: Send = (message) =>
    this.#sendEarly === undefined ? this.#connection.send(message) : this.#sendEarly(message);

  /** Runs a handshake: until it has settled, messages are received here. */
  async handshake<T>(session: Pick<Early, 'receive' | 'send'>, run: () => Promise<T>): Promise<T> {
    this.#sendEarly = session.send;
    try {
      return await Promise.race([run(), this.#pump(session.receive)]);
    } finally {
      this.#awaitRunning();
    }
  }

  /**
   * The same for a farewell. The peer may leave in it.
   *
   * @param isWaiting - Whether a request waits for its reply.
   */
  async farewell(
    { receive }: Pick<Early, 'receive'>,
    run: () => Promise<void>,
    isWaiting: () => boolean,
  ): Promise<void> {
    const left = (error: unknown): void => {
      if (!isClosedError(error) || isWaiting()) throw error;
    };
    await Promise.race([run(), this.#pump(receive).catch(left)]);
  }

  /** A handler that was called in the handshake may reply before the session is RUNNING. */
  #awaitRunning(): void {
    const running = this.#connection.runstateChanged().then(opened, opened);
    const sendLater: Send = (message) =>
      markHandled(running.then(() => this.#connection.send(message)));
    const isOver = () => this.#sendEarly === sendLater;
    this.#sendEarly = sendLater;
    void running.then(() => {
      if (isOver()) this.#sendEarly = undefined;
    });
  }

  async #pump(receive: Early['receive']): Promise<never> {
    for (;;) await this.#receive(await receive());
  }
}

type Early = Pick<RpcSession, 'receive' | 'send'>;

const opened = () => undefined;

/** `receive()` of a session whose messages go to their handlers. */
export const receiveNothing = (): Promise<never> =>
  Promise.reject(
    new StateError(
      'receive() is not for JSON-RPC: the messages of the peer go to the handlers that handle() has set',
      'RUNNING',
      'CONNECTING',
    ),
  );
