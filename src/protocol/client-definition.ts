/**
 * The definition of a client class: it passes everything on to the callbacks of its client, which does not
 * exist yet when a machine in another statechart is made.
 */

import type { Codec } from '../core/codec.ts';
import { checkCodec } from '../core/definition.ts';
import {
  ClosedError,
  handlerError,
  type TimeoutError,
  type WirechartError,
} from '../core/errors.ts';
import { type BeatingDefinition, PULSE, type Pulse, pulseOf } from '../core/heartbeat.ts';
import {
  type Advice,
  ADVISE,
  advise,
  type AdvisingDefinition,
  type Announce,
  type AnnouncingDefinition,
  CREATE_SESSION,
  EXPLAIN_HANDSHAKE,
  explainHandshake,
  type ExplainingDefinition,
  ON_START,
  SEND_EVENT,
  sendEvent,
  type SendingDefinition,
} from '../core/inner-definition.ts';
import type { PeerStanding } from '../core/peer-standing.ts';
import {
  CREATE_SKIPPING_DECODER,
  createDecoder,
  type SkippingCodec,
} from '../core/skipping-codec.ts';
import type { ProtocolDefinition, Session } from '../core/types.ts';

/** A callback of a client, if its class has it now: a field of the class is set late. */
type Callback<Args extends readonly unknown[], Result> = () =>
  ((...args: Args) => Result) | undefined;

/** The callbacks of a client. */
export interface ClientCallbacks<In, Out, Negotiated> {
  readonly handshake: Callback<[Session<In, Out>], unknown>;
  readonly onMessage: Callback<[In, Session<In, Out, Negotiated>], void | Promise<void>>;
  readonly pull: () => boolean | undefined;
  readonly onEnd: Callback<[Session<In, Out, Negotiated>], void | Promise<void>>;
  readonly farewell: Callback<[Session<In, Out, Negotiated>], unknown>;
  readonly session: Callback<[Session<In, Out, Negotiated>], unknown>;
  readonly inbound: Callback<[In], In | undefined>;
  readonly outbound: Callback<[Out], Out | undefined>;
  readonly redact: Callback<[In | Out], unknown>;
}

/** Makes the client of an actor that has started. */
export type MakeClient = (ref: unknown) => void;

/** One for each machine. */
export class ClientDefinition<In, Out, Negotiated>
  implements
    AnnouncingDefinition,
    ExplainingDefinition,
    AdvisingDefinition,
    BeatingDefinition,
    SendingDefinition
{
  /** That of the client. Until there is one, it stands in for that. */
  codec: Codec<In, Out> = this.#standIn();
  /** The class of the client of an actor. */
  kind: unknown;
  /** The client, once there is one. */
  client: object | undefined;
  #callbacks: ClientCallbacks<In, Out, Negotiated> | undefined;
  /** Why there is no client. */
  #failure: WirechartError | undefined;
  readonly #makeClient: MakeClient | undefined;
  #isAttached = false;

  /** @param makeClient - Called when the machine starts, if its client is not what starts it. */
  constructor(makeClient?: MakeClient) {
    definitions.set(this, this as object as ClientDefinition<unknown, unknown, unknown>);
    this.#makeClient = makeClient;
  }

  /** The client exists. */
  open(
    client: object,
    codec: Codec<In, Out>,
    callbacks: ClientCallbacks<In, Out, Negotiated>,
  ): void {
    checkCodec(`new ${client.constructor.name}()`, codec);
    this.client = client;
    if (this.#makeClient !== undefined) embedded.add(client);
    this.codec = codec;
    this.#callbacks = callbacks;
  }

  [ON_START](_: Announce, ref: unknown): void {
    try {
      this.ensureClient(ref);
    } catch {
      // The handshake fails with it.
    }
  }

  [EXPLAIN_HANDSHAKE](ms: number, standing?: PeerStanding): TimeoutError | undefined {
    return this.client && explainHandshake(this.client, ms, standing);
  }

  [ADVISE](cause: unknown): Advice | undefined {
    return this.client && advise(this.client, cause);
  }

  get [PULSE](): Pulse | undefined {
    return this.client && pulseOf(this.client);
  }

  [SEND_EVENT](message: unknown): Promise<unknown> | undefined {
    return this.client && sendEvent(this.client, message);
  }

  /**
   * Makes the client of an actor of another statechart, unless it exists.
   *
   * @throws What its constructor throws; the second time, wrapped in a `HandlerError`.
   */
  ensureClient(ref: unknown): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.client !== undefined) return;
    try {
      this.#makeClient?.(ref);
    } catch (error) {
      this.#failure = handlerError('constructor', error);
      throw error;
    }
  }

  /** Returns whether no caller has attached to the client yet; from now on one has. */
  attach(): boolean {
    const isFirst = !this.#isAttached;
    this.#isAttached = true;
    return isFirst;
  }

  get handshake() {
    const failure = this.#failure;
    if (failure !== undefined) return () => Promise.reject(failure);
    return this.#callbacks?.handshake();
  }

  get onMessage() {
    return this.#callbacks?.onMessage();
  }

  get pull() {
    return this.#callbacks?.pull();
  }

  get onEnd() {
    return this.#callbacks?.onEnd();
  }

  get farewell() {
    return this.#callbacks?.farewell();
  }

  get [CREATE_SESSION]() {
    return this.#callbacks?.session();
  }

  get inbound() {
    return this.#callbacks?.inbound();
  }

  get outbound() {
    return this.#callbacks?.outbound();
  }

  get redact() {
    return this.#callbacks?.redact();
  }

  /** The same object, as the engine takes it: a member that is `undefined` counts as absent there. */
  get asDefinition(): ProtocolDefinition<In, Out, Negotiated> {
    return this as object as ProtocolDefinition<In, Out, Negotiated>;
  }

  #standIn(): SkippingCodec<In, Out> {
    const own = (): Codec<In, Out> => {
      if (this.client !== undefined) return this.codec;
      throw this.#failure ?? new ClosedError('There is no client');
    };
    return {
      encode: (message) => own().encode(message),
      createDecoder: (limits) => own().createDecoder(limits),
      [CREATE_SKIPPING_DECODER]: (limits, isObserved) => createDecoder(own(), limits, isObserved),
    };
  }
}

/** The clients of machines in statecharts. */
const embedded = new WeakSet<object>();

/** Whether a client belongs to a machine in a statechart, where other actors may look for it. */
export const isEmbedded = (client: object): boolean => embedded.has(client);

/** A client belongs to a machine that no code but this library can reach. */
export const notEmbedded = (client: object): void => {
  embedded.delete(client);
};

/** The client definitions, because the definition of an actor may be of any kind. */
const definitions = new WeakMap<object, ClientDefinition<unknown, unknown, unknown>>();

/** The client definition that an actor's definition is, if it is one. */
export const clientDefinitionOf = (
  definition: unknown,
): ClientDefinition<unknown, unknown, unknown> | undefined =>
  typeof definition === 'object' && definition !== null ? definitions.get(definition) : undefined;
