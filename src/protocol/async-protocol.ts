/**
 * The facade: a connection as an object with promises.
 *
 * It adds nothing to the lifecycle: a method sends the machine an event and hands out a promise, and
 * what the machine emits settles it. Messages go past the machine, straight to the link.
 */

import { abortable } from '../async/abort.ts';
import { markHandled } from '../async/deferred.ts';
import { ClosedError, handlerError, StateError } from '../core/errors.ts';
import { safeLogger, logReport } from '../core/log.ts';
import type { ProtocolActorRef } from '../machines/protocol-machine.ts';
import { type Engine, type ProtocolOptions, startEngine } from './machine.ts';
import type { ProtocolEmitted, ProtocolEvent } from '../machines/protocol-types.ts';
import { RUNSTATE_CONDITIONS, type Runstate, RUNSTATES } from '../core/runstate.ts';
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
 * One connection at a time to one peer, as often as wanted: IDLE → CONNECTING → RUNNING →
 * DISCONNECTING → IDLE.
 *
 * Every promise settles exactly once. A method called in a state that does not allow it rejects
 * with a `StateError` at once and changes nothing.
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
  /** Who this is, in records and in `toString()`; as given in the options. */
  readonly name: string | undefined;

  readonly #engine: Engine<In, Out>;
  readonly #waiters: PendingCalls;

  /**
   * @param definition - The protocol to speak.
   * @param options - Name, logger, clock, deadlines, bounds.
   * @throws {ArgumentError} When an option cannot be used.
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
    const snapshot = engine.ref.getSnapshot();
    const runstate = RUNSTATES.find((state) => snapshot.matches(state)) ?? 'IDLE';
    this.#waiters = new PendingCalls(runstate, snapshot.context.outcome);
    this.#listenToMachine();
  }

  /**
   * The same promises over a machine that runs in another statechart.
   *
   * @param ref - A running actor of `createProtocolMachine()`.
   * @param options - `name`: who this is. `logger`: gets a record of every change of runstate and of
   *   failures; one of messages is the machine's own matter.
   */
  static attach<In, Out>(
    ref: ProtocolActorRef<In, Out>,
    { name, logger }: Pick<ProtocolOptions, 'name' | 'logger'> = {},
  ): AsyncProtocol<In, Out> {
    const { link } = ref.getSnapshot().context;
    const engine = { ref, link, logger: logger && safeLogger(logger) };
    return new AsyncProtocol(link.definition, { name }, engine);
  }

  /** The public state, now. */
  get runstate(): Runstate {
    return this.#waiters.runstate;
  }

  /**
   * How the session under way ends, or, in IDLE, how the last one ended; before the first, how the
   * first will end. Never rejects. An attempt that fails counts as a session.
   */
  get closed(): Promise<SessionOutcome> {
    return this.#waiters.closed;
  }

  /** How the last session ended; `undefined` before the first end. */
  get outcome(): SessionOutcome | undefined {
    return this.#waiters.outcome;
  }

  /**
   * Dials the peer and establishes a session. Resolves in RUNNING; when it rejects, the state is
   * IDLE again and nothing is left open. Legal in IDLE.
   *
   * @param address - Where the peer is.
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} When there is no session; `cause` says why, `retryable` whether a retry
   *   makes sense. Its code is `ERR_CONNECT_ABORTED` when `disconnect()` overtook the call.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async connect(address: Address, { signal }: WaitOptions = {}): Promise<void> {
    this.#require('IDLE');
    if (signal?.aborted === true) this.#engine.link.destroyStream(address);
    signal?.throwIfAborted();
    const connected = this.#waiters.connecting(signal, this.#abort);
    this.#send({ type: 'CONNECT', address });
    await connected;
  }

  /**
   * Binds a listener and resolves with its address; the state is then CONNECTING, until `accept()`
   * or `disconnect()`. Legal in IDLE.
   *
   * @param address - Where to listen. A port of 0 lets the system choose one. A socket file that
   *   nobody serves is replaced; any other existing file is refused.
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} When it cannot be bound; the state is IDLE again.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async listen(address: Address, { signal }: WaitOptions = {}): Promise<BoundAddress> {
    signal?.throwIfAborted();
    this.#require('IDLE');
    const bound = this.#waiters.binding(signal, this.#abort);
    this.#send({ type: 'LISTEN', address });
    return bound;
  }

  /**
   * Waits for one peer and establishes a session with it; the listener is closed as soon as a peer
   * has come. Resolves in RUNNING; when it rejects, the state is IDLE and nothing is left open.
   * Legal after `listen()`, once.
   *
   * @throws {StateError} When nothing listens, or another `accept()` waits already.
   * @throws {ConnectError} As for `connect()`.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async accept({ signal }: WaitOptions = {}): Promise<void> {
    this.#requireLife();
    const event: ProtocolEvent = { type: 'ACCEPT' };
    if (this.#waiters.isConnecting || !this.#engine.ref.getSnapshot().can(event)) {
      signal?.throwIfAborted();
      throw this.#stateError('CONNECTING', 'accept() takes one peer after listen().');
    }
    const accepted = this.#waiters.connecting(signal, this.#abort);
    // Also a call that comes too late ends in IDLE: somebody has to close the listener.
    if (signal?.aborted === true) this.#abort(signal.reason);
    else this.#send(event);
    await accepted;
  }

  /**
   * Ends whatever is under way, and resolves in IDLE: a session after all that was sent is with the
   * kernel, an attempt at once. Legal in every state, any number of times; calls that overlap share
   * one outcome, and in IDLE nothing changes.
   *
   * @param options - `force` neither flushes nor waits for the peer; `signal` gives up the waiting,
   *   not the disconnecting.
   * @throws {WirechartError} The cause, when the session failed and nobody has been told yet.
   */
  async disconnect({ force = false, signal }: DisconnectOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiters.state === 'IDLE') {
      const untold = this.#waiters.takeUntold();
      if (untold !== undefined) throw untold;
      return;
    }
    const left = this.#waiters.leaving(signal);
    this.#send({ type: 'DISCONNECT', force });
    await left;
  }

  /**
   * Queues a message. Resolves when the queue has room for the next: at once below
   * `highWaterMark`, else when the kernel has taken enough. Legal in RUNNING.
   *
   * @param options - `signal` gives up the waiting for room; the message is sent all the same, unless
   *   the signal was aborted before the call.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {CodecError} When the message cannot be encoded; the session goes on.
   * @throws {LimitError} When `maxQueuedBytes` would be exceeded; the session goes on.
   * @throws {WirechartError} The cause, when the session ends while the queue is full.
   * @throws `signal.reason`, when the signal was aborted.
   */
  send(message: Out, options?: WaitOptions): Promise<void> {
    if (this.#waiters.runstate !== 'RUNNING') return Promise.reject(this.#stateError('RUNNING'));
    const signal = options?.signal;
    if (signal === undefined) return this.#engine.link.send(message);
    const sent = signal.aborted ? Promise.resolve() : this.#engine.link.send(message);
    return markHandled(abortable(sent, signal));
  }

  /**
   * Resolves when all that was sent before the call is with the kernel. Legal in RUNNING.
   *
   * @throws {StateError} When the state is not RUNNING.
   * @throws {WirechartError} The cause, when the session ends before.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async flush({ signal }: WaitOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#require('RUNNING');
    await abortable(this.#engine.link.flush(), signal);
  }

  /**
   * Resolves with the next state that is entered. To see every one, use `runstates()`.
   *
   * @throws {ClosedError} When there will be none: the machine, in another statechart, was stopped.
   * @throws `signal.reason`, when the signal was aborted.
   */
  runstateChanged({ signal }: WaitOptions = {}): Promise<Runstate> {
    const changed = this.#waiters.feed.next().then((runstate) => {
      if (runstate === undefined) throw gone();
      return runstate;
    });
    return markHandled(abortable(changed, signal));
  }

  /**
   * Every state that is entered from this call on, in order, none left out. What is not read yet is
   * kept by the iterator, a few bytes a state. Ends when the machine, in another statechart, is stopped.
   *
   * @throws `signal.reason`, from `next()`, when the signal was aborted.
   */
  runstates({ signal }: WaitOptions = {}): AsyncIterableIterator<Runstate> {
    return this.#waiters.feed.values(signal);
  }

  /**
   * Announces that the peer is about to end the stream, as QMP's `quit` makes it do: its end, or a
   * reset, is then a clean end of the session. Ignored when no session runs.
   *
   * @param expected - `false` takes the announcement back.
   */
  expectEnd(expected = true): void {
    this.#send({ type: expected ? 'EXPECT_END' : 'EXPECT_MORE' });
  }

  /**
   * Ends the session, or the attempt at one, as failed, without flushing: for a client that finds its
   * peer unbearable. While it ends already, the reason is kept with the outcome. Ignored in IDLE.
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

  /** `<AsyncProtocol name='vm1' runstate=IDLE>`; the name only where there is one. */
  toString(): string {
    const name = this.name === undefined ? '' : `name='${this.name}' `;
    return `<AsyncProtocol ${name}runstate=${this.runstate}>`;
  }

  readonly #abort = (reason: unknown): void => {
    this.#send({ type: 'ABORT', reason });
  };

  #send(event: ProtocolEvent): void {
    this.#engine.ref.send(event);
  }

  #require(required: Runstate): void {
    this.#requireLife();
    if (this.#waiters.state !== required) throw this.#stateError(required);
  }

  #requireLife(): void {
    if (this.#engine.ref.getSnapshot().status !== 'active') throw gone();
  }

  #stateError(required: Runstate, hint?: string): StateError {
    const { state } = this.#waiters;
    const text = `AsyncProtocol is ${RUNSTATE_CONDITIONS[state]}${hint ? ` ${hint}` : ''}`;
    return new StateError(text, state, required);
  }

  #listenToMachine(): void {
    const { ref, link } = this.#engine;
    ref.on('*', (emitted) => {
      this.#onEmitted(emitted);
    });
    const stopped = (error?: unknown): void => {
      const { phase, cause, suppressed } = ref.getSnapshot().context;
      const { undelivered } = link;
      this.#waiters.onStopped(error, { phase, suppressed, undelivered, ...(cause && { cause }) });
    };
    ref.subscribe({ complete: stopped, error: stopped });
    // Whoever comes after that is not told by XState.
    if (ref.getSnapshot().status === 'stopped') stopped();
  }

  #onEmitted(emitted: ProtocolEmitted): void {
    switch (emitted.type) {
      case 'runstate':
        this.#waiters.onRunstate(emitted.runstate);
        break;
      case 'listening':
        this.#waiters.onListening(emitted.address);
        break;
      case 'closed':
        this.#waiters.onClosed(emitted.outcome);
        break;
      case 'message':
        return; // What is forwarded is for others.
    }
    const { logger } = this.#engine;
    if (logger !== undefined) logReport(emitted, logger);
  }
}

const gone = () => new ClosedError('The machine was stopped; it cannot be used again.');
