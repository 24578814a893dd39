/** Runs the callbacks of a protocol that may be actor logic: its handshake, its session, its farewell. */

import { whenAborted } from '../async/abort.ts';
import { markHandled } from '../async/deferred.ts';
import { Stopper, type StopSignal } from '../async/stop-signal.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import { ClosedError, handlerError } from '../core/errors.ts';
import type { RunLogic, SessionCallbackName, SessionSlots } from '../core/session-logic.ts';
import { callbackOwner, startCallback, startSession } from '../core/session-callbacks.ts';
import { noteRedactor } from '../core/redactors.ts';
import type { Counters } from '../core/stats.ts';
import type { ProtocolDefinition } from '../core/types.ts';
import type { Connection } from './connection.ts';
import { HandshakeSession, type MessageHooks } from './handshake.ts';
import type { RunningSession } from './session.ts';
import { SessionSignal } from './session-signal.ts';

/** What the callbacks have from their link. */
export interface ConversationParts<In, Out> {
  readonly hooks: MessageHooks<In, Out>;
  readonly counters: Counters;
  readonly share: ByteShare | undefined;
}

/** The callbacks of one link. Each method rejects with a typed error. */
export class Conversation<In, Out> {
  readonly definition: ProtocolDefinition<In, Out, unknown>;
  /** What replaces callbacks of the definition. */
  slots: SessionSlots | undefined;
  readonly #parts: ConversationParts<In, Out>;
  #negotiated: unknown;
  #signal = new SessionSignal();

  constructor(definition: ProtocolDefinition<In, Out, unknown>, parts: ConversationParts<In, Out>) {
    this.definition = definition;
    this.#parts = parts;
  }

  /** What the handshake of this session, or of the last one, has resolved with. */
  get negotiated(): unknown {
    return this.#negotiated;
  }

  /** The signal of this session, or of the last one. */
  get signal(): SessionSignal {
    return this.#signal;
  }

  /** Whether there is such a callback. */
  has(name: SessionCallbackName): boolean {
    return callbackOwner(name, this) !== undefined;
  }

  /** An attempt begins. */
  begin(): void {
    this.#negotiated = undefined;
    this.#signal = new SessionSignal();
  }

  /** Runs the handshake, if there is one. */
  async establish(connection: Connection<In, Out>, stop: StopSignal, run: RunLogic): Promise<void> {
    const owner = callbackOwner('handshake', this);
    if (owner === undefined) return;
    this.#endSignalWith(stop);
    this.#negotiated = await this.#run('handshake', owner, connection, stop, run);
  }

  /** Runs the farewell, if there is one. */
  async farewell(connection: Connection<In, Out>, stop: StopSignal, run: RunLogic): Promise<void> {
    const owner = callbackOwner('farewell', this);
    if (owner === undefined) return;
    this.#endSignalWith(stop);
    await this.#run('farewell', owner, connection, stop, run);
  }

  /** Runs the farewell until it would wait, so that a goodbye without an answer is sent even then. */
  part(connection: Connection<In, Out>): void {
    if (!this.has('farewell')) return;
    const stopper = new Stopper();
    const stopped = new ClosedError('The machine was stopped');
    void markHandled(this.farewell(connection, stopper, () => Promise.reject(stopped)));
    stopper.stop(stopped);
  }

  /** Runs the logic of a session until it ends; without any it never ends. */
  async run(session: RunningSession<In, Out>, run: RunLogic): Promise<void> {
    const owner = callbackOwner('session', this);
    try {
      await (owner === undefined ? never() : startSession(owner, session, run));
    } catch (error) {
      throw handlerError('session', error);
    }
  }

  /** Runs other logic as a handshake does. The attempt may go on when it is stopped. */
  converse(
    slots: SessionSlots,
    connection: Connection<In, Out>,
    stop: StopSignal,
    run: RunLogic,
  ): Promise<unknown> {
    return this.#run('handshake', slots, connection, stop, run);
  }

  /** The attempt, or the session, ends when the wait is stopped. */
  #endSignalWith(stop: StopSignal): void {
    const signal = this.#signal;
    whenAborted(stop, () => {
      signal.end(stop.reason);
    });
  }

  #run(
    name: 'handshake' | 'farewell',
    owner: object,
    connection: Connection<In, Out>,
    stop: StopSignal,
    run: RunLogic,
  ): Promise<unknown> {
    const { hooks, ...parts } = this.#parts;
    const [signal, negotiated] = [this.#signal, this.#negotiated];
    const context = { name, stop, signal, negotiated, ...parts };
    const noting = this.#noting(hooks);
    const session = new HandshakeSession<In, Out, unknown>(connection, noting, context);
    return session.run(name, () => startCallback(owner, name, session, run));
  }

  /** The logic of a callback passes its messages on in events, which an inspector shows. */
  #noting(hooks: MessageHooks<In, Out>): MessageHooks<In, Out> {
    return {
      encode: (message) => hooks.encode(message),
      receive: (message) => {
        const received = hooks.receive(message);
        noteRedactor(received, this.definition);
        return received;
      },
    };
  }
}

/** A promise of its own for each waiting actor: one for all would keep what waits for it. */
const never = (): Promise<never> => new Promise(() => undefined);
