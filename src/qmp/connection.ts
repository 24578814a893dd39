/**
 * A connection to a QMP monitor: greeting, negotiation, commands and events over an `AsyncProtocol`.
 *
 * QEMU and qemu-storage-daemon are QMP servers. In comments, "qmp-spec" is QEMU's "QEMU Machine Protocol
 * Specification".
 */

import { handOut } from '../async/rejection.ts';
import type { JsonObject } from '../codecs/json.ts';
import { isConnectError, type TimeoutError } from '../core/errors.ts';
import { PROBE, PULSE, type Pulse } from '../core/heartbeat.ts';
import { type Advice, ADVISE, EXPLAIN_HANDSHAKE, SEND_EVENT } from '../core/inner-definition.ts';
import type { PeerStanding } from '../core/peer-standing.ts';
import type {
  Address,
  BoundAddress,
  BoundPath,
  BoundTcp,
  DisconnectOptions,
  ListenAddress,
  PathAddress,
  Session,
  SessionOutcome,
  TcpAddress,
  WaitOptions,
} from '../core/types.ts';
import { isEmbedded } from '../protocol/client-definition.ts';
import { defineClient } from '../protocol/define-client.ts';
import { resolveLogger } from '../protocol/logging.ts';
import { adviceFor } from './diagnosis/advice.ts';
import { Dispatcher } from './events/dispatcher.ts';
import { EndAnnouncement } from './end-announcement.ts';
import { checkEventName, checkListener, wantedBy } from './events/event-names.ts';
import { type EventFeed, openFeed } from './events/event-feed.ts';
import type { WaitForOptions } from './events/event-wait.ts';
import type { EventFilter, EventListener, EventListenerOptions } from './events/events.ts';
import { Exchange, type ExecuteOptions, type ReplyOptions } from './commands/exchange.ts';
import { QmpPulse } from './heartbeat/heartbeat.ts';
import { type QmpHeartbeat, resolveHeartbeat } from './heartbeat/heartbeat-options.ts';
import { type ListenerErrorHandler, ListenerFailures } from './events/listener-failures.ts';
import { inspected } from './looks.ts';
import { LOOSE, type LooseClient } from './loose-client.ts';
import { qmpCodec } from './messages.ts';
import { checkQmpOptions, exchangeSettings, protocolOptions, type QmpOptions } from './options.ts';
import { Prober } from './heartbeat/prober.ts';
import { Reception } from './reception.ts';
import { redactQmp } from './redact.ts';
import type { QmpStats } from './stats.ts';
import type { Qapi } from '../qapi/11.1.ts';
import type {
  AnyEventOf,
  CommandName,
  CommandRest,
  EventName,
  EventOf,
  QapiSchema,
  QmpCommand,
  QmpEvent,
  QmpGreeting,
  QmpReply,
  Returns,
} from './types.ts';

/** What each client receives: its codec is made before its fields. */
const receptions = /* @__PURE__ */ new WeakMap<object, Reception>();

/**
 * The base of `QmpClient`: the lifecycle, commands, and events.
 *
 * @typeParam S - The types of the commands and events: a schema of `wirechart/qapi/…`. Default: the newest.
 */
export class QmpConnection<S extends QapiSchema = Qapi>
  extends /* @__PURE__ */ defineClient<JsonObject, QmpCommand, QmpGreeting>((client) =>
    qmpCodec(() => receptions.get(client)),
  )
{
  /** @internal A literal, because bundlers rename classes. */
  static override readonly name: string = 'QmpConnection';

  readonly #exchange: Exchange;
  readonly #dispatcher: Dispatcher;
  readonly #reception: Reception;
  readonly #feed: EventFeed;
  readonly #failures: ListenerFailures;
  readonly #prober: Prober;
  readonly #pulse: QmpPulse | undefined;

  /**
   * @param options - As for `AsyncProtocol`, and `onListenerError`.
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(options: QmpOptions = {}) {
    super(protocolOptions(checkQmpOptions(options)));
    const { protocol } = this;
    const { onListenerError } = options;
    const logger = resolveLogger(options);
    this.#failures = new ListenerFailures({
      onListenerError,
      logger,
      describe: () => this.toString(),
    });
    const ending = new EndAnnouncement((expected) => {
      protocol.expectEnd(expected);
    });
    const dispatcher = new Dispatcher(protocol, this.#failures.report);
    const exchange = new Exchange(protocol, ending, exchangeSettings(options));
    this.#feed = openFeed(this, {
      subscribers: dispatcher.subscribers,
      bounds: options.eventBacklog,
      isEmbedded: () => isEmbedded(this),
    });
    this.#dispatcher = dispatcher;
    this.#exchange = exchange;
    this.#reception = new Reception({
      dispatcher,
      exchange,
      ending,
      logger,
      timing: protocol,
      feed: this.#feed,
    });
    receptions.set(this, this.#reception);
    const prober = new Prober(exchange);
    const heartbeat = resolveHeartbeat(options.heartbeat);
    this.#prober = prober;
    this.#pulse = heartbeat && new QmpPulse(heartbeat, { exchange, prober, logger });
    protocol.onEnd((outcome) => this.#onEnd(outcome, ending.text));
  }

  /** The server's greeting; `undefined` from the start of an attempt until it has arrived. */
  get greeting(): QmpGreeting | undefined {
    return this.#reception.greeting;
  }
  /**
   * In RUNNING, what the heartbeat of the session has found, and since when; `undefined` in other states, and
   * without the option `heartbeat`.
   */
  get heartbeat(): QmpHeartbeat | undefined {
    return this.#pulse?.report;
  }

  /** `AsyncProtocol.stats`, and the counters of commands and events. */
  override get stats(): QmpStats {
    const { events } = this.#reception;
    return {
      ...this.protocol.stats,
      ...this.#exchange.stats,
      events,
      eventsDropped: this.#feed.dropped,
      heartbeat: this.heartbeat,
    };
  }

  /**
   * Dials the monitor, reads its greeting and negotiates capabilities: out-of-band execution, if the
   * server offers it and the option `oob` is not `false`. Resolves in RUNNING. Legal in IDLE.
   *
   * @throws {StateError} When the state is not IDLE.
   * @throws {ConnectError} As for `AsyncProtocol.connect()`. Its `cause` may also be a `GreetingError`, a
   *   `NegotiationError`, or a `BusyMonitorError` when no greeting arrived within `timeouts.handshake`.
   * @throws `signal.reason`, when the signal was aborted.
   */
  override connect(address: Address, options?: WaitOptions): Promise<void> {
    this.#forgetGreeting();
    return super.connect(address, options);
  }

  /** See `AsyncProtocol.listen()`. */
  override listen(address: TcpAddress, options?: WaitOptions): Promise<BoundTcp>;
  /** The same for a UNIX socket, given as `{ path }`. */
  override listen(address: PathAddress, options?: WaitOptions): Promise<BoundPath>;
  /** The same for any address. */
  override listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress>;
  override listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress> {
    this.#forgetGreeting();
    return super.listen(address, options);
  }

  /**
   * See `AsyncProtocol.disconnect()`. Commands that wait to be sent are sent first, unless `force` is set. Commands still
   * in flight when the session ends, `quit` included, reject with an `ExecInterruptedError`.
   */
  override disconnect(options?: DisconnectOptions): Promise<void> {
    this.#exchange.dismissQuit();
    return super.disconnect(options);
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
   * @param command - The name of the command, one of the schema `S`. For others there is `executeMessage()`, and
   *   `OpenQapi`.
   * @param args - Its arguments, which can be left out if none is required; then options: a signal, a deadline, and
   *   whether the command is sent out of band.
   * @throws {ExecuteError} When the server replies that the command failed.
   * @throws {ExecInterruptedError} When the session ended before the reply; `cause` says why. With `sent: false` the
   *   command still waited to be sent.
   * @throws {BadReplyError} When the reply is neither a success nor an error.
   * @throws {ServerParseError} When the server could not parse the command, such as half of a surrogate pair in a
   *   string (qmp-spec, "Issuing Commands").
   * @throws {TimeoutError} When `timeout` passed. The command may still be executed, unless the message says that it was
   *   not sent.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {CodecError} When the arguments cannot be encoded, or QEMU's parser would give up on them: more than 1 024
   *   levels, 2 097 152 tokens or 64 MiB.
   * @throws {LimitError} When the outgoing queue is full, or the commands that wait (`limits.maxInFlight`) take too much;
   *   see `Limits.maxQueuedBytes`.
   * @throws {ArgumentError} When `timeout` is not a number above 0, or `oob` was asked for and was not negotiated.
   * @throws `signal.reason`, when the signal was aborted. The command may still be executed, unless it waited to be sent:
   *   `stats.commandsWaiting` is then one less after `abort()` than before it.
   */
  execute<C extends CommandName<S>>(
    command: C,
    ...[args, options]: CommandRest<C, ExecuteOptions, S>
  ): Promise<Returns<C, S>> {
    return this.#exchange.execute(command, args, options) as Promise<Returns<C, S>>;
  }

  /**
   * Executes a command given as a message and resolves with the whole reply, also if the command failed.
   * On the wire the command always has an id, of the client's own; the reply has the id of the caller's
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
  events<E extends EventName<S>>(
    filter: E | readonly E[],
    options?: EventListenerOptions,
  ): EventListener<EventOf<E, S>>;
  events<E extends AnyEventOf<S>>(
    filter: (event: AnyEventOf<S>) => event is E,
    options?: EventListenerOptions,
  ): EventListener<E>;
  events(
    filter?: (event: AnyEventOf<S>) => boolean,
    options?: EventListenerOptions,
  ): EventListener<AnyEventOf<S>>;
  events(filter: unknown, options: EventListenerOptions = {}): EventListener<never> {
    return this.#dispatcher.listen(filter as EventFilter, options) as EventListener<never>;
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
  on<E extends EventName<S>>(event: E, listener: (event: EventOf<E, S>) => unknown): this {
    return this.#add(event, listener, false);
  }

  /** Like `on()`, but calls `listener` for the next event only. */
  once<E extends EventName<S>>(event: E, listener: (event: EventOf<E, S>) => unknown): this {
    return this.#add(event, listener, true);
  }

  /**
   * Removes a listener that was added with `on()` or `once()`; of one that was added several times, the
   * last. During the dispatch of an event, this takes effect with the next event.
   *
   * @throws {ArgumentError} As for `on()`.
   */
  off<E extends EventName<S>>(event: E, listener: (event: EventOf<E, S>) => unknown): this {
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
  waitFor<E extends EventName<S>>(
    events: E | readonly E[],
    filter?: (event: EventOf<E, S>) => boolean,
    options?: WaitForOptions,
  ): Promise<EventOf<E, S>>;
  waitFor<E extends EventName<S>>(
    events: E | readonly E[],
    options: WaitForOptions,
  ): Promise<EventOf<E, S>>;
  waitFor(events: unknown, filter: unknown, options?: WaitForOptions): Promise<QmpEvent> {
    return handOut(this.#waitFor(events, filter, options));
  }

  /** `disconnect()`, for `await using`. Never rejects: see `AsyncProtocol`. */
  override async [Symbol.asyncDispose](): Promise<void> {
    this.#exchange.dismissQuit();
    await super[Symbol.asyncDispose]();
  }

  /** What `util.inspect()` and `console.log()` show: also the server's version, and where it is. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return inspected(this);
  }

  /** @internal */
  [EXPLAIN_HANDSHAKE](ms: number, standing?: PeerStanding): TimeoutError {
    return this.#reception.explainHandshake(ms, standing);
  }

  /** @internal */
  [ADVISE](cause: unknown): Advice | undefined {
    return adviceFor(cause);
  }

  /** @internal */
  get [PULSE](): Pulse | undefined {
    return this.#pulse;
  }

  /** @internal */
  [PROBE](signal: AbortSignal): Promise<unknown> {
    return this.#prober.probe(signal);
  }

  /** @internal */
  [SEND_EVENT](message: unknown): Promise<unknown> {
    return this.#exchange.executeCommand(message);
  }

  /** @internal */
  protected override handshake(session: Session<JsonObject, QmpCommand>): Promise<QmpGreeting> {
    return this.#reception.handshake(session);
  }

  /** @internal */
  protected override get hasFarewell(): boolean {
    return this.#exchange.isWaiting || super.hasFarewell;
  }

  /** @internal The commands that wait are sent before the goodbye of a class that extends this one. */
  protected override runFarewell(session: Session<JsonObject, QmpCommand, QmpGreeting>): unknown {
    const sent = this.#exchange.sendWaiting(session.send);
    return super.runFarewell(session) ?? sent;
  }

  /** @internal */
  protected override onMessage(message: JsonObject): void {
    this.#reception.receive(message);
  }

  /** @internal */
  protected override redact(message: JsonObject | QmpCommand): unknown {
    return redactQmp(message);
  }

  #add<E extends EventName<S>>(
    event: E,
    listener: (event: EventOf<E, S>) => unknown,
    once: boolean,
  ): this {
    checkEventName(event);
    checkListener(event, listener);
    this.#dispatcher.add(event, listener as (event: QmpEvent) => unknown, { once });
    return this;
  }

  /** @internal To be called when a client has been attached to the actor of a machine. */
  static noteAttached(client: unknown, onListenerError: ListenerErrorHandler | undefined): void {
    if (typeof client !== 'object' || client === null || !(#failures in client)) return;
    client.#failures.useHandler(onListenerError);
    void client.#endListenersWithMachine();
  }

  /** @internal The same client without the types of its schema. */
  get [LOOSE](): LooseClient {
    const { protocol, greeting } = this;
    return {
      protocol,
      greeting,
      execute: (command, args, options) => this.#exchange.execute(command, args, options),
      executeWith: (passing, command, args, options) =>
        this.#exchange.execute(command, args, options, passing),
      waitFor: (wanted, options = {}) => this.#dispatcher.waitFor(wanted, options),
      listen: (filter, options = {}) => this.#dispatcher.listen(filter, options),
    };
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
    if (this.runstate === 'IDLE') this.#reception.greeting = undefined;
  }

  /** `Calls` has rejected the commands. Returns whether any other call was rejected with the cause. */
  #onEnd({ cause }: SessionOutcome, announced: string | undefined): boolean {
    this.#exchange.dismissQuit();
    this.#feed.end();
    // Listeners that were added in IDLE outlast failed attempts.
    if (isConnectError(cause)) return false;
    let isTold = false;
    const reason = cause?.message ?? announced ?? 'The session was disconnected';
    const onTold = () => {
      isTold = true;
      if (cause !== undefined) this.protocol.told(cause);
    };
    this.#dispatcher.end({ cause, reason, onTold });
    return isTold;
  }
}
