/**
 * A connection as an object with promises.
 *
 * A method sends the machine an event and returns a promise, which `PendingCalls` settles when the machine
 * reports. Messages do not pass through the machine: `send()` hands them to the link.
 */

import { abortable } from '../async/abort.ts';
import { markHandled } from '../async/deferred.ts';
import { ClosedError, handlerError, StateError } from '../core/errors.ts';
import { safeLogger, logReport } from '../core/log.ts';
import type { ProtocolActorRef } from '../machines/protocol-machine.ts';
import { type Engine, type ProtocolOptions, startEngine } from './machine.ts';
import type { ProtocolEvent } from '../machines/protocol-types.ts';
import { RUNSTATE_CONDITIONS, type Runstate } from '../core/runstate.ts';
import type {
  Address,
  BoundAddress,
  DisconnectOptions,
  ProtocolDefinition,
  SessionOutcome,
  WaitOptions,
} from '../core/types.ts';
import { PendingCalls } from './pending-calls.ts';

/**
 * A connection to one peer. It has one session at a time, and any number of them: IDLE → CONNECTING →
 * RUNNING → DISCONNECTING → IDLE.
 *
 * Every promise settles exactly once. A method that is called in a state that does not allow it rejects
 * at once with a `StateError` and changes nothing.
 *
 * @example
 * const protocol = new AsyncProtocol({ codec: lines(), onMessage: (line) => console.log(line) });
 * await protocol.connect({ port: 7 });
 * await protocol.send('hello');
 * await protocol.disconnect();
 *
 * @typeParam In - An inbound message.
 * @typeParam Out - An outbound message.
 */
export class AsyncProtocol<In, Out = In> implements AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'AsyncProtocol';

  /** The option `name`. */
  readonly name: string | undefined;

  readonly #engine: Engine<In, Out>;
  readonly #calls: PendingCalls;

  /**
   * @param definition - The protocol: its codec and its callbacks.
   * @param options - Name, logger, inspection, clock, deadlines (ms) and bounds (bytes).
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(definition: ProtocolDefinition<In, Out>, options?: ProtocolOptions);
  /** @internal */
  constructor(
    definition: ProtocolDefinition<In, Out>,
    options: ProtocolOptions | undefined,
    engine: Engine<In, Out>,
  );
  constructor(
    definition: ProtocolDefinition<In, Out>,
    options: ProtocolOptions = {},
    engine: Engine<In, Out> = startEngine(definition, options),
  ) {
    this.name = options.name;
    this.#engine = engine;
    this.#calls = new PendingCalls(engine);
    const { ref, logger } = engine;
    if (logger === undefined) return;
    ref.on('*', (emitted) => {
      if (emitted.type !== 'message') logReport(emitted, logger);
    });
  }

  /**
   * Returns a new facade over a machine that runs in another statechart. Call it once for each actor and
   * keep the result.
   *
   * When the actor is stopped, every pending call rejects; from then on the runstate is IDLE, and
   * `connect()`, `listen()`, `accept()`, `flush()` and `runstateChanged()` reject with a `ClosedError`.
   *
   * @param ref - A running actor of `createProtocolMachine()`.
   * @param options - `name`: shown by `toString()`. `logger`: gets a record of every change of runstate
   *   and of every failure. Records of messages go to the logger that `createProtocolMachine()` was given.
   */
  static attach<In, Out>(
    ref: ProtocolActorRef<In, Out>,
    { name, logger }: Pick<ProtocolOptions, 'name' | 'logger'> = {},
  ): AsyncProtocol<In, Out> {
    const { link } = ref.getSnapshot().context;
    const engine = { ref, link, logger: logger && safeLogger(logger) };
    return new AsyncProtocol(link.definition, { name }, engine);
  }

  /** The current state of the machine. */
  get runstate(): Runstate {
    return this.#calls.runstate;
  }

  /**
   * Resolves with the outcome of the current session when that ends; in IDLE, with the outcome of the last
   * session or, before the first one, of the first. A failed attempt counts as a session. Never rejects.
   */
  get closed(): Promise<SessionOutcome> {
    return this.#calls.closed;
  }

  /** How the last session, or attempt, ended; `undefined` before the first end. */
  get outcome(): SessionOutcome | undefined {
    return this.#calls.outcome;
  }

  /**
   * Dials the peer and runs the protocol's handshake, within `timeouts.connect` and `timeouts.handshake`.
   * Resolves in RUNNING. When it rejects with anything but a `StateError`, the state is IDLE and nothing
   * is open. Legal in IDLE.
   *
   * @param address - Where the peer is. A stream in it is destroyed when the attempt or the session ends.
   * @param options - `signal` ends the attempt.
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} When the attempt failed: `cause` says why, `retryable` whether another attempt
   *   may succeed. Its code is `ERR_CONNECT_ABORTED` when `disconnect()` ended the attempt.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async connect(address: Address, { signal }: WaitOptions = {}): Promise<void> {
    this.#require('IDLE');
    if (signal?.aborted === true) this.#engine.link.destroyStream(address);
    signal?.throwIfAborted();
    const connected = this.#calls.connecting(signal);
    this.#send({ type: 'CONNECT', address });
    await connected;
  }

  /**
   * Binds a socket, within `timeouts.connect`, and resolves with its address. The state is then CONNECTING,
   * and peers can dial, until `accept()` or `disconnect()` is called. Legal in IDLE.
   *
   * @param address - Where to listen. A port of 0 lets the system choose one. A socket file that no
   *   process serves is replaced; any other existing file is an error, and so is a stream.
   * @param options - `signal` ends the attempt.
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} When the socket cannot be bound, or `disconnect()` ended the attempt, as for
   *   `connect()`. The state is IDLE again.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async listen(address: Address, { signal }: WaitOptions = {}): Promise<BoundAddress> {
    signal?.throwIfAborted();
    this.#require('IDLE');
    const bound = this.#calls.binding(signal);
    this.#send({ type: 'LISTEN', address });
    return bound;
  }

  /**
   * Waits until one peer has dialled, within `timeouts.accept`, closes the listener and runs the protocol's
   * handshake. Resolves in RUNNING. When it rejects with anything but a `StateError`, the state is IDLE
   * and nothing is open. Legal once after each `listen()` that has resolved.
   *
   * @param options - `signal` ends the attempt, also one that was aborted before the call.
   * @throws {StateError} When no socket is bound, or another `accept()` is pending.
   * @throws {ConnectError} As for `connect()`.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async accept({ signal }: WaitOptions = {}): Promise<void> {
    this.#requireActive();
    const event: ProtocolEvent = { type: 'ACCEPT' };
    if (this.#calls.isConnecting || !this.#engine.ref.getSnapshot().can(event)) {
      signal?.throwIfAborted();
      throw this.#stateError('CONNECTING', 'Call accept() once, after listen() has resolved.');
    }
    const accepted = this.#calls.connecting(signal);
    // A call that was aborted before it is made must close the listener, too.
    if (signal?.aborted === true) this.#calls.abort(signal.reason);
    else this.#send(event);
    await accepted;
  }

  /**
   * Ends the session or the attempt, and resolves in IDLE. A session ends gracefully: everything sent is
   * flushed (`timeouts.flush`), then our side of the stream is ended and the peer's end is awaited
   * (`timeouts.close`). An attempt ends at once. Legal in every state, any number of times; calls that are
   * pending together settle alike.
   *
   * @param options - `force` destroys the stream at once, also when an earlier call is still pending.
   *   `signal` gives up the wait and not the disconnecting; one that was aborted before the call makes the
   *   call do nothing.
   * @throws {WirechartError} The cause, when the session failed: to the calls that are pending at its end
   *   or, if there is none, to the next one before another attempt. A failed attempt rejects its own call.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async disconnect({ force = false, signal }: DisconnectOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.runstate === 'IDLE') {
      const failure = this.#calls.takeUnreported();
      if (failure !== undefined) throw failure;
      return;
    }
    const disconnected = this.#calls.disconnecting(signal);
    this.#send({ type: 'DISCONNECT', force });
    await disconnected;
  }

  /**
   * Queues a message. Resolves when the queue has room for the next one: at once below
   * `limits.highWaterMark` bytes, otherwise when the kernel has taken enough. Await it, so that a slow peer
   * slows its sender down. Legal in RUNNING.
   *
   * @param options - `signal` gives up the wait for room, and the message is still sent; with one that was
   *   aborted before the call it is not.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {CodecError} When the message cannot be encoded. The session continues.
   * @throws {LimitError} When the queue would exceed `limits.maxQueuedBytes`. The session continues.
   * @throws {HandlerError} When the hook `outbound` threw. The session fails with it.
   * @throws {WirechartError} The cause, when the session ends before there is room; after an end on
   *   request, a `ClosedError`.
   * @throws `signal.reason`, when the signal was aborted.
   */
  send(message: Out, options?: WaitOptions): Promise<void> {
    const snapshot = this.#engine.ref.getSnapshot();
    // Not `this.runstate`, which would take a fifth of the time of the call.
    const isRunning = snapshot.status === 'active' && snapshot.hasTag('up');
    if (!isRunning) return Promise.reject(this.#stateError('RUNNING'));
    const signal = options?.signal;
    if (signal === undefined) return this.#engine.link.send(message);
    const sent = signal.aborted ? Promise.resolve() : this.#engine.link.send(message);
    return markHandled(abortable(sent, signal));
  }

  /**
   * Resolves when everything sent before the call has been handed to the kernel. Legal in RUNNING.
   *
   * @param options - `signal` gives up the wait.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {WirechartError} The cause, when the session ends before; after an end on request, a
   *   `ClosedError`.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async flush({ signal }: WaitOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#require('RUNNING');
    await abortable(this.#engine.link.flush(), signal);
  }

  /**
   * Resolves with the next state that the machine enters. Use `runstates()` to miss none.
   *
   * @param options - `signal` gives up the wait.
   * @throws {ClosedError} When the machine, in another statechart, was stopped: there is no next state.
   * @throws `signal.reason`, when the signal was aborted.
   */
  runstateChanged({ signal }: WaitOptions = {}): Promise<Runstate> {
    const changed = this.#calls.runstates.next().then((runstate) => {
      if (runstate === undefined) throw stopped();
      return runstate;
    });
    return markHandled(abortable(changed, signal));
  }

  /**
   * Returns an iterator over every state that the machine enters after this call, in order. It keeps the
   * states that you have not read yet, a few bytes each. It ends when the machine, in another statechart,
   * is stopped.
   *
   * @param options - `signal` ends the iteration: the pending `next()` rejects, and so do later ones.
   * @throws `signal.reason`, from `next()`, when the signal was aborted.
   */
  runstates({ signal }: WaitOptions = {}): AsyncIterableIterator<Runstate> {
    return this.#calls.runstates.values(signal);
  }

  /**
   * Announces that the peer is about to end the stream, because a message asked it to (as QMP's `quit`
   * does): its end, or a reset, is then a clean end of the session. Ignored unless the state is RUNNING.
   *
   * @param expected - `false` withdraws the announcement. Default true.
   */
  expectEnd(expected = true): void {
    this.#send({ type: expected ? 'EXPECT_END' : 'EXPECT_MORE' });
  }

  /**
   * Ends the session, or the attempt, as failed and without flushing: for a peer that breaks the rules of
   * the protocol, for example. In DISCONNECTING the reason becomes the cause if there is none yet, else it
   * is added to `outcome.suppressed`. Ignored in IDLE.
   *
   * @param reason - The cause; anything but a `WirechartError` is wrapped in a `HandlerError`.
   */
  fail(reason: unknown): void {
    this.#send({ type: 'FAIL', error: handlerError('fail', reason) });
  }

  /** `disconnect()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  /** Returns `<AsyncProtocol name='vm1' runstate=IDLE>`, without `name` if the protocol has none. */
  toString(): string {
    const name = this.name === undefined ? '' : `name='${this.name}' `;
    return `<${this.constructor.name} ${name}runstate=${this.runstate}>`;
  }

  #send(event: ProtocolEvent): void {
    this.#engine.ref.send(event);
  }

  #require(required: Runstate): void {
    this.#requireActive();
    if (this.runstate !== required) throw this.#stateError(required);
  }

  #requireActive(): void {
    if (this.#engine.ref.getSnapshot().status !== 'active') throw stopped();
  }

  #stateError(required: Runstate, hint?: string): StateError {
    const { runstate } = this;
    const text = `${this.constructor.name} is ${RUNSTATE_CONDITIONS[runstate]}${hint ? ` ${hint}` : ''}`;
    return new StateError(text, runstate, required);
  }
}

const stopped = () => new ClosedError('The machine was stopped; it cannot be used again.');
