/**
 * The QMP client: greeting, negotiation, commands and events over an `AsyncProtocol`.
 *
 * QMP is spoken by QEMU and by qemu-storage-daemon; "qmp-spec" below is QEMU's "QEMU Machine Protocol
 * Specification".
 */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { ArgumentError, ConnectError, TimeoutError } from '../core/errors.ts';
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
import { nameOf, PlainCommand } from './messages.ts';
import { Exchange } from './exchange.ts';
import type { ExecuteOptions, ReplyOptions } from './replies.ts';
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
import { ReplyWaiter, ReturnWaiter } from './waiters.ts';

/** How a client is run: the options of every protocol. */
export type QmpOptions = ProtocolOptions;

/** The client of each machine that runs in somebody's chart. */
const clients = new WeakMap<QmpDefinition, QmpClient>();

/**
 * A client of one QMP monitor. It dials (`connect()`) or is dialled (`listen()` and `accept()`), and is
 * the protocol's client either way.
 *
 * @example
 *   await using qmp = new QmpClient();
 *   await qmp.connect('/run/vm1/qmp.sock');
 *   qmp.on('SHUTDOWN', ({ data }) => console.log('it went down:', data.reason));
 *   const { running } = await qmp.execute('query-status');
 */
export class QmpClient implements AsyncDisposable {
  /** The protocol underneath: its runstate, its machine, its options. */
  readonly protocol: AsyncProtocol<JsonObject, QmpCommand>;

  readonly #definition: QmpDefinition;
  readonly #exchange: Exchange;
  readonly #dispatcher: Dispatcher;
  /** The end that is waited for: of the session under way, or of the next one. */
  #end: Promise<SessionOutcome> | undefined;

  /**
   * @param options - As for `AsyncProtocol`.
   * @throws {ArgumentError} When an option cannot be used.
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

  /** `createQmpMachine()`: with `attach()`, what `supervise()` asks of a class of clients. */
  static readonly createMachine = createQmpMachine;

  /**
   * A client over a machine that runs in another statechart. There is one for each actor, however often
   * it is asked for, so the options of the first call hold.
   *
   * @param ref - A running actor of `createQmpMachine()`.
   * @param options - `clock`: what deadlines of commands and waits are measured by. `name` and `logger`
   *   as for `AsyncProtocol.attach()`.
   * @throws {ArgumentError} When it is an actor of another machine.
   */
  static attach(ref: QmpActorRef, options: AttachOptions = {}): QmpClient {
    const definition = definitionOf(ref);
    const known = clients.get(definition);
    if (known !== undefined) return known;
    const client = new QmpClient(options, definition, AsyncProtocol.attach(ref, options));
    clients.set(definition, client);
    void client.#awaitLast();
    return client;
  }

  /** What the server said of itself; `undefined` until it did, in each attempt anew. */
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
   * Dials the monitor, reads its greeting and negotiates capabilities (out-of-band execution where it
   * is offered). Resolves in RUNNING: commands can be executed.
   *
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} As for `AsyncProtocol.connect()`. Its cause may be a `GreetingError`, a
   *   `NegotiationError`, or a `BusyMonitorError` when no greeting came within the deadline.
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

  /** Waits for the server to dial us, then goes on as `connect()` does, with the same errors. */
  async accept(options?: WaitOptions): Promise<void> {
    await this.protocol.accept(options).catch(this.#diagnose);
  }

  /**
   * See `AsyncProtocol.disconnect()`. Commands that wait for their replies reject with an
   * `ExecInterruptedError`.
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
   * Executes a command and resolves with what it returns. Legal in RUNNING. Integers that a number
   * cannot hold exactly are bigints, in arguments and in what is returned.
   *
   * After `quit` the server's end of the stream, or a reset, is a clean end of the session; if the
   * reply is lost in it, the promise resolves all the same.
   *
   * @param command - Its name.
   * @param args - Its arguments; may be left out when there are none.
   * @throws {ExecuteError} When the server says that the command failed.
   * @throws {ExecInterruptedError} When the session ended before the reply; `cause` says why.
   * @throws {BadReplyError} When the reply is neither a success nor an error.
   * @throws {TimeoutError} When `timeout` passed. The command may still be executed.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {CodecError} When the arguments cannot be encoded.
   * @throws {LimitError} When too much waits to be sent; see `Limits.maxQueuedBytes`.
   * @throws `signal.reason`, when the signal was aborted. The command may still be executed.
   */
  execute<C extends CommandName>(
    command: C,
    args?: Arguments<C>,
    options?: ExecuteOptions,
  ): Promise<Returns<C>> {
    return new Promise((resolve, reject) => {
      const id = this.#exchange.nextId();
      const message: QmpCommand =
        options?.oob === true
          ? { 'exec-oob': command, arguments: args, id }
          : new PlainCommand(command, args, id);
      const waiter = new ReturnWaiter(command, resolve as (value: JsonValue) => void, reject);
      this.#exchange.send(id, message, waiter, options);
    });
  }

  /**
   * Executes a command given as a message and resolves with the whole reply, error replies included.
   * On the wire the command has an id of the client's own; the reply that is returned has the id
   * that the caller's message had, if any.
   *
   * @throws {ArgumentError} When the message names no command.
   * @throws As `execute()`, but for `ExecuteError`.
   */
  executeMessage(message: QmpCommand, options?: ReplyOptions): Promise<QmpReply> {
    return new Promise((resolve, reject) => {
      const name = nameOf(message);
      if (name === undefined) {
        throw new ArgumentError('A command needs a member "execute" or "exec-oob" with its name');
      }
      const id = this.#exchange.nextId();
      const waiter = new ReplyWaiter(name, message.id, resolve, reject);
      this.#exchange.send(id, { ...message, id }, waiter, options);
    });
  }

  /**
   * The events of the session under way, or, in IDLE, of the next one that runs, in order. Register
   * before the command that causes them: events may come before its reply.
   *
   * @param filter - A name, several, or a function; none: all events. A function that throws ends
   *   the iteration with a `HandlerError`.
   */
  events(filter?: EventFilter, options: EventListenerOptions = {}): EventListener {
    return this.#dispatcher.listen(filter, options);
  }

  /**
   * Calls a function for every event of a name, in this session and those to come. What it throws, or
   * its promise rejects with, ends the session. Its promise is not waited for.
   */
  on<E extends EventName>(event: E, listener: (event: EventOf<E>) => unknown): this {
    this.#dispatcher.add(event, listener, (wire) => listener(wire as EventOf<E>));
    return this;
  }

  /** As `on()`, for the next event only. */
  once<E extends EventName>(event: E, listener: (event: EventOf<E>) => unknown): this {
    this.#dispatcher.add(event, listener, (wire) => {
      this.#dispatcher.remove(event, listener);
      return listener(wire as EventOf<E>);
    });
    return this;
  }

  /** Ends what `on()` or `once()` began with the same function. */
  off<E extends EventName>(event: E, listener: (event: EventOf<E>) => unknown): this {
    this.#dispatcher.remove(event, listener);
    return this;
  }

  /**
   * Waits for one event.
   *
   * @param event - Its name.
   * @param filter - Which of them; default: the first.
   * @throws {ClosedError} When the session ends before.
   * @throws {TimeoutError} When `timeout` passed.
   * @throws {HandlerError} When the filter threw.
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

  /** `<QmpClient name='vm1' runstate=IDLE>`; the name only where there is one. */
  toString(): string {
    return this.protocol.toString().replace('AsyncProtocol', this.constructor.name);
  }

  readonly #awaitEnd = (): void => {
    const { closed } = this.protocol;
    if (closed === this.#end) return;
    this.#end = closed;
    void closed.then((outcome) => {
      this.#onClosed(outcome);
    });
  };

  /** A machine that was stopped has no next session for those who wait for one. */
  async #awaitLast(): Promise<void> {
    const states = this.protocol.runstates();
    while ((await states.next()).done !== true);
    this.#dispatcher.end(true);
  }

  #forgetGreeting(): void {
    if (this.runstate === 'IDLE') this.#definition.greeting = undefined;
  }

  #onClosed(outcome: SessionOutcome): void {
    this.#exchange.end(outcome);
    this.#dispatcher.end(!(outcome.cause instanceof ConnectError));
  }

  readonly #diagnose = (error: unknown): never => {
    const late = error instanceof ConnectError && error.cause;
    if (!(late instanceof TimeoutError) || late.phase !== 'handshake' || this.greeting) throw error;
    throw new ConnectError('session', new BusyMonitorError(late.ms));
  };
}
