/**
 * Client classes of protocols: an author writes the callbacks of the protocol and the methods of its users in
 * one class, and gets the lifecycle of `AsyncProtocol`, `attach()`, and a machine for statecharts.
 *
 * One instance belongs to one machine. A client that is made with `new` starts a machine of its own. A machine
 * that runs in another statechart makes its client when its actor starts, so that messages are handled there
 * even if no code ever asks for the client; `attach()` returns that client.
 */

import type { Codec } from '../core/codec.ts';
import type { Remote } from '../core/remote.ts';
import type { Runstate } from '../core/runstate.ts';
import type { SessionLogic } from '../core/session-logic.ts';
import { callSession } from '../core/session-callbacks.ts';
import type { ProtocolStats } from '../core/stats.ts';
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
import { AsyncProtocol } from './async-protocol.ts';
import { type ClientCallbacks, ClientDefinition } from './client-definition.ts';
import { checkProtocolOptions, type ProtocolOptions } from './options.ts';

/** What a client is built on, if its machine exists before it. Their types are those of the client. */
export interface ClientParts {
  readonly definition: object;
  readonly protocol: object;
}

/** The parts of the client that is being made: its constructor is the author's, and passes nothing on. */
let parts: ClientParts | undefined;

/** Calls `make`, which constructs a client on the given parts. */
export function constructOn<C>(given: ClientParts, make: () => C): C {
  parts = given;
  try {
    return make();
  } finally {
    parts = undefined;
  }
}

/**
 * The base of the classes that `defineClient()` returns: the lifecycle of a connection, and the callbacks of the
 * protocol, which a class overrides. Their contracts are those of `ProtocolDefinition`.
 *
 * @typeParam In - An inbound message.
 * @typeParam Out - An outbound message.
 * @typeParam Negotiated - What the handshake resolves with.
 */
export abstract class ProtocolClient<In, Out = In, Negotiated = void> implements AsyncDisposable {
  /** The `AsyncProtocol` that the client is built on: `send()`, `flush()`, `messages()`, `fail()`. */
  readonly protocol: AsyncProtocol<In, Out, Negotiated>;

  /** @internal Called by the class that `defineClient()` returns. */
  constructor(
    createCodec: (client: ProtocolClient<In, Out, Negotiated>) => Codec<In, Out>,
    options: ProtocolOptions | undefined,
  ) {
    const given = parts;
    parts = undefined;
    checkProtocolOptions(`new ${this.constructor.name}()`, options);
    const definition = (given?.definition ?? new ClientDefinition()) as ClientDefinition<
      In,
      Out,
      Negotiated
    >;
    definition.open(this, createCodec(this), this.#callbacks());
    this.protocol = (given?.protocol ??
      new AsyncProtocol(definition.asDefinition, options)) as AsyncProtocol<In, Out, Negotiated>;
    this.protocol.belongTo(this);
  }

  /** See `ProtocolDefinition.handshake`. Actor logic is to be returned. */
  protected handshake?(
    session: Session<In, Out>,
  ): Promise<Negotiated> | SessionLogic<Session<In, Out>, Negotiated>;
  /** See `ProtocolDefinition.onMessage()`. */
  protected onMessage?(message: In, session: Session<In, Out, Negotiated>): void | Promise<void>;
  /** See `ProtocolDefinition.pull`. */
  protected readonly pull?: boolean;
  /** See `ProtocolDefinition.onEnd()`. */
  protected onEnd?(session: Session<In, Out, Negotiated>): void | Promise<void>;
  /** See `ProtocolDefinition.farewell`. Actor logic is to be returned. */
  protected farewell?(
    session: Session<In, Out, Negotiated>,
  ): Promise<void> | SessionLogic<Session<In, Out, Negotiated>, unknown>;
  /** Returns the logic that runs in RUNNING; see `ProtocolDefinition.session`. */
  protected session?(
    session: Session<In, Out, Negotiated>,
  ): SessionLogic<Session<In, Out, Negotiated>, unknown>;
  /** See `ProtocolDefinition.inbound()`. */
  protected inbound?(message: In): In;
  /** See `ProtocolDefinition.outbound()`. */
  protected outbound?(message: Out): Out;
  /** See `ProtocolDefinition.redact()`. */
  protected redact?(message: In | Out): unknown;

  /** See `AsyncProtocol.name`. */
  get name(): string | undefined {
    return this.protocol.name;
  }
  /** See `AsyncProtocol.runstate`. */
  get runstate(): Runstate {
    return this.protocol.runstate;
  }
  /** See `AsyncProtocol.negotiated`. */
  get negotiated(): Negotiated | undefined {
    return this.protocol.negotiated;
  }
  /** See `AsyncProtocol.remote`. */
  get remote(): Remote | undefined {
    return this.protocol.remote;
  }
  /** See `AsyncProtocol.stats`. */
  get stats(): ProtocolStats {
    return this.protocol.stats;
  }
  /** See `AsyncProtocol.closed`. */
  get closed(): Promise<SessionOutcome> {
    return this.protocol.closed;
  }
  /** See `AsyncProtocol.outcome`. */
  get outcome(): SessionOutcome | undefined {
    return this.protocol.outcome;
  }

  /** See `AsyncProtocol.connect()`. */
  connect(address: Address, options?: WaitOptions): Promise<void> {
    return this.protocol.connect(address, options);
  }

  /** See `AsyncProtocol.listen()`. */
  listen(address: TcpAddress, options?: WaitOptions): Promise<BoundTcp>;
  /** The same for a UNIX socket, given as `{ path }`. */
  listen(address: PathAddress, options?: WaitOptions): Promise<BoundPath>;
  /** The same for any address. */
  listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress>;
  listen(address: ListenAddress, options?: WaitOptions): Promise<BoundAddress> {
    return this.protocol.listen(address, options);
  }

  /** See `AsyncProtocol.accept()`. */
  accept(options?: WaitOptions): Promise<void> {
    return this.protocol.accept(options);
  }

  /** See `AsyncProtocol.disconnect()`. */
  disconnect(options?: DisconnectOptions): Promise<void> {
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

  /** `disconnect()`, for `await using`. Never rejects: see `AsyncProtocol`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.protocol[Symbol.asyncDispose]();
  }

  /** Returns `<Redis name='cache' runstate=IDLE>`, without `name` if the client has none. */
  toString(): string {
    return this.protocol.toString().replace('AsyncProtocol', this.constructor.name);
  }

  /** What `util.inspect()` and `console.log()` show. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /**
   * Calls `handshake()`. A class that handles messages meanwhile overrides it.
   *
   * @internal
   */
  protected runHandshake(session: Session<In, Out>): unknown {
    return callSession(this, 'handshake', session);
  }

  /**
   * Whether there is something to say at the end of the session, now.
   *
   * @internal
   */
  protected get hasFarewell(): boolean {
    return this.farewell !== undefined;
  }

  /**
   * The same for `farewell()`, if `hasFarewell`.
   *
   * @internal
   */
  protected runFarewell(session: Session<In, Out, Negotiated>): unknown {
    return callSession(this, 'farewell', session);
  }

  /** What the definition calls. Looked up when it is needed: a field of a subclass is set later. */
  #callbacks(): ClientCallbacks<In, Out, Negotiated> {
    const handshake = (session: Session<In, Out>) => this.runHandshake(session);
    const onMessage = (message: In, session: Session<In, Out, Negotiated>) =>
      this.onMessage?.(message, session);
    const onEnd = (session: Session<In, Out, Negotiated>) => this.onEnd?.(session);
    const farewell = (session: Session<In, Out, Negotiated>) => this.runFarewell(session);
    const sessionLogic = (session: Session<In, Out, Negotiated>) => this.session?.(session);
    const inbound = (message: In) => this.inbound?.(message);
    const outbound = (message: Out) => this.outbound?.(message);
    const redact = (message: In | Out) => this.redact?.(message);
    return {
      handshake: () => this.handshake && handshake,
      onMessage: () => this.onMessage && onMessage,
      pull: () => this.pull,
      onEnd: () => this.onEnd && onEnd,
      farewell: () => (this.hasFarewell ? farewell : undefined),
      session: () => this.session && sessionLogic,
      inbound: () => this.inbound && inbound,
      outbound: () => this.outbound && outbound,
      redact: () => this.redact && redact,
    };
  }
}
