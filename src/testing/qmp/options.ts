/** The options of a scripted QMP server, and their check. */

import { ArgumentError } from '../../core/errors.ts';
import { checkKinds, type Names, nearestName } from '../../core/options.ts';
import { isError, memberOf, show } from '../../core/shape.ts';
import type { Address } from '../../core/types.ts';
import type { ProtocolOptions } from '../../protocol/machine.ts';
import { checkProtocolOptions, PROTOCOL_OPTIONS } from '../../protocol/options.ts';
import type { Answer, Script } from '../script.ts';
import type { Schema } from './schema.ts';
import type { SchemaInfo } from './schema-info.ts';

/** The options of a scripted server. */
export interface ScriptedQmpServerOptions extends ProtocolOptions {
  /** Where the server listens. Default: a free TCP port of 127.0.0.1. */
  readonly address?: Address | undefined;
  /** The greeting, or a fault in place of it. Default: a greeting that offers the capability `oob`. */
  readonly greeting?: Answer | undefined;
  /**
   * Scripts by the name of the command. They override the built-in commands: `query-version`,
   * `query-status`, `query-name`, `query-commands`, `query-yank`, `cont`, `stop`, `quit`, and those about jobs:
   * `query-jobs`, `query-block-jobs`, `job-*` and `block-job-*`. A script of `qmp_capabilities` answers the
   * negotiation. Any other command is answered with `CommandNotFound`.
   */
  readonly commands?: Readonly<Record<string, Script>> | undefined;
  /** Whether to write each object on several lines, as with `pretty=on` in QEMU. Default `false`. */
  readonly pretty?: boolean | undefined;
  /**
   * Makes each command that has neither a script nor a built-in answer, also one that `schema` does not have, and
   * each call after the end of a `sequence()`, a failure of the test: `done()` rejects with a `ScriptError`; if it is
   * not called, the end of `await using` throws that. Default `false`.
   */
  readonly strict?: boolean | undefined;
  /**
   * The reply of a QEMU to `query-qmp-schema`. Names and arguments of commands are then checked as that QEMU
   * does, commands are executed out-of-band only if it allows that, and `query-qmp-schema`, `query-commands` and
   * `query-events` are answered from it. `emit()` throws for an event that it does not allow; a return value of a
   * script that it does not allow is a failure of the test. A command that it has, but that has no answer, fails
   * with a `GenericError` that says so. Default: nothing is checked.
   */
  readonly schema?: readonly SchemaInfo[] | undefined;
  /**
   * The text of a recording: of the file that `recordTo(path, { wire: true })` writes, or of a transcript with a
   * line `> {…}` for each command and `< {…}` for each message of the server. Commands without a script are
   * answered as in the recording, with the events that came before and after each reply. They must come in the
   * recorded order, with the recorded arguments; any other command fails, and is a failure of the test. Commands
   * about jobs that scripts have started are answered as without a recording. The n-th
   * connection repeats the n-th recorded session, and the connections after the last one repeat that one. Default:
   * none.
   */
  readonly replay?: string | undefined;
  /**
   * How many in-band commands wait behind the one that is executed, before the server stops reading: also
   * commands for out-of-band execution then wait. QEMU's monitor has a queue of 8. In a session that has not
   * negotiated `oob`, each command is read when the one before it is answered. Default `Infinity`: the server
   * always reads.
   */
  readonly queue?: number | undefined;
}

const OPTIONS: Names<ScriptedQmpServerOptions> = {
  ...PROTOCOL_OPTIONS,
  address: true,
  greeting: true,
  commands: true,
  pretty: true,
  strict: true,
  schema: true,
  replay: true,
  queue: true,
};

/** @throws {ArgumentError} When an option is unknown, or has the wrong type. */
export function checkOptions(options: ScriptedQmpServerOptions): void {
  const owner = 'new ScriptedQmpServer()';
  checkProtocolOptions(owner, options, OPTIONS);
  checkKinds(owner, options, { pretty: 'boolean', strict: 'boolean', replay: 'string' });
  for (const [name, script] of Object.entries(options.commands ?? {})) checkScript(name, script);
  const queue: unknown = options.queue;
  if (queue === undefined || (typeof queue === 'number' && queue >= 1)) return;
  throw new ArgumentError(`queue of ${owner} must be a number of at least 1, not ${show(queue)}`);
}

/** An error is no JSON: its reply would be an empty object, which is a success. */
function checkScript(name: string, script: unknown): void {
  if (!isError(script) || memberOf(script, 'errorClass') !== undefined) return;
  throw new ArgumentError(
    `The script of '${name}' is an error, and no answer: for an error reply give a CommandFailure`,
  );
}

/** @throws {ArgumentError} When there is a script for a command that the schema does not have. */
export function checkScripts(names: Iterable<string>, schema: Schema | undefined): void {
  if (schema === undefined) return;
  for (const name of names) {
    if (name === 'qmp_capabilities' || schema.command(name) !== undefined) continue;
    const nearest = nearestName(name, schema.commandNames);
    const advice = nearest === undefined ? '' : `: did you mean '${nearest}'?`;
    throw new ArgumentError(
      `commands has a script for '${name}', which the schema does not have${advice}`,
    );
  }
}
