/** The parts of the machine of a connection, for charts of users that extend it. */

import type { EventObject, UnknownActorLogic } from 'xstate';
import type { ProtocolDefinition } from '../core/types.ts';
import type { ProtocolSetup } from '../machines/extension-types.ts';
import type { ClientConstructor, DefinedClient, OwnClientOptions } from './define-client.ts';
import {
  createProtocolMachine,
  extensionOf,
  type MachineOptions,
  type ProtocolOptions,
} from './machine.ts';

/**
 * Returns the parts of the machine of a connection, for a chart of your own that adds states, events, tags, actors,
 * actions, guards and delays to it: XState's `setup`, the `config` of the chart, which you spread into your own, and
 * `complete()`, which makes the result a machine like that of `createProtocolMachine()`.
 *
 * @example
 * const { setup, config, complete } = protocolSetup({ codec: lines() }, {
 *   types: {} as { events: { type: 'PAUSE' } | { type: 'RESUME' }; tags: 'paused' },
 * });
 * const { RUNNING } = config.states;
 * const { open } = RUNNING.states;
 * export const machine = complete(
 *   setup.createMachine({
 *     ...config,
 *     states: {
 *       ...config.states,
 *       RUNNING: {
 *         ...RUNNING,
 *         states: {
 *           ...RUNNING.states,
 *           open: { ...open, on: { ...open.on, PAUSE: 'PAUSED' } },
 *           PAUSED: { tags: 'paused', on: { RESUME: 'open' } },
 *         },
 *       },
 *     },
 *   }),
 * );
 *
 * @param kind - What `supervise()` takes: a protocol, a function that makes one for each actor, or a client class,
 *   such as `QmpClient`.
 * @param options - Those of `createProtocolMachine()`, or of `createMachine()` of the class; and `types`, of the
 *   events and tags that are added, and `actors`, whose sources the chart may then name.
 * @throws {ArgumentError} When an option, the definition or an actor is invalid.
 */
export function protocolSetup<
  In,
  Out = In,
  Events extends EventObject = never,
  Tags extends string = never,
  Actors extends Record<string, UnknownActorLogic> = never,
>(
  kind: ProtocolDefinition<In, Out, unknown> | (() => ProtocolDefinition<In, Out, unknown>),
  options?: MachineOptions & SetupOptions<Events, Tags, Actors>,
): ProtocolSetup<In, Out, Events, Tags, Actors>;
export function protocolSetup<
  C,
  In,
  Out,
  Options extends ProtocolOptions,
  Events extends EventObject = never,
  Tags extends string = never,
  Actors extends Record<string, UnknownActorLogic> = never,
>(
  kind: ClientConstructor<C, Options> & DefinedClient<In, Out>,
  options?: MachineOptions & OwnClientOptions<Options> & SetupOptions<Events, Tags, Actors>,
): ProtocolSetup<In, Out, Events, Tags, Actors>;
export function protocolSetup<In, Out>(
  kind:
    | ProtocolDefinition<In, Out, unknown>
    | (() => ProtocolDefinition<In, Out, unknown>)
    | DefinedClient<In, Out>,
  { actors, ...options }: MachineOptions & SetupOptions = {},
): ProtocolSetup<In, Out, EventObject, string, Record<string, UnknownActorLogic>> {
  // An option that is `undefined` counts as absent.
  const rest = { ...options, types: undefined };
  const machine =
    'createMachine' in kind ? kind.createMachine(rest) : createProtocolMachine(kind, rest);
  return extensionOf(machine, actors);
}

/** What `protocolSetup()` adds to the machine. */
export interface SetupOptions<
  Events extends EventObject = EventObject,
  Tags extends string = string,
  Actors extends Record<string, UnknownActorLogic> = Record<string, UnknownActorLogic>,
> {
  /** Types only: `types: {} as { events: …; tags: … }`. It is not read. */
  readonly types?: { readonly events?: Events; readonly tags?: Tags } | undefined;
  /** Actor logic by its source. Under `handshake`, `session` and `farewell` it fills the slots of the machine. */
  readonly actors?: Actors | undefined;
}
