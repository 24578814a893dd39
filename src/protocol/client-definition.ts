/**
 * The definition of a client class: it passes everything on to the callbacks of its client, which does not
 * exist yet when a machine in another statechart is made.
 */

import type { Codec } from '../core/codec.ts';
import { checkCodec } from '../core/definition.ts';
import { ClosedError, handlerError, type WirechartError } from '../core/errors.ts';
import { type Announce, ON_START } from '../core/inner-definition.ts';
import type { ProtocolDefinition, Session } from '../core/types.ts';

/** The callbacks of a client. */
export interface ClientCallbacks<In, Out, Negotiated> {
  /** Whether the class of the client has such a callback. The others return `undefined` if it has not. */
  has(name: CallbackName): boolean;
  readonly handshake: (session: Session<In, Out>) => unknown;
  readonly onMessage: (message: In, session: Session<In, Out, Negotiated>) => void | Promise<void>;
  readonly onEnd: (session: Session<In, Out, Negotiated>) => void | Promise<void>;
  readonly farewell: (session: Session<In, Out, Negotiated>) => unknown;
  readonly inbound: (message: In) => In | undefined;
  readonly outbound: (message: Out) => Out | undefined;
  readonly redact: (message: In | Out) => unknown;
}

type CallbackName = Exclude<keyof ProtocolDefinition<never>, 'codec'>;

/** Makes the client of an actor that has started. */
export type MakeClient = (ref: unknown) => void;

/** One for each machine. */
export class ClientDefinition<In, Out, Negotiated> {
  /** That of the client, which may not exist yet when its machine is made. */
  readonly codec: Codec<In, Out>;
  #codec: Codec<In, Out> | undefined;
  /** The class of the client of an actor. */
  kind: unknown;
  /** The client, once there is one. */
  client: object | undefined;
  /** Its callbacks. */
  callbacks: ClientCallbacks<In, Out, Negotiated> | undefined;
  /** Why there is no client. */
  #failure: WirechartError | undefined;
  readonly #makeClient: MakeClient | undefined;

  /**
   * @param codec - Default: the client brings it.
   * @param makeClient - Called when the machine starts, if its client is not what starts it.
   */
  constructor(codec?: Codec<In, Out>, makeClient?: MakeClient) {
    this.codec = codec ?? {
      encode: (message) => this.#ownCodec().encode(message),
      createDecoder: (limits) => this.#ownCodec().createDecoder(limits),
    };
    definitions.set(this, this as object as ClientDefinition<unknown, unknown, unknown>);
    this.#makeClient = makeClient;
  }

  /** The client exists. */
  open(
    client: object,
    createCodec: () => Codec<In, Out>,
    callbacks: ClientCallbacks<In, Out, Negotiated>,
  ): void {
    this.client = client;
    this.#codec = createCodec();
    checkCodec(`new ${client.constructor.name}()`, this.#codec);
    this.callbacks = callbacks;
  }

  [ON_START](_: Announce, ref: unknown): void {
    try {
      this.ensureClient(ref);
    } catch (error) {
      this.#failure = handlerError('constructor', error);
    }
  }

  /**
   * Makes the client of an actor of another statechart, unless it exists.
   *
   * @throws What its constructor throws.
   */
  ensureClient(ref: unknown): void {
    if (this.client === undefined) this.#makeClient?.(ref);
  }

  get handshake() {
    const failure = this.#failure;
    if (failure !== undefined) return () => Promise.reject(failure);
    return this.#callback('handshake');
  }

  get onMessage() {
    return this.#callback('onMessage');
  }

  get onEnd() {
    return this.#callback('onEnd');
  }

  get farewell() {
    return this.#callback('farewell');
  }

  get inbound() {
    return this.#callback('inbound');
  }

  get outbound() {
    return this.#callback('outbound');
  }

  get redact() {
    return this.#callback('redact');
  }

  /** The same object, as the engine takes it: a member that is `undefined` counts as absent there. */
  get asDefinition(): ProtocolDefinition<In, Out, Negotiated> {
    return this as object as ProtocolDefinition<In, Out, Negotiated>;
  }

  #ownCodec(): Codec<In, Out> {
    if (this.#codec === undefined) throw this.#failure ?? new ClosedError('There is no client');
    return this.#codec;
  }

  #callback<Name extends CallbackName>(
    name: Name,
  ): ClientCallbacks<In, Out, Negotiated>[Name] | undefined {
    return this.callbacks?.has(name) === true ? this.callbacks[name] : undefined;
  }
}

/** The client definitions, because the definition of an actor may be of any kind. */
const definitions = new WeakMap<object, ClientDefinition<unknown, unknown, unknown>>();

/** The client definition that an actor's definition is, if it is one. */
export const clientDefinitionOf = (
  definition: unknown,
): ClientDefinition<unknown, unknown, unknown> | undefined =>
  typeof definition === 'object' && definition !== null ? definitions.get(definition) : undefined;
