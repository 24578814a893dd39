/** Actor logic that executes one command of QMP. */

import type { AnyActorRef } from 'xstate';
import type { JsonValue } from '../codecs/json.ts';
import { StateError } from '../core/errors.ts';
import type { Names } from '../core/options.ts';
import { noteRedactor } from '../core/redactors.ts';
import { memberOf } from '../core/shape.ts';
import type { EmbeddablePromise } from '../machines/embeddable.ts';
import { connectionLogic, type Reports } from '../protocol/connection-logic.ts';
import type { ConnectionInput } from '../protocol/find-connection.ts';
import { clientOf, isQmp } from './events-logic.ts';
import type { ExecuteOptions } from './exchange.ts';
import { LOOSE } from './loose-client.ts';
import { redactQmp } from './redact.ts';
import type { Arguments, CommandName, OpenQapi, Returns } from './types.ts';

/** The name of a command: one that is typed, or any other. */
type AnyName = CommandName<OpenQapi>;

/** The input of the logic of one command. */
export interface QmpCommandOptions<C extends AnyName = AnyName> extends ConnectionInput {
  /** The arguments of the command. Default: none. */
  readonly arguments?: Arguments<C> | undefined;
  /** A deadline for the reply, in ms. Default: none; the wait ends with the session. */
  readonly timeout?: ExecuteOptions['timeout'];
  /** Executes the command out of band: see `ExecuteOptions`. Default `false`. */
  readonly oob?: ExecuteOptions['oob'];
}

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

const OPTIONS: Names<QmpCommandOptions> = {
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
    start: (connection, input, reports) =>
      execute<AnyCommand>(connection, input.execute, input, reports),
    redact: (input) => shownInput(input.execute, input),
    save: ({ connection, execute }) => ({ connection, execute }),
    refuseRestored: (input) => interrupted(input.execute),
  });

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
): EmbeddablePromise<Returns<C>, QmpCommandOptions<C> | undefined> =>
  connectionLogic<Returns<C>, QmpCommandOptions<C>, CommandEvent>({
    owner: `qmpCommandFor('${command}')`,
    what: 'a connection of QMP',
    names: OPTIONS,
    accepts: isQmp,
    start: (connection, input, reports) => execute(connection, command, input, reports),
    redact: (input) => shownInput(command, input),
    save: ({ connection }) => ({ connection }),
    refuseRestored: () => interrupted(command),
  });

/** A command of which no more is known than its name. */
type AnyCommand = string & NonNullable<unknown>;

/** The events of promise actors, as XState types them. */
interface CommandEvent {
  readonly type: string;
  readonly [member: string]: unknown;
}

function execute<C extends AnyName>(
  connection: AnyActorRef,
  command: C,
  { arguments: args, timeout, oob }: QmpCommandOptions<C>,
  { done, fail }: Reports<Returns<C>>,
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
    done(output as Returns<C>);
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
