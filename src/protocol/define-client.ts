/** Makes the base of a client class, and joins such classes with machines. */

import type { Codec } from '../core/codec.ts';
import { ArgumentError } from '../core/errors.ts';
import { checkSpelling, ownNamesOf, pickOptions } from '../core/options.ts';
import { memberOf } from '../core/shape.ts';
import { linkIn } from '../core/link-handle.ts';
import type { AttachableRef } from '../machines/extension-types.ts';
import type { ProtocolMachine } from '../machines/protocol-machine.ts';
import { AsyncProtocol } from './async-protocol.ts';
import type { ProtocolDefinition } from '../core/types.ts';
import { ClientDefinition, clientDefinitionOf } from './client-definition.ts';
import { constructOn, ProtocolClient } from './client.ts';
import { type AttachOptions, createProtocolMachine, type MachineOptions } from './machine.ts';
import {
  ATTACH_OPTIONS,
  checkProtocolOptions,
  MACHINE_OPTIONS,
  type ProtocolOptions,
} from './options.ts';
import { showActor } from './shown-actor.ts';

/**
 * A class that extends what `defineClient()` returns.
 *
 * @typeParam Options - What its constructor takes: the options of every connection, and its own.
 */
export type ClientConstructor<C, Options extends ProtocolOptions = ProtocolOptions> = new (
  options?: Options,
) => C;

/**
 * The options that only this class has, which its machine passes on to its constructor. It may also have more
 * deadlines and bounds than every connection.
 */
export type OwnClientOptions<Options extends ProtocolOptions> = Omit<
  Options,
  keyof ProtocolOptions
> & {
  readonly timeouts?: Options['timeouts'];
  readonly limits?: Options['limits'];
};

/** The part of such a class that says what its messages are. */
export interface DefinedClient<In, Out> {
  /** Returns the machine of such a client. */
  createMachine(options?: MachineOptions): ProtocolMachine<In, Out>;
  /** Returns the client of an actor of that machine. */
  attach(ref: AttachableRef<In, Out>, options?: AttachOptions): unknown;
}

/** What `defineClient()` returns: a class to be extended. */
export interface ClientBase<In, Out, Negotiated> extends DefinedClient<In, Out> {
  /** For the types of `supervise()`, which tell such a class from another `ClientClass`. It has no value. */
  readonly isDefined?: true;
  /**
   * @param options - As for `AsyncProtocol`.
   * @throws {ArgumentError} When an option is invalid.
   */
  new (options?: ProtocolOptions): ProtocolClient<In, Out, Negotiated>;
  /**
   * Returns the machine of such a client, to be invoked or spawned in any XState 5 chart; see
   * `createProtocolMachine()`. Each actor makes a client of its own when it starts.
   *
   * @param options - Those of every machine, and the class's own, which its constructor gets. `name` and
   *   `logger` are passed to it, too.
   * @throws {ArgumentError} When an option is invalid.
   */
  createMachine<C, Options extends ProtocolOptions>(
    this: ClientConstructor<C, Options>,
    options?: MachineOptions & OwnClientOptions<Options>,
  ): ProtocolMachine<In, Out>;
  /**
   * Returns the client of an actor of that machine; each time the same one.
   *
   * @param options - Those of the first call count. `name`: shown by `toString()`. `logger`: gets a record of
   *   every change of runstate and of every failure. `clock`: for the deadlines of `Calls`.
   * @throws {ArgumentError} When `ref` is an actor of another machine, or an option is invalid.
   */
  attach<C>(this: ClientConstructor<C>, ref: AttachableRef<In, Out>, options?: AttachOptions): C;
}

/**
 * Returns the base for a client class of a protocol of your own. The class has the lifecycle of
 * `AsyncProtocol`, and adds the callbacks of the protocol and the methods of its users. It works with `new`,
 * with `attach()`, with `supervise()` and `ProtocolServer`, and as a machine in a statechart.
 *
 * @example
 * class Redis extends defineClient<Reply, string[]>(() => resp()) {
 *   readonly #calls = new Calls<never, Reply>(this.protocol);
 *   protected override onMessage(reply: Reply): void {
 *     this.#calls.settle(reply);
 *   }
 *   command(...words: string[]): Promise<Reply> {
 *     return this.#calls.call(() => this.protocol.send(words));
 *   }
 * }
 *
 * await using redis = new Redis();
 * await redis.connect('/run/redis.sock');
 * await redis.command('PING');
 *
 * @param createCodec - Returns the codec of one client. It is called while the client is being constructed; a
 *   codec that depends on what was negotiated reads `client.negotiated` when it encodes or decodes.
 */
export function defineClient<In, Out = In, Negotiated = void>(
  createCodec: (client: ProtocolClient<In, Out, Negotiated>) => Codec<In, Out>,
): ClientBase<In, Out, Negotiated> {
  return class DefinedClient extends ProtocolClient<In, Out, Negotiated> {
    constructor(options?: ProtocolOptions) {
      super(createCodec, options);
    }

    static createMachine<C, Options extends ProtocolOptions>(
      this: ClientConstructor<C, Options>,
      options?: MachineOptions & OwnClientOptions<Options>,
    ): ProtocolMachine<In, Out> {
      return machineOf(this, options);
    }

    static attach<C>(
      this: ClientConstructor<C>,
      ref: AttachableRef<In, Out>,
      options?: AttachOptions,
    ): C {
      return clientOf(this, ref, options);
    }
  };
}

/**
 * Returns the machine of a class of clients. Each actor makes a client of its own when it starts.
 *
 * @param more - What the constructor gets besides: of options that the machine has, too.
 */
export function machineOf<C, In, Out, Options extends ProtocolOptions = ProtocolOptions>(
  kind: ClientConstructor<C, Options>,
  options: MachineOptions & Partial<OwnClientOptions<Options>> = {},
  more: ProtocolOptions = {},
): ProtocolMachine<In, Out> {
  checkSpelling(`${kind.name}.createMachine()`, options, {
    ...MACHINE_OPTIONS,
    ...ownNamesOf(kind),
  });
  const { name, logger } = options;
  const own = Object.entries(options).filter(([option]) => !Object.hasOwn(MACHINE_OPTIONS, option));
  // Its own options are what is left of those that it takes.
  const given = { ...Object.fromEntries(own), ...more, name, logger } as Options;
  return createProtocolMachine(
    () => {
      const definition = new ClientDefinition<In, Out, unknown>((ref) => {
        const protocol = AsyncProtocol.attach(ref as AttachableRef<In, Out>, { name });
        constructOn({ definition, protocol }, () => new kind(given));
      });
      definition.kind = kind;
      return definition.asDefinition;
    },
    pickOptions(options, MACHINE_OPTIONS),
  );
}

/** The client of an actor, and whether it was asked for the first time. */
export interface Attached<C> {
  readonly client: C;
  readonly isFirst: boolean;
}

/**
 * Returns the client of an actor of that machine. The options of the first call count.
 *
 * @param maker - What makes such machines, for the error.
 * @throws {ArgumentError} When it is an actor of another machine, or an option is invalid.
 */
export function attachTo<C>(
  kind: ClientConstructor<C>,
  ref: AnyRef | undefined,
  options: AttachOptions = {},
  maker = `${kind.name}.createMachine()`,
): Attached<C> {
  checkProtocolOptions(`${kind.name}.attach()`, options, ATTACH_OPTIONS);
  const definition = clientDefinitionOf(memberOf(linkIn(ref?.getSnapshot().context), 'definition'));
  if (definition === undefined || !isKindOf(definition.kind, kind)) {
    throw new ArgumentError(
      `${kind.name}.attach() needs an actor of ${maker}, not ${showActor(ref)}`,
    );
  }
  definition.ensureClient(ref);
  // The constructor of the kind has made it.
  const client = definition.client as C & { readonly protocol: AsyncProtocol<unknown, unknown> };
  const isFirst = definition.attach();
  if (isFirst) client.protocol.useOptions(options);
  return { client, isFirst };
}

/** The same client alone. */
export const clientOf = <C>(
  kind: ClientConstructor<C>,
  ref: AnyRef | undefined,
  options?: AttachOptions,
): C => attachTo(kind, ref, options).client;

/** Whether a class is another one, or extends it. */
export const isKindOf = (kind: unknown, other: ClientConstructor<unknown>): boolean =>
  kind === other ||
  (typeof kind === 'function' && Object.prototype.isPrototypeOf.call(other, kind));

/** Returns a client on a protocol that `createProtocol` makes from its definition. */
export function createClientOn<C, In, Out>(
  kind: ClientConstructor<C> & DefinedClient<In, Out>,
  options: ProtocolOptions,
  createProtocol: (definition: ProtocolDefinition<In, Out, unknown>) => AsyncProtocol<In, Out>,
): AsyncProtocol<In, Out> {
  const definition = new ClientDefinition<In, Out, unknown>();
  const protocol = createProtocol(definition.asDefinition);
  constructOn({ definition, protocol }, () => new kind(options));
  return protocol;
}

/** Any actor: one that was looked up by its name may be of another machine, or not there. */
interface AnyRef {
  getSnapshot(): { readonly context?: unknown };
}
