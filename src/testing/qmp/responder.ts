/** Finds the answer to each command of a scripted server. */

import type { JsonValue } from '../../codecs/json.ts';
import { describe } from '../../core/errors.ts';
import { isThenable, memberOf } from '../../core/shape.ts';
import { redactQmp } from '../../qmp/redact.ts';
import { shown } from '../codec-check-error.ts';
import { type Answer, CommandFailure, Fault, type Script, Sequence } from '../script.ts';
import { ScriptError } from '../script-error.ts';
import type { Failures } from './failures.ts';
import type { JobList } from './job-list.ts';
import { JobScript } from './job-script.ts';
import type { Replay, ReplayedAnswer } from './replay.ts';
import type { Request } from './request.ts';
import type { Schema } from './schema.ts';

/** What a responder answers with. */
interface Repertoire {
  /** The scripts of the test, by command. */
  readonly scripts: ReadonlyMap<string, Script>;
  /** The commands that every server knows. */
  readonly builtIn: ReadonlyMap<string, Script>;
  readonly schema: Schema | undefined;
  readonly jobs: JobList;
  readonly isStrict: boolean;
}

/** The answer to a command; in a replayed session with the events around it. */
type Response = ReplayedAnswer | Promise<ReplayedAnswer>;

/** Answers commands, for all sessions of a server. */
export class Responder {
  readonly #repertoire: Repertoire;
  readonly #failures: Failures;
  /** How many calls each sequence has answered. */
  readonly #calls = new Map<Sequence, number>();

  constructor(repertoire: Repertoire, failures: Failures) {
    this.#repertoire = repertoire;
    this.#failures = failures;
  }

  /** Whether the test has a script for a command. */
  isScripted(name: string): boolean {
    return this.#repertoire.scripts.has(name);
  }

  /** Answers `qmp_capabilities` with its script, if it has one. */
  negotiate(request: Request): Answer | Promise<Answer> | undefined {
    const script = this.#repertoire.scripts.get('qmp_capabilities');
    return script === undefined ? undefined : this.#run(script, request);
  }

  /** Answers a command of a session in RUNNING. A script runs before this returns. */
  respond(request: Request, replay: Replay | undefined): Response {
    const refusal = request.failure ?? this.#refusalBySchema(request);
    if (refusal !== undefined) return alone(refusal);
    const { scripts, builtIn, jobs, schema } = this.#repertoire;
    const script = scripts.get(request.name);
    if (script === undefined && request.name === 'qmp_capabilities') return alone(NEGOTIATED);
    // A recording has nothing about the jobs that scripts have started.
    if (script === undefined && replay !== undefined && !jobs.answers(request.name)) {
      return replay.take(request);
    }
    const known = script === undefined ? builtIn.get(request.name) : script;
    if (known === undefined) {
      const { name } = request;
      const text = `The scripted server has no script for ${name}`;
      return alone(this.#unknown(request, schema ? new CommandFailure(text) : notFound(name)));
    }
    const answer = this.#run(known, request, script !== undefined);
    return isPromise(answer) ? answer.then(alone) : alone(answer);
  }

  /** What QEMU refuses without looking at what the command does. */
  #refusalBySchema(request: Request): CommandFailure | undefined {
    const { schema } = this.#repertoire;
    if (schema === undefined || request.name === 'qmp_capabilities') return undefined;
    const command = schema.command(request.name);
    if (command === undefined) return this.#unknown(request, notFound(request.name));
    if (request.isOutOfBand && command['allow-oob'] !== true) {
      return new CommandFailure(`The command ${request.name} does not support OOB`);
    }
    const fault = schema.argumentFault(command, request.arguments);
    return fault === undefined ? undefined : new CommandFailure(fault);
  }

  /** Answers a command that has neither a script nor a built-in answer. */
  #unknown(request: Request, answer: CommandFailure): CommandFailure {
    if (this.#repertoire.isStrict) {
      const actual = redactQmp(request.command);
      const text = `The server received ${shown(actual)}, and no script is for it.`;
      this.#failures.add(new ScriptError(text, { actual }));
    }
    return answer;
  }

  /** @param isChecked - Whether a return value must be as the schema says. */
  #run(script: Script, request: Request, isChecked = false): Answer | Promise<Answer> {
    if (script instanceof Sequence) {
      const next = this.#nextOf(script, request);
      return this.#run(next, request, isChecked && !(next instanceof CommandFailure));
    }
    if (typeof script !== 'function') return this.#settle(script, request, isChecked);
    const { command = { execute: '' } } = request;
    try {
      const answer = script({ command, arguments: request.arguments });
      if (!isPromise(answer)) return this.#settle(answer, request, isChecked);
      return answer
        .then((value) => this.#settle(value, request, isChecked))
        .catch((error: unknown) => this.#failureOf(error));
    } catch (error) {
      return this.#failureOf(error);
    }
  }

  #nextOf(sequence: Sequence, { name }: Request): Script {
    const { scripts } = sequence;
    const call = this.#calls.get(sequence) ?? 0;
    this.#calls.set(sequence, call + 1);
    const last = scripts.at(-1) ?? null;
    if (call < scripts.length) return scripts[call] ?? null;
    if (!this.#repertoire.isStrict) return last;
    const text = `The sequence of '${name}' has ${String(scripts.length)} scripts, and this is call ${String(call + 1)}.`;
    this.#failures.add(new ScriptError(text));
    return new CommandFailure(text);
  }

  #settle(answer: Answer | JobScript, request: Request, isChecked: boolean): Answer {
    if (answer instanceof JobScript) {
      return this.#repertoire.jobs.start(answer, request.name, request.arguments);
    }
    if (isChecked && !(answer instanceof CommandFailure) && !(answer instanceof Fault)) {
      this.#checkReturn(request.name, answer);
    }
    return answer;
  }

  /** A script that returns what QEMU never does is a mistake of the test: it is sent, and is a failure. */
  #checkReturn(name: string, value: JsonValue): void {
    const command = this.#repertoire.schema?.command(name);
    const fault = command && this.#repertoire.schema?.returnFault(command, value);
    if (fault === undefined) return;
    const text = `The script of '${name}' returned ${shown(value)}, which the schema does not allow: ${fault}`;
    this.#failures.add(new ScriptError(text, { actual: value }));
  }

  /** What a script has thrown: a mistake of the test is not only the answer, but also a failure. */
  #failureOf(error: unknown): CommandFailure {
    if (error instanceof CommandFailure) return error;
    if (isScriptError(error)) this.#failures.add(error);
    return new CommandFailure(describe(error));
  }
}

const alone = (answer: Answer): ReplayedAnswer => ({ before: [], answer, after: [] });

const notFound = (name: string): CommandFailure =>
  new CommandFailure(`The command ${name} has not been found`, 'CommandNotFound');

const NEGOTIATED = new CommandFailure(
  'Capabilities negotiation is already complete, command ignored',
  'CommandNotFound',
);

const isPromise = <T>(value: T | Promise<T>): value is Promise<T> => isThenable(value);

const isScriptError = (error: unknown): error is ScriptError =>
  memberOf(error, 'name') === 'ScriptError';
