/**
 * The QMP client: greeting, negotiation, commands and events over an `AsyncProtocol`.
 *
 * QEMU and qemu-storage-daemon are QMP servers. In comments, "qmp-spec" is QEMU's "QEMU Machine Protocol
 * Specification".
 */

import type { JsonObject } from '../codecs/json.ts';
import { ConnectError, isConnectError, isTimeoutError } from '../core/errors.ts';
import type { AttachOptions, ProtocolOptions } from '../protocol/machine.ts';
import { AsyncProtocol } from '../protocol/async-protocol.ts';
import { safeLogger } from '../core/log.ts';
import type { Runstate } from '../core/runstate.ts';
import type {
  Address,
  BoundAddress,
  SessionOutcome,
  DisconnectOptions,
  WaitOptions,
} from '../core/types.ts';
import { QmpDefinition } from './definition.ts';
import { Dispatcher, type WaitForOptions } from './dispatcher.ts';
import { BusyMonitorError } from './errors.ts';
import type { EventFilter, EventListener, EventListenerOptions } from './events.ts';
import { createQmpMachine, definitionOf, type QmpActorRef } from './machine.ts';
import { Exchange } from './exchange.ts';
import type { ExecuteOptions, ReplyOptions } from './pending-commands.ts';
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

/** The options of a client: those of every protocol. */
export type QmpOptions = ProtocolOptions;

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
  /** The promise `closed` that `#onClosed()` is already attached to. */
  #awaitedEnd: Promise<SessionOutcome> | undefined;

  /**
   * @param options - As for `AsyncProtocol`.
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
    definition = new QmpDefinition(options.logger && safeLogger(options.logger)),
    protocol = new AsyncProtocol(definition, options),
  ) {
    this.protocol = protocol;
    this.#definition = definition;
    this.#dispatcher = new Dispatcher(options.clock, (error) => {
      this.protocol.fail(error);
    });
    this.#exchange = new Exchange(this.protocol, () => definition.nextId(), options.clock);
    definition.observer = {
      onAttempt: this.#awaitEnd,
      onEvent: (event) => {
        this.#dispatcher.dispatch(event);
      },
      wants: (name) => this.#dispatcher.wants(name),
      onReply: (message) => this.#exchange.settle(message),
    };
    if (protocol.runstate !== 'IDLE') this.#awaitEnd();
  }

  /** `createQmpMachine()`. `supervise()` needs it and `attach()` of a client class. */
  static readonly createMachine = createQmpMachine;

  /**
   * Returns the client of a machine that runs in another statechart. An actor has one client: later
   * calls return the same one, and their options are ignored.
   *
   * @param ref - A running actor of `createQmpMachine()`.
   * @param options - `clock`: the clock of the deadlines of commands and waits. `name` and `logger`: see
   *   `AsyncProtocol.attach()`.
   * @throws {ArgumentError} When `ref` is an actor of another machine.
   */
  static attach(ref: QmpActorRef, options: AttachOptions = {}): QmpClient {
    const definition = definitionOf(ref);
    const known = attachedClients.get(definition);
    if (known !== undefined) return known;
    const client = new QmpClient(options, definition, AsyncProtocol.attach(ref, options));
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
  async connect(address: Address, options?: WaitOptions): Promise<void> {
    this.#forgetGreeting();
    await this.protocol.connect(address, options).catch(this.#diagnose);
  }

  /** See `AsyncProtocol.listen()`. */
  listen(address: Address, options?: WaitOptions): Promise<BoundAddress> {
    this.#forgetGreeting();
    return this.protocol.listen(address, options);
  }

  /** Waits until the server dials this client, then continues like `connect()`, with the same errors. */
  async accept(options?: WaitOptions): Promise<void> {
    await this.protocol.accept(options).catch(this.#diagnose);
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
   * reply to `quit` is lost in it, the promise resolves with `{}` all the same.
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
   * before the command that causes the events: they may arrive before its reply.
   *
   * @param filter - A name, several names, or a function that returns whether it accepts an event; a
   *   function that throws ends the iteration with a `HandlerError`. Default: all events.
   * @throws {ArgumentError} When `options.limit` is not a number above 0.
   */
  events(filter?: EventFilter, options: EventListenerOptions = {}): EventListener {
    return this.#dispatcher.listen(filter, options);
  }

  /**
   * Calls `listener` for every event of this name, in this session and in later ones. If it throws, or
   * its promise rejects, the session ends with a `HandlerError`. Its promise is not awaited: the next
   * event is dispatched at once.
   */
  on<E extends EventName>(event: E, listener: (event: EventOf<E>) => unknown): this {
    this.#dispatcher.add(event, listener, (wire) => listener(wire as EventOf<E>));
    return this;
  }

  /** Like `on()`, but calls `listener` for the next event only. */
  once<E extends EventName>(event: E, listener: (event: EventOf<E>) => unknown): this {
    this.#dispatcher.add(event, listener, (wire) => {
      this.#dispatcher.remove(event, listener);
      return listener(wire as EventOf<E>);
    });
    return this;
  }

  /** Removes a listener that was added with `on()` or `once()`. */
  off<E extends EventName>(event: E, listener: (event: EventOf<E>) => unknown): this {
    this.#dispatcher.remove(event, listener);
    return this;
  }

  /**
   * Resolves with the next event of this name that the filter accepts; in IDLE, of the next session.
   *
   * @param event - The name of the event.
   * @param filter - Returns whether it accepts an event. Default: accepts the first.
   * @throws {ClosedError} When the session ends before the event.
   * @throws {TimeoutError} When `timeout` passed.
   * @throws {HandlerError} When the filter threw.
   * @throws {ArgumentError} When `timeout` is not a number above 0.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async waitFor<E extends EventName>(
    event: E,
    filter: (event: EventOf<E>) => boolean = () => true,
    options: WaitForOptions = {},
  ): Promise<EventOf<E>> {
    const accepts = (wire: QmpEvent) => filter(wire as EventOf<E>);
    return (await this.#dispatcher.waitFor(event, accepts, options)) as EventOf<E>;
  }

  /** `disconnect()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  /** Returns `<QmpClient name='vm1' runstate=IDLE>`, without `name` if the client has none. */
  toString(): string {
    return this.protocol.toString().replace('AsyncProtocol', this.constructor.name);
  }

  readonly #awaitEnd = (): void => {
    const { closed } = this.protocol;
    if (closed === this.#awaitedEnd) return;
    this.#awaitedEnd = closed;
    void closed.then((outcome) => {
      this.#onClosed(outcome);
    });
  };

  /** Listeners outlast failed attempts, but a machine that was stopped will have no other session. */
  async #endListenersWithMachine(): Promise<void> {
    const states = this.protocol.runstates();
    while ((await states.next()).done !== true);
    this.#dispatcher.end(true);
  }

  #forgetGreeting(): void {
    if (this.runstate === 'IDLE') this.#definition.greeting = undefined;
  }

  #onClosed(outcome: SessionOutcome): void {
    this.#exchange.end(outcome);
    this.#dispatcher.end(!isConnectError(outcome.cause));
  }

  readonly #diagnose = (error: unknown): never => {
    const late = isConnectError(error) && error.cause;
    if (!isTimeoutError(late) || late.phase !== 'handshake' || this.greeting) throw error;
    throw new ConnectError('session', new BusyMonitorError(late.ms));
  };
}
