/** The QMP client: a connection, its place in statecharts, and helpers that run several commands. */

import type { JsonObject } from '../codecs/json.ts';
import type { AttachableRef } from '../machines/extension-types.ts';
import { attachTo, type ClientConstructor, machineOf } from '../protocol/define-client.ts';
import type { Qapi } from '../qapi/11.1.ts';
import { type CommandMethods, commandView } from './command-view.ts';
import { QmpConnection } from './connection.ts';
import { LOOSE } from './loose-client.ts';
import type { QmpMachine } from './machine.ts';
import {
  checkQmpAttachOptions,
  checkQmpMachineOptions,
  type QmpAttachOptions,
  type QmpMachineOptions,
  type QmpOptions,
} from './options.ts';
import type { QapiSchema, QmpCommand } from './types.ts';

/** See `QmpClient`, which is this class. */
class TypedQmpClient<S extends QapiSchema> extends QmpConnection<S> {
  /** @internal A literal, because bundlers rename classes. */
  static override readonly name: string = 'QmpClient';

  #commands: CommandMethods<S> | undefined;

  /** `createQmpMachine()`. `supervise()` needs it and `attach()` of a client class. */
  static override createMachine(options?: QmpMachineOptions): QmpMachine {
    // A class that extends this one may have options of its own.
    if (Object.is(this, TypedQmpClient)) checkQmpMachineOptions(options);
    return machineOf(this, options);
  }

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
  static override attach<C>(
    this: ClientConstructor<C>,
    ref: AttachableRef<JsonObject, QmpCommand>,
    options: QmpAttachOptions = {},
  ): C {
    checkQmpAttachOptions(options);
    const { onListenerError, ...others } = options;
    const maker = Object.is(this, TypedQmpClient) ? 'createQmpMachine()' : undefined;
    const { client, isFirst } = attachTo(this, ref, others, maker);
    if (isFirst) QmpConnection.noteAttached(client, onListenerError);
    return client;
  }

  /**
   * The commands as methods: `qmp.commands.cont()` is `qmp.execute('cont')`. Editors strike out here what QEMU has
   * deprecated. The methods need no `this`. A name that the schema does not have is sent all the same.
   *
   * @example
   * await qmp.commands['blockdev-add']({ driver: 'null-co', 'node-name': 'disk0' });
   */
  get commands(): CommandMethods<S> {
    this.#commands ??= commandView(
      (command, args, options) => this[LOOSE].execute(command, args, options),
      () => `<the commands of ${this.toString()}>`,
    ) as CommandMethods<S>;
    return this.#commands;
  }
}

/**
 * A client of one QMP monitor. It dials the server (`connect()`), or the server dials the client
 * (`listen()`, then `accept()`).
 *
 * @example
 * await using qmp = new QmpClient();
 * await qmp.connect('/run/vm1/qmp.sock');
 * qmp.on('SHUTDOWN', ({ data }) => console.log('shut down:', data.reason));
 * const { running } = await qmp.execute('query-status');
 *
 * @typeParam S - The types of the commands and events: a schema of `wirechart/qapi/…`. Default: the newest.
 */
export type QmpClient<S extends QapiSchema = Qapi> = TypedQmpClient<S>;
/** The same, as a value: `new QmpClient()`, `new QmpClient<Qapi>()`. */
export const QmpClient: QmpClientClass = TypedQmpClient;

/**
 * The class `QmpClient`. What takes a class of clients, such as `supervise()`, infers the type of the clients from
 * its last signature, which has the default schema; pass `QmpClient<Qapi>` for another one.
 */
export interface QmpClientClass extends Omit<typeof TypedQmpClient, 'prototype'> {
  /**
   * @param options - As for `AsyncProtocol`, and `onListenerError`.
   * @throws {ArgumentError} When an option is invalid.
   */
  new <S extends QapiSchema = Qapi>(options?: QmpOptions): QmpClient<S>;
  /** The same with the default schema. */
  new (options?: QmpOptions): QmpClient;
}
