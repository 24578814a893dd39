/**
 * The QMP client: greeting, negotiation, commands and events over an `AsyncProtocol`.
 *
 * QEMU and qemu-storage-daemon are QMP servers. In comments, "qmp-spec" is QEMU's "QEMU Machine Protocol
 * Specification".
 */

import type { JsonObject } from '../codecs/json.ts';
import { handOut } from '../async/rejection.ts';
import { isConnectError } from '../core/errors.ts';
import { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { Remote } from '../core/remote.ts';
import type { Runstate } from '../core/runstate.ts';
import type {
  Address,
  BoundAddress,
  BoundPath,
  BoundTcp,
  ListenAddress,
  PathAddress,
  SessionOutcome,
  DisconnectOptions,
  TcpAddress,
  WaitOptions,
} from '../core/types.ts';
import { QmpDefinition } from './definition.ts';
import { Dispatcher } from './dispatcher.ts';
import { checkEventName, checkListener, wantedBy } from './event-names.ts';
import type { WaitForOptions } from './event-wait.ts';
import type { EventFilter, EventListener, EventListenerOptions } from './events.ts';
import { ListenerFailures } from './listener-failures.ts';
import { inspected } from './looks.ts';
import { createQmpMachine, definitionOf, type QmpActorRef } from './machine.ts';
import { Exchange } from './exchange.ts';
import {
  checkQmpOptions,
  definitionOptions,
  protocolOptions,
  type QmpOptions,
  checkQmpAttachOptions,
  type QmpAttachOptions,
} from './options.ts';
import type { ExecuteOptions, ReplyOptions } from './pending-commands.ts';
import type { QmpStats } from './stats.ts';
import type {
  Arguments,
  CommandName,
  EventName,
  EventOf,
  QmpCommand,
  QmpEvent,
  QmpGreeting,
  QmpReply,
  Returns,
} from './types.ts';

/** The client of each embedded machine, by the machine's definition. */
const attachedClients = new WeakMap<QmpDefinition, QmpClient>();

/**
 * A client of one QMP monitor. It dials the server (`connect()`), or the server dials the client
 * (`listen()`, then `accept()`).
 *
 * @example
 * await using qmp = new QmpClient();
 * await qmp.connect('/run/vm1/qmp.sock');
 * qmp.on('SHUTDOWN', ({ data }) => console.log('shut down:', data.reason));
 * const { running } = await qmp.execute('query-status');
 */
export class QmpClient implements AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'QmpClient';

  /** The `AsyncProtocol` that the client is built on. */
  readonly protocol: AsyncProtocol<JsonObject, QmpCommand>;

  readonly #definition: QmpDefinition;
  readonly #exchange: Exchange;
  readonly #dispatcher: Dispatcher;

  /**
   * @param options - As for `AsyncProtocol`, and `onListenerError`.
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(options?: QmpOptions);
  /** @internal */
  constructor(
    options: QmpOptions | undefined,
    definition: QmpDefinition,
    protocol: AsyncProtocol<JsonObject, QmpCommand>,
  );
  constructor(
    options: QmpOptions = {},
    definition = new QmpDefinition(definitionOptions(checkQmpOptions(options))),
    protocol = new AsyncProtocol(definition, protocolOptions(options)),
  ) {
    this.protocol = protocol;
    protocol.belongTo(this);
    this.#definition = definition;
    const { clock, onListenerError } = options;
    const failures = new ListenerFailures({
      onListenerError: onListenerError ?? definition.onListenerError,
      logger: definition.logger,
      describe: () => this.toString(),
    });
    this.#dispatcher = new Dispatcher(clock, failures.report);
    this.#exchange = new Exchange(protocol, definition, clock);
    definition.observer = {
      onEvent: (event) => {
        this.#dispatcher.dispatch(event);
      },
      wants: (name) => this.#dispatcher.wants(name),
      onReply: (message) => this.#exchange.settle(message),
    };
    protocol.onEnd((outcome) => this.#onEnd(outcome));
  }

  /** `createQmpMachine()`. `supervise()` needs it and `attach()` of a client class. */
  static readonly createMachine = createQmpMachine;

  /**
   * Returns the client of a machine that runs in another statechart. An actor has one client: later
   * calls return the same one, and their options are ignored.
   *
   * @param ref - A running actor of `createQmpMachine()`.
   * @param options - `clock`: the clock of the deadlines of commands and waits. `name` and
   *   `onListenerError`: default to those that `createQmpMachine()` was given. `logger`: see
   *   `AsyncProtocol.attach()`.
   * @throws {ArgumentError} When `ref` is an actor of another machine, or an option is invalid.
   */
  static attach(ref: QmpActorRef, options: QmpAttachOptions = {}): QmpClient {
    checkQmpAttachOptions(options);
    const definition = definitionOf(ref);
    const known = attachedClients.get(definition);
    if (known !== undefined) return known;
    const { name = definition.name, logger } = options;
    const protocol = AsyncProtocol.attach(ref, { name, logger });
    const client = new QmpClient(options, definition, protocol);
    attachedClients.set(definition, client);
    void client.#endListenersWithMachine();
    return client;
  }

  /** The server's greeting; `undefined` from the start of an attempt until it has arrived. */
  get greeting(): QmpGreeting | undefined {
    return this.#definition.greeting;
  }
  /** See `AsyncProtocol.name`. */
  get name(): string | undefined {
    return this.protocol.name;
  }
  /** See `AsyncProtocol.runstate`. */
  get runstate(): Runstate {
    return this.protocol.runstate;
  }
  /** See `AsyncProtocol.closed`. */
  get closed(): Promise<SessionOutcome> {
    return this.protocol.closed;
  }
  /** See `AsyncProtocol.remote`. */
  get remote(): Remote | undefined {
    return this.protocol.remote;
  }
  /** `AsyncProtocol.stats`, and the counters of commands and events. */
  get stats(): QmpStats {
    const { events } = this.#definition;
    return { ...this.protocol.stats, ...this.#exchange.stats, events };
  }
  /** See `AsyncProtocol.outcome`. */
  get outcome(): SessionOutcome | undefined {
    return this.protocol.outcome;
  }

  /**
   * Dials the monitor, reads its greeting and negotiates capabilities: out-of-band execution, if the
   * server offers it. Resolves in RUNNING. Legal in IDLE.
   *
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} As for `AsyncProtocol.connect()`. Its `cause` may also be a `GreetingError`, a
   *   `NegotiationError`, or a `BusyMonitorError` when no greeting arrived within `timeouts.handshake`.
   * @throws `signal.reason`, when the signal was aborted.
   */
  connect(address: Address, options?: WaitOptions): Promise<void> {
    this.#forgetGreeting();
    return this.protocol.connect(address, options);
  }

  /** See `AsyncProtocol.listen()`. */
  listen(address: TcpAddress, options?: WaitOptions): Promise<BoundTcp>;
  /** The same for a UNIX socket, given as `{ path }`. */
  listen(address: PathAddress, options?: WaitOptions): Promise<BoundPath>;
  /** The same for any address. */
  listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress>;
  listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress> {
    this.#forgetGreeting();
    return this.protocol.listen(address, options);
  }

  /** Waits until the server dials this client, then continues like `connect()`, with the same errors. */
  accept(options?: WaitOptions): Promise<void> {
    return this.protocol.accept(options);
  }

  /**
   * See `AsyncProtocol.disconnect()`. Commands still in flight when the session ends, `quit` included,
   * reject with an `ExecInterruptedError`.
   */
  disconnect(options?: DisconnectOptions): Promise<void> {
    this.#exchange.dismissQuit();
    return this.protocol.disconnect(options);
  }

  /** See `AsyncProtocol.runstateChanged()`. */
  runstateChanged(options?: WaitOptions): Promise<Runstate> {
    return this.protocol.runstateChanged(options);
  }

  /** See `AsyncProtocol.runstates()`. */
  runstates(options?: WaitOptions): AsyncIterableIterator<Runstate> {
    return this.protocol.runstates(options);
  }

  /**
   * Executes a command and resolves with its return value. Legal in RUNNING. Commands may be sent
   * without waiting for earlier replies. Integers beyond ±(2^53 - 1) are bigints, in the arguments and
   * in the return value.
   *
   * After `quit`, the end or a reset of the stream by the server is a clean end of the session. If the
   * reply to `quit` is lost in it, the promise resolves with `{}` all the same. So is the end after the
   * event SHUTDOWN, unless the guest panicked or the host failed; see `SessionOutcome.shutdown`.
   *
   * A rejection that is not awaited does not end the process.
   *
   * @param command - The name of the command.
   * @param args - Its arguments. Default: none.
   * @throws {ExecuteError} When the server replies that the command failed.
   * @throws {ExecInterruptedError} When the session ended before the reply; `cause` says why.
   * @throws {BadReplyError} When the reply is neither a success nor an error.
   * @throws {TimeoutError} When `timeout` passed. The command may still be executed.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {CodecError} When the arguments cannot be encoded.
   * @throws {LimitError} When the outgoing queue is full; see `Limits.maxQueuedBytes`.
   * @throws {ArgumentError} When `timeout` is not a number above 0.
   * @throws `signal.reason`, when the signal was aborted. The command may still be executed.
   */
  execute<C extends CommandName>(
    command: C,
    args?: Arguments<C>,
    options?: ExecuteOptions,
  ): Promise<Returns<C>> {
    return this.#exchange.execute(command, args, options) as Promise<Returns<C>>;
  }

  /**
   * Executes a command given as a message and resolves with the whole reply, also if the command failed.
   * On the wire the command has an id of the client's own; the reply has the id of the caller's
   * message, if that has one.
   *
   * @throws {ArgumentError} When the message names no command.
   * @throws The errors of `execute()`, except `ExecuteError`.
   */
  executeMessage(message: QmpCommand, options?: ReplyOptions): Promise<QmpReply> {
    return this.#exchange.executeMessage(message, options);
  }

  /**
   * Returns an iterator over the events of the current session; in IDLE, of the next session. Call it
   * before the command that causes the events: they may arrive before its reply. The iteration ends with
   * the session; if that fails, it throws the cause after the queued events.
   *
   * @param filter - A name, several names, or a function that returns whether it accepts an event; a
   *   function that throws ends the iteration with a `HandlerError`. Default: all events.
   * @throws {ArgumentError} When the filter is something else or has a name that no event can have, when
   *   `options.limit` is not a number above 0, or `options.overflow` is unknown.
   */
  events(filter?: EventFilter, options: EventListenerOptions = {}): EventListener {
    return this.#dispatcher.listen(filter, options);
  }

  /**
   * Calls `listener` for every event of this name, in this session and in later ones. Listeners of one
   * name are called in the order in which they were added; one that was added several times is called as
   * often. If it throws, or its promise rejects, that goes to the option `onListenerError`, and the session
   * goes on. Its promise is not awaited: the next event is dispatched at once.
   *
   * @throws {ArgumentError} When no event can have this name (QMP's are in upper case), or `listener` is
   *   not a function.
   */
  on<E extends EventName>(event: E, listener: (event: EventOf<E>) => unknown): this {
    return this.#add(event, listener, false);
  }

  /** Like `on()`, but calls `listener` for the next event only. */
  once<E extends EventName>(event: E, listener: (event: EventOf<E>) => unknown): this {
    return this.#add(event, listener, true);
  }

  /**
   * Removes a listener that was added with `on()` or `once()`; of one that was added several times, the
   * last. During the dispatch of an event, this takes effect with the next event.
   *
   * @throws {ArgumentError} As for `on()`.
   */
  off<E extends EventName>(event: E, listener: (event: EventOf<E>) => unknown): this {
    checkEventName(event);
    checkListener(event, listener);
    this.#dispatcher.remove(event, listener as (event: QmpEvent) => unknown);
    return this;
  }

  /**
   * Resolves with the next event of this name, or of one of these names, that the filter accepts; in IDLE,
   * of the next session. Call it before the command that causes the event. A rejection that is not awaited
   * does not end the process.
   *
   * @param events - The name of the event, or several names.
   * @param filter - Returns whether it accepts an event. Default: accepts the first. May be left out.
   * @param options - A deadline, and a signal.
   * @throws {ClosedError} When the session ends before the event; `cause` is the failure, if it failed.
   * @throws {TimeoutError} When `timeout` passed.
   * @throws {HandlerError} When the filter threw.
   * @throws {ArgumentError} When no event can have such a name, or `timeout` is not a number above 0.
   * @throws `signal.reason`, when the signal was aborted.
   */
  waitFor<E extends EventName>(
    events: E | readonly E[],
    filter?: (event: EventOf<E>) => boolean,
    options?: WaitForOptions,
  ): Promise<EventOf<E>>;
  waitFor<E extends EventName>(
    events: E | readonly E[],
    options: WaitForOptions,
  ): Promise<EventOf<E>>;
  waitFor(events: unknown, filter: unknown, options?: WaitForOptions): Promise<QmpEvent> {
    return handOut(this.#waitFor(events, filter, options));
  }

  /** `disconnect()`, for `await using`. Never rejects: see `AsyncProtocol`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#exchange.dismissQuit();
    await this.protocol[Symbol.asyncDispose]();
  }

  /** Returns `<QmpClient name='vm1' runstate=IDLE>`, without `name` if the client has none. */
  toString(): string {
    return this.protocol.toString().replace('AsyncProtocol', this.constructor.name);
  }

  /** What `util.inspect()` and `console.log()` show: also the server's version, and where it is. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return inspected(this);
  }

  #add<E extends EventName>(
    event: E,
    listener: (event: EventOf<E>) => unknown,
    once: boolean,
  ): this {
    checkEventName(event);
    checkListener(event, listener);
    this.#dispatcher.add(event, listener as (event: QmpEvent) => unknown, { once });
    return this;
  }

  async #waitFor(
    events: unknown,
    filter: unknown,
    options: WaitForOptions | undefined,
  ): Promise<QmpEvent> {
    return this.#dispatcher.waitFor(...wantedBy(events, filter, options));
  }

  /** Listeners outlast failed attempts, but a machine that was stopped will have no other session. */
  async #endListenersWithMachine(): Promise<void> {
    const states = this.protocol.runstates();
    while ((await states.next()).done !== true);
    this.#dispatcher.end({ cause: undefined, reason: 'The machine was stopped' });
  }

  #forgetGreeting(): void {
    if (this.runstate === 'IDLE') this.#definition.greeting = undefined;
  }

  /** Returns whether any call was rejected with the cause. */
  #onEnd(outcome: SessionOutcome): boolean {
    const { cause } = outcome;
    const { ending } = this.#definition;
    let isTold = this.#exchange.end(outcome);
    // Listeners that were added in IDLE outlast failed attempts.
    if (isConnectError(cause)) return isTold;
    const reason = cause?.message ?? ending.text ?? 'The session was disconnected';
    const onTold = () => {
      isTold = true;
      if (cause !== undefined) this.protocol.told(cause);
    };
    this.#dispatcher.end({ cause, reason, onTold });
    return isTold;
  }
}
