/**
 * A connection as an object with promises.
 *
 * A method sends the machine an event and returns a promise, which `PendingCalls` settles when the machine
 * reports. Messages do not pass through the machine: `send()` hands them to the link.
 */

import { abortable } from '../async/abort.ts';
import { rejectHandled } from '../async/deferred.ts';
import { handOut } from '../async/rejection.ts';
import {
  ArgumentError,
  ClosedError,
  StateError,
  toFailure,
  type WirechartError,
} from '../core/errors.ts';
import { type Log } from '../core/log.ts';
import { endOptions, signalOf } from '../core/options.ts';
import { printable } from '../core/printable.ts';
import { sealAddress } from '../core/sealed-address.ts';
import type { AttachableRef } from '../machines/extension-types.ts';
import { linkOf } from '../core/link-handle.ts';
import { descriptorOf } from './passing.ts';
import { logEmitted, resolveLogger } from './logging.ts';
import { ATTACH_OPTIONS, checkActor, checkProtocolOptions } from './options.ts';
import {
  type AttachOptions,
  clockOf,
  type Engine,
  fieldsOf,
  isSending,
  type ProtocolOptions,
  startEngine,
} from './machine.ts';
import type { ProtocolEvent } from '../machines/protocol-types.ts';
import type { Passing } from '../core/passing.ts';
import type { Remote } from '../core/remote.ts';
import { RUNSTATE_CONDITIONS, type Runstate } from '../core/runstate.ts';
import type { ProtocolStats } from '../core/stats.ts';
import type {
  Address,
  BoundAddress,
  BoundPath,
  BoundTcp,
  Clock,
  DisconnectOptions,
  ListenAddress,
  PathAddress,
  ProtocolDefinition,
  SessionOutcome,
  Shutdown,
  TcpAddress,
  WaitOptions,
} from '../core/types.ts';
import { type EndListener, PendingCalls } from './pending-calls.ts';

/** The facade of each link that has one: an actor that is started again has a new link. */
const attached = new WeakMap<object, unknown>();

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
 * @typeParam Negotiated - What the handshake resolves with.
 */
export class AsyncProtocol<In, Out = In, Negotiated = void>
  implements AsyncDisposable, AsyncIterable<In>
{
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'AsyncProtocol';

  readonly #engine: Engine<In, Out>;
  #name: string | undefined;
  #clock: Clock | undefined;
  /** Gets a record of each step of the lifecycle. */
  #log: Log | undefined;
  readonly #calls: PendingCalls;
  /** The object that the user calls, whose class errors name. */
  #owner: object = this;

  /**
   * @param definition - The protocol: its codec and its callbacks.
   * @param options - Name, logger, inspection, clock, deadlines (ms) and bounds (bytes).
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(definition: ProtocolDefinition<In, Out, Negotiated>, options?: ProtocolOptions);
  /** @internal */
  constructor(
    definition: ProtocolDefinition<In, Out, unknown>,
    options: ProtocolOptions | undefined,
    engine: Engine<In, Out> | undefined,
  );
  constructor(
    definition: ProtocolDefinition<In, Out, unknown>,
    options: ProtocolOptions = {},
    engine: Engine<In, Out> = startEngine(definition, options),
  ) {
    this.#name = options.name;
    this.#engine = engine;
    this.#clock = engine.clock;
    this.#calls = new PendingCalls(engine, this);
    this.#logTo(engine.logger);
  }

  /**
   * Returns the facade over a machine that runs in another statechart. An actor has one facade: later
   * calls return the same one, and their options are ignored.
   *
   * When the actor is stopped, every pending call rejects; from then on the runstate is IDLE, and
   * `connect()`, `listen()`, `accept()`, `flush()` and `runstateChanged()` reject with a `ClosedError`.
   *
   * @param ref - A running actor of `createProtocolMachine()`.
   * @param options - `name`: shown by `toString()`. `logger`: gets a record of every change of runstate
   *   and of every failure. Records of messages go to the logger that `createProtocolMachine()` was given.
   */
  static attach<In, Out, Negotiated = void>(
    ref: AttachableRef<In, Out>,
    options: AttachOptions = {},
  ): AsyncProtocol<In, Out, Negotiated> {
    checkProtocolOptions('AsyncProtocol.attach()', options, ATTACH_OPTIONS);
    checkActor('AsyncProtocol.attach()', ref);
    const { name, logger } = options;
    const link = linkOf(ref.getSnapshot().context);
    const known = attached.get(link);
    // The facade of an actor has the actor's types.
    if (known !== undefined) return known as AsyncProtocol<In, Out, Negotiated>;
    const log = resolveLogger({ name, logger }, () => fieldsOf(ref.getSnapshot()));
    const engine = { ref, link, logger: log, clock: clockOf(ref) };
    const protocol = new AsyncProtocol<In, Out, Negotiated>(link.definition, { name }, engine);
    attached.set(link, protocol);
    return protocol;
  }

  /** The option `name`. */
  get name(): string | undefined {
    return this.#name;
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
   * Who the peer of the session is: its address, the path of the socket, its TLS certificate. Known as soon as
   * the stream is open, so also in the handshake, and kept after the end of the session, until the next
   * attempt; `undefined` while there has been no stream.
   */
  get remote(): Remote | undefined {
    return this.#engine.link.remote;
  }

  /**
   * What the handshake of the session has resolved with; `undefined` from the start of an attempt until it has
   * succeeded. Kept after the end of the session, until the next attempt.
   */
  get negotiated(): Negotiated | undefined {
    // The definition, which has the type, is this link's.
    return this.#engine.link.negotiated as Negotiated | undefined;
  }

  /**
   * Counters for metrics: bytes, messages, sessions, failures, as they are now. Reading them takes less than a
   * microsecond; counting is not noticeable.
   */
  get stats(): ProtocolStats {
    return this.#engine.link.stats;
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
  connect(address: Address, options?: WaitOptions): Promise<void> {
    return handOut(this.#connect(address, options));
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
  listen(address: TcpAddress, options?: WaitOptions): Promise<BoundTcp>;
  /** The same for a UNIX socket, given as `{ path }`. */
  listen(address: PathAddress, options?: WaitOptions): Promise<BoundPath>;
  /** The same for any address. */
  listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress>;
  listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress> {
    return handOut(this.#listen(address, options));
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
  accept(options?: WaitOptions): Promise<void> {
    return handOut(this.#accept(options));
  }

  /**
   * Ends the session or the attempt, and resolves in IDLE. A session ends gracefully: the handler of the
   * last message finishes, and may still send, but gets no further message (`timeouts.drain`); everything
   * sent is flushed (`timeouts.flush`); then our side of the stream is ended and the peer's end is awaited
   * (`timeouts.close`). An attempt ends at once. Legal in every state, any number of times; calls that are
   * pending together settle alike.
   *
   * In `onMessage`, do not await it after another `await`: it waits for the handler, until `timeouts.drain`
   * has passed. A handler that calls it before its first `await` is not waited for.
   *
   * @param options - `force` destroys the stream at once, also when an earlier call is still pending.
   *   `signal` gives up the wait and not the disconnecting, also when it was aborted before the call.
   * @throws {WirechartError} The cause, when the session failed and no other call has rejected with that:
   *   to the calls that are pending at its end or, if there is none, to the next one before another
   *   attempt. What the protocol's own callbacks do wrong while the session ends is no cause: it is kept in
   *   `SessionOutcome.suppressed`.
   * @throws `signal.reason`, when the signal was aborted.
   */
  disconnect(options?: DisconnectOptions): Promise<void> {
    return handOut(this.#disconnect(options));
  }

  /**
   * Queues a message. Resolves when the queue has room for the next one: at once below
   * `limits.highWaterMark` bytes, otherwise when the kernel has taken enough. Await it, so that a slow peer
   * slows its sender down. If you do not, a rejection is no unhandled one. Legal in RUNNING and, until the handler of the last message and `farewell` have
   * finished, in DISCONNECTING.
   *
   * The message is encoded before the call returns, and may be changed then, unless the codec's `encode()`
   * returns bytes of the message itself; the codecs of this library copy them.
   *
   * @param options - `signal` gives up the wait for room, and the message is still sent; with one that was
   *   aborted before the call it is not.
   * @throws {StateError} When the session does not accept messages any more, or there is none.
   * @throws {CodecError} When the message cannot be encoded. The session continues.
   * @throws {LimitError} When the queue would exceed `limits.maxQueuedBytes`. The session continues.
   * @throws {HandlerError} When the hook `outbound` threw. The session fails with it.
   * @throws {WirechartError} The cause, when the session ends before there is room; after an end on
   *   request, a `ClosedError`.
   * @throws `signal.reason`, when the signal was aborted.
   */
  send(message: Out, options?: WaitOptions): Promise<void> {
    if (!this.#isSending) return handOut(Promise.reject(this.#stateError('RUNNING')));
    return options === undefined
      ? this.#engine.link.send(message)
      : handOut(this.#sendUnlessAborted(message, options));
  }

  /**
   * Resolves when everything sent before the call has been handed to the kernel. Legal when `send()` is.
   *
   * @param options - `signal` gives up the wait.
   * @throws {StateError} As for `send()`.
   * @throws {WirechartError} The cause, when the session ends before; after an end on request, a
   *   `ClosedError`.
   * @throws `signal.reason`, when the signal was aborted.
   */
  flush(options?: WaitOptions): Promise<void> {
    return handOut(this.#flush(options));
  }

  /**
   * Resolves with the next state that the machine enters. Use `runstates()` to miss none.
   *
   * @param options - `signal` gives up the wait.
   * @throws {ClosedError} When the machine, in another statechart, was stopped: there is no next state.
   * @throws `signal.reason`, when the signal was aborted.
   */
  runstateChanged(options?: WaitOptions): Promise<Runstate> {
    return handOut(this.#runstateChanged(options));
  }

  /**
   * Returns an iterator over every state that the machine enters after this call, in order. It keeps the
   * states that you have not read yet, a few bytes each. It ends when the machine, in another statechart,
   * is stopped.
   *
   * @param options - `signal` ends the iteration: the pending `next()` rejects, and so do later ones.
   * @throws `signal.reason`, from `next()`, when the signal was aborted.
   */
  runstates(options?: WaitOptions): AsyncIterableIterator<Runstate> {
    return this.#calls.runstates.values(signalOf('runstates()', options));
  }

  /**
   * Returns an iterator over the messages of the current session; in IDLE, of the next one, except that a peer
   * of a server has no next one. For protocols without `onMessage`. Unless the definition has `pull`, call it
   * before `connect()`, or in the turn in which that resolves: from then on nothing is read from the peer that
   * no iterator has asked for, until the session ends, so a slow loop slows the peer down and no message is
   * lost between two loops. Several iterators share the messages: each message goes to the one that has
   * waited longest. In a statechart, `protocolMessages` gets the messages of all loops, and those that no loop is
   * there for.
   *
   * The iteration ends with the session: when it was disconnected, and when the peer has ended the stream.
   * Leaving the loop ends nothing but the loop.
   *
   * @example
   * for await (const line of protocol.messages()) console.log(line);
   *
   * @param options - `signal` ends the iteration: the pending `next()` rejects, and so do later ones.
   * @throws {ArgumentError} When the definition has `onMessage`, which gets the messages.
   * @throws {WirechartError} From `next()`, the cause when the session failed.
   * @throws `signal.reason`, from `next()`, when the signal was aborted.
   */
  messages(options?: WaitOptions): AsyncIterableIterator<In> {
    const signal = signalOf('messages()', options);
    const { link } = this.#engine;
    if (link.definition.onMessage !== undefined) {
      throw new ArgumentError('messages() needs a definition without onMessage, which gets them');
    }
    const messages = link.messages(signal, (cause) => {
      this.told(cause);
    });
    // The link is typed by its definition, which is ours.
    return messages as AsyncIterableIterator<In>;
  }

  /** `messages()`, for `for await (const message of protocol)`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<In> {
    return this.messages();
  }

  /**
   * Announces that the peer is about to end the stream, because a message asked it to (as QMP's `quit`
   * does): its end, or a reset, is then a clean end of the session. Ignored unless the state is RUNNING.
   *
   * @param expected - `false` withdraws the announcement. A `Shutdown` becomes that of the outcome, for a
   *   peer that said why it is about to leave. Default true.
   */
  expectEnd(expected: boolean | Shutdown = true): void {
    if (expected === false) this.#send({ type: 'EXPECT_MORE' });
    else this.#send({ type: 'EXPECT_END', ...(expected !== true && { shutdown: expected }) });
  }

  /**
   * Ends the session, or the attempt, as failed and without flushing: for a peer that breaks the rules of
   * the protocol or does not answer, for example. A supervisor connects again. In DISCONNECTING the reason becomes the cause if there is none yet, else it
   * is added to `outcome.suppressed`. Ignored in IDLE.
   *
   * @param reason - The cause; anything but a `WirechartError` is wrapped in a `RefusedError`.
   */
  fail(reason: unknown): void {
    this.#send({ type: 'FAIL', error: toFailure(reason) });
  }

  /**
   * `disconnect()`, for `await using`. Never rejects: the failure of a session has rejected the call that
   * it concerns, and is in `outcome`.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect().catch(ignore);
  }

  /**
   * What the deadlines of the connection are measured with: the option `clock`, the clock of the statechart
   * that runs the machine, or else real time. For timers of a protocol's own, such as a heartbeat, so that
   * a test moves their time, too. Cancel them at the end of the session (`closed`).
   */
  get clock(): Clock {
    return this.#clock ?? globalThis;
  }

  /**
   * Uses the options that were passed to `attach()` of a client class, whose actor has made this facade before.
   *
   * @internal
   */
  useOptions({ name = this.#name, logger, clock }: AttachOptions): void {
    const { ref } = this.#engine;
    const isLogged = logger !== undefined || name !== this.#name;
    this.#name = name;
    this.#clock = clock ?? this.#clock;
    if (isLogged) this.#logTo(resolveLogger({ name, logger }, () => fieldsOf(ref.getSnapshot())));
  }

  /**
   * Whether the messages of this session are, or were, taken by an iterator.
   *
   * @internal
   */
  get isPulled(): boolean {
    return this.#engine.link.isPulled;
  }

  /**
   * Ends the iterators over the messages of this session, which goes on.
   *
   * @internal
   */
  endMessages(): void {
    this.#engine.link.endMessages();
  }

  /**
   * Calls `listener` at each end of a session or an attempt. It rejects the calls of a client that are
   * pending, and returns whether there were any: if so, `disconnect()` does not reject with the failure.
   *
   * @internal
   */
  onEnd(listener: EndListener): void {
    this.#calls.onEnd(listener);
  }

  /**
   * To be called when a call of a client rejects with the failure of a session after that has ended: no
   * `disconnect()` rejects with it any more.
   *
   * @internal
   */
  told(failure: WirechartError): void {
    this.#calls.told(failure);
  }

  /**
   * Says which object the user calls: the client that is built on this one. Errors name its class.
   *
   * @internal
   */
  belongTo(owner: object): void {
    this.#owner = owner;
  }

  /**
   * The client that is built on this one; itself, if there is none.
   *
   * @internal
   */
  get owner(): object {
    return this.#owner;
  }

  /**
   * Prepares to pass an open descriptor to the peer with a message of this session. Legal when `send()` is.
   *
   * @internal
   * @param name - What the descriptor is called in errors.
   * @throws {StateError} As for `send()`.
   * @throws {ArgumentError} When the descriptor is not open.
   * @throws {DescriptorError} When the connection, or this process, cannot pass descriptors.
   * @throws {ClosedError} When the session ends meanwhile.
   */
  descriptor(name: string, given: unknown): Promise<Passing> {
    const { link } = this.#engine;
    return this.#isSending
      ? descriptorOf(link, name, given)
      : Promise.reject(this.#stateError('RUNNING'));
  }

  /**
   * Like `send()`, with a descriptor that is passed right before the message. Resolves when that has happened; rejects
   * when neither is sent.
   *
   * @internal
   */
  sendWith(message: Out, passing: Passing): Promise<void> {
    return this.#isSending
      ? this.#engine.link.send(message, passing)
      : rejectHandled(this.#stateError('RUNNING'));
  }

  /** Returns `<AsyncProtocol name='vm1' runstate=IDLE>`, without `name` if the protocol has none. */
  toString(): string {
    const name = this.name === undefined ? '' : `name='${printable(this.name)}' `;
    return `<${this.constructor.name} ${name}runstate=${this.runstate}>`;
  }

  /** What `util.inspect()` and `console.log()` show. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  async #connect(address: Address, options?: WaitOptions): Promise<void> {
    const signal = signalOf('connect()', options);
    this.#require('IDLE');
    if (signal?.aborted === true) this.#engine.link.destroyStream(address);
    signal?.throwIfAborted();
    const connected = this.#calls.connecting(signal);
    this.#send({ type: 'CONNECT', address: sealAddress(address) });
    await connected;
  }

  async #listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress> {
    const signal = signalOf('listen()', options);
    this.#require('IDLE');
    signal?.throwIfAborted();
    const bound = this.#calls.binding(signal);
    this.#send({ type: 'LISTEN', address: sealAddress(address) });
    return bound;
  }

  async #accept(options?: WaitOptions): Promise<void> {
    const signal = signalOf('accept()', options);
    this.#requireActive();
    const event = { type: 'ACCEPT' } as const;
    if (this.#calls.isConnecting || !this.#engine.ref.getSnapshot().can(event))
      throw this.#stateError('CONNECTING', 'Call accept() once, after listen() has resolved.');
    const accepted = this.#calls.connecting(signal);
    // A call that was aborted before it is made must close the listener, too.
    if (signal?.aborted === true) this.#calls.abort(signal.reason);
    else this.#send(event);
    await accepted;
  }

  async #disconnect(options?: DisconnectOptions): Promise<void> {
    const { force, signal } = endOptions('disconnect()', options);
    if (this.runstate === 'IDLE') {
      signal?.throwIfAborted();
      const failure = this.#calls.takeUnreported();
      if (failure !== undefined) throw failure;
      return;
    }
    const disconnected = this.#calls.disconnecting(signal);
    this.#send({ type: 'DISCONNECT', force });
    await disconnected;
  }

  /** Not by `this.runstate`, which would take a fifth of the time of `send()`. */
  get #isSending(): boolean {
    return isSending(this.#engine.ref.getSnapshot()) && !this.#calls.isOver;
  }

  async #sendUnlessAborted(message: Out, options: WaitOptions): Promise<void> {
    const signal = signalOf('send()', options);
    signal?.throwIfAborted();
    await abortable(this.#engine.link.send(message), signal);
  }

  async #flush(options?: WaitOptions): Promise<void> {
    const signal = signalOf('flush()', options);
    this.#requireActive();
    if (!this.#isSending) throw this.#stateError('RUNNING');
    await abortable(this.#engine.link.flush(), signal);
  }

  async #runstateChanged(options?: WaitOptions): Promise<Runstate> {
    const signal = signalOf('runstateChanged()', options);
    const runstate = await abortable(this.#calls.runstates.next(), signal);
    if (runstate === undefined) throw stopped();
    return runstate;
  }

  #logTo(log: Log | undefined): void {
    const isNew = this.#log === undefined && log !== undefined;
    this.#log = log;
    if (!isNew) return;
    this.#engine.ref.on('*', (emitted) => {
      if (this.#log) logEmitted(emitted, this.#log);
    });
  }

  #send(event: ProtocolEvent<never>): void {
    // An actor that was started again has another link, and is not this facade's.
    if (!this.#calls.isOver) this.#engine.ref.send(event);
  }

  #require(required: Runstate): void {
    this.#requireActive();
    if (this.runstate !== required) throw this.#stateError(required);
  }

  #requireActive(): void {
    if (this.#calls.isOver || this.#engine.ref.getSnapshot().status !== 'active') throw stopped();
  }

  #stateError(required: Runstate, hint?: string): StateError {
    const { runstate } = this;
    const text = `${this.#owner.constructor.name} is ${RUNSTATE_CONDITIONS[runstate]}${hint ? ` ${hint}` : ''}`;
    return new StateError(text, runstate, required);
  }
}

const stopped = () => new ClosedError('The machine was stopped; it cannot be used again.');
const ignore = () => undefined;
