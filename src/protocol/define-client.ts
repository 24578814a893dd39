/** Makes the base of a client class, and joins such classes with machines. */

import type { Codec } from '../core/codec.ts';
import { ArgumentError } from '../core/errors.ts';
import { show } from '../core/shape.ts';
import type { ProtocolActorRef, ProtocolMachine } from '../machines/protocol-machine.ts';
import { AsyncProtocol } from './async-protocol.ts';
import type { ProtocolDefinition } from '../core/types.ts';
import { ClientDefinition, clientDefinitionOf } from './client-definition.ts';
import { constructOn, ProtocolClient } from './client.ts';
import { type AttachOptions, createProtocolMachine, type MachineOptions } from './machine.ts';
import type { ProtocolOptions } from './options.ts';

/** A class that extends what `defineClient()` returns. */
export type ClientConstructor<C> = new (options?: ProtocolOptions) => C;

/** The part of such a class that says what its messages are. */
export interface DefinedClient<In, Out> {
  /** Returns the machine of such a client. */
  createMachine(options?: MachineOptions): ProtocolMachine<In, Out>;
  /** Returns the client of an actor of that machine. */
  attach(ref: ProtocolActorRef<In, Out>, options?: AttachOptions): unknown;
}

/** What `defineClient()` returns: a class to be extended. */
export interface ClientBase<In, Out, Negotiated> extends DefinedClient<In, Out> {
  /**
   * @param options - As for `AsyncProtocol`.
   * @throws {ArgumentError} When an option is invalid.
   */
  new (options?: ProtocolOptions): ProtocolClient<In, Out, Negotiated>;
  /**
   * Returns the machine of such a client, to be invoked or spawned in any XState 5 chart; see
   * `createProtocolMachine()`. Each actor makes a client of its own when it starts.
   *
   * @throws {ArgumentError} When an option is invalid.
   */
  createMachine<C>(this: ClientConstructor<C>, options?: MachineOptions): ProtocolMachine<In, Out>;
  /**
   * Returns the client of an actor of that machine; each time the same one.
   *
   * @throws {ArgumentError} When `ref` is an actor of another machine.
   */
  attach<C>(this: ClientConstructor<C>, ref: ProtocolActorRef<In, Out>, options?: AttachOptions): C;
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
 * @param createCodec - Returns the codec of one client.
 */
export function defineClient<In, Out = In, Negotiated = void>(
  createCodec: () => Codec<In, Out>,
): ClientBase<In, Out, Negotiated> {
  return class DefinedClient extends ProtocolClient<In, Out, Negotiated> {
    constructor(options?: ProtocolOptions) {
      super(createCodec, options);
    }

    static createMachine<C>(
      this: ClientConstructor<C>,
      options: MachineOptions = {},
    ): ProtocolMachine<In, Out> {
      return machineOf(this, options);
    }

    static attach<C>(this: ClientConstructor<C>, ref: ProtocolActorRef<In, Out>): C {
      return clientOf(this, ref);
    }
  };
}

/** Returns the machine of a class of clients. Each actor makes a client of its own when it starts. */
export function machineOf<C, In, Out>(
  kind: ClientConstructor<C>,
  options: MachineOptions = {},
): ProtocolMachine<In, Out> {
  const { name, logger } = options;
  return createProtocolMachine(() => {
    const definition = new ClientDefinition<In, Out, unknown>(undefined, (ref) => {
      const protocol = AsyncProtocol.attach(ref as ProtocolActorRef<In, Out>, { name, logger });
      constructOn({ definition, protocol }, () => new kind({ name, logger }));
    });
    definition.kind = kind;
    return definition.asDefinition;
  }, options);
}

/**
 * Returns the client of an actor of that machine.
 *
 * @throws {ArgumentError} When it is an actor of another machine.
 */
export function clientOf<C>(kind: ClientConstructor<C>, ref: AnyRef | undefined): C {
  const definition = clientDefinitionOf(ref?.getSnapshot().context?.link?.definition);
  if (definition?.kind !== kind) {
    throw new ArgumentError(
      `${kind.name}.attach() needs a running actor of ${kind.name}.createMachine(), not ${show(ref)}`,
    );
  }
  definition.ensureClient(ref);
  // The constructor of the kind has made it.
  return definition.client as C;
}

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
  getSnapshot(): {
    readonly context?: { readonly link?: { readonly definition?: unknown } };
  };
}
