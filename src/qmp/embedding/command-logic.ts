/** Actor logic that executes one command of QMP. */

import type { AnyActorRef } from 'xstate';
import type { JsonValue } from '../../codecs/json.ts';
import { StateError } from '../../core/errors.ts';
import type { Names } from '../../core/options.ts';
import { noteRedactor } from '../../core/redactors.ts';
import { memberOf } from '../../core/shape.ts';
import type { EmbeddablePromise } from '../../machines/embeddable.ts';
import { connectionLogic, type Reports } from '../../protocol/connection-logic.ts';
import type { ConnectionInput } from '../../protocol/find-connection.ts';
import type { Empty } from '../../qapi/base.ts';
import { clientOf, isQmp } from './events-logic.ts';
import type { ExecuteOptions } from '../commands/exchange.ts';
import { LOOSE } from '../loose-client.ts';
import { redactQmp } from '../redact.ts';
import type { Arguments, CommandName, OpenQapi, Returns } from '../types.ts';

/** The name of a command: one that is typed, or any other. */
type AnyName = CommandName<OpenQapi>;

/** How a command is executed by actor logic. */
export interface CommandLogicOptions extends ConnectionInput {
  /** A deadline for the reply, in ms. Default: `timeouts.execute` of the client. */
  readonly timeout?: ExecuteOptions['timeout'];
  /** Executes the command out of band: see `ExecuteOptions`. Default `false`. */
  readonly oob?: ExecuteOptions['oob'];
}

/** The arguments of a command, as a member of an input. They can be left out if none of them is required. */
type ArgumentsInput<C> =
  Empty extends Arguments<C>
    ? { readonly arguments?: Arguments<C> | undefined }
    : { readonly arguments: Arguments<C> };

/** The input of the logic of one command: its `arguments`, and how it is executed. */
export type QmpCommandOptions<C extends AnyName = AnyName> = CommandLogicOptions &
  ArgumentsInput<C>;

/**
 * The input of `qmpCommand`: a union that `execute` tells apart.
 *
 * @typeParam C - The names of commands. Default: those of QEMU, with the types of their arguments, and
 *   any other, with any object.
 */
export type QmpCommandInput<C extends AnyName = AnyName> = C extends AnyName
  ? QmpCommandOptions<C> & {
      /** The name of the command. */
      readonly execute: C;
    }
  : never;

/** The options of any command. */
interface AnyOptions extends CommandLogicOptions {
  readonly arguments?: object | undefined;
}

const OPTIONS: Names<AnyOptions> = {
  connection: true,
  arguments: true,
  timeout: true,
  oob: true,
};
/** Written out, because bundlers keep what spreads an object, also where it is not used. */
const INPUT: Names<QmpCommandInput> = {
  connection: true,
  execute: true,
  arguments: true,
  timeout: true,
  oob: true,
};

/**
 * Actor logic that executes one command on a connection of QMP, like a promise: its output is the return value,
 * its error that of `QmpClient.execute()`. Invoke or spawn it with the input `{ execute: 'stop' }`
 * (`QmpCommandInput`) beside the machine of `createQmpMachine()`; if there are several, with `connection`, too:
 * see `ConnectionInput`. `qmpCommandFor()` has exact types for one command.
 *
 * If the connection is not RUNNING, it fails at once with a `StateError`, and nothing is sent. Stopping the
 * actor gives up the wait for the reply, and for room to send; a command that was sent is executed. An actor
 * that is restored from a snapshot executes nothing: its command may have been executed, and its arguments are
 * not stored. It fails with a `StateError`.
 *
 * @throws {ArgumentError} As the parent's `onError`, when there is no such connection, or more than one.
 *
 * @example
 * setup({ actors: { qmp: createQmpMachine(), command: qmpCommand } }).createMachine({
 *   invoke: { src: 'qmp', input: { address: '/run/vm1/qmp.sock' } },
 *   initial: 'running',
 *   states: {
 *     running: { on: { PAUSE: 'pausing' } },
 *     pausing: {
 *       invoke: { src: 'command', input: { execute: 'stop' }, onDone: 'paused', onError: 'running' },
 *     },
 *     paused: {},
 *   },
 * });
 */
export const qmpCommand: EmbeddablePromise<JsonValue, QmpCommandInput> =
  /* @__PURE__ */ connectionLogic<JsonValue, QmpCommandInput, CommandEvent>({
    owner: 'qmpCommand',
    what: 'a connection of QMP',
    names: INPUT,
    accepts: isQmp,
    start: (connection, input, reports) => execute(connection, input.execute, input, reports),
    redact: (input) => shownInput(input.execute, input),
    save: ({ connection, execute }) => ({ connection, execute }),
    refuseRestored: (input) => interrupted(input.execute),
  });

/** The input of `qmpCommandFor()`; none is needed for a command that needs no arguments. */
export type QmpCommandForInput<C extends AnyName> =
  Empty extends Arguments<C> ? QmpCommandOptions<C> | undefined : QmpCommandOptions<C>;

/**
 * Returns the same logic for one command, with exact types of its arguments and its output. No input is needed
 * for a command without arguments.
 *
 * @example
 * setup({ actors: { status: qmpCommandFor('query-status') } }).createMachine({
 *   invoke: { src: 'status', onDone: { actions: ({ event }) => console.log(event.output.running) } },
 * });
 *
 * @param command - The name of the command.
 */
export const qmpCommandFor = <C extends AnyName>(
  command: C,
): EmbeddablePromise<Returns<C>, QmpCommandForInput<C>> =>
  // What the types of one command are is known to the caller only.
  connectionLogic<JsonValue, AnyOptions, CommandEvent>({
    owner: `qmpCommandFor('${command}')`,
    what: 'a connection of QMP',
    names: OPTIONS,
    accepts: isQmp,
    start: (connection, input, reports) => execute(connection, command, input, reports),
    redact: (input) => shownInput(command, input),
    save: ({ connection }) => ({ connection }),
    refuseRestored: () => interrupted(command),
  }) as EmbeddablePromise<Returns<C>, QmpCommandForInput<C>>;

/** The events of promise actors, as XState types them. */
interface CommandEvent {
  readonly type: string;
  readonly [member: string]: unknown;
}

function execute(
  connection: AnyActorRef,
  command: string,
  { arguments: args, timeout, oob }: AnyOptions,
  { done, fail }: Reports<JsonValue>,
): () => void {
  const client = clientOf(connection);
  if (client === undefined) {
    fail(new StateError(`${command} was not sent: the connection has failed`, 'IDLE', 'RUNNING'));
    return () => undefined;
  }
  const controller = new AbortController();
  const options = { signal: controller.signal, timeout, oob };
  client[LOOSE].execute(command, args, options).then((output) => {
    noteRedactor(output, RETURNED);
    done(output);
  }, fail);
  return () => {
    controller.abort();
  };
}

/** An inspector shows the output of the actor, and charts that pass it on. */
const RETURNED = {
  redact: (output: unknown) => memberOf(redactQmp({ return: output }), 'return'),
};

/** An input without the secrets in the arguments of the command. */
const shownInput = (execute: string, input: object): object => {
  const args = memberOf(input, 'arguments');
  const shown = memberOf(redactQmp({ execute, arguments: args }), 'arguments');
  return { ...input, ...(args !== undefined && { arguments: shown }) };
};

const interrupted = (command: string): StateError =>
  new StateError(
    `${command} was interrupted: the actor was restored from a snapshot. The command may have been executed`,
    'IDLE',
    'RUNNING',
  );
