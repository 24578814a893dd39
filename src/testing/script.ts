/** The answers of a scripted server, and the faults that it can inject. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { ArgumentError } from '../core/errors.ts';
import type { QmpCommand } from '../qmp/types.ts';
import type { JobScript } from './qmp/job-script.ts';

/** An error reply: the answer of a scripted command, returned or thrown. */
export class CommandFailure extends Error {
  /** @internal A literal, because bundlers rename classes. */
  static override readonly name: string = 'CommandFailure';

  /** The `class` of the reply. */
  readonly errorClass: string;

  /**
   * @param description - The `desc` of the reply.
   * @param errorClass - The `class` of the reply. Default `GenericError`.
   */
  constructor(description: string, errorClass = 'GenericError') {
    super(description);
    this.name = 'CommandFailure';
    this.errorClass = errorClass;
  }
}

/** Misbehaviour of the server, used in place of an answer. Created by `faults`. */
export class Fault {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'Fault';

  /** What the server does: nothing, send raw bytes, end the stream, or destroy it. */
  readonly kind: 'silence' | 'raw' | 'end' | 'drop';
  /** The bytes that it sends first, as they are. */
  readonly bytes: Uint8Array;

  /** @internal */
  constructor(kind: Fault['kind'], bytes: string | Uint8Array = '') {
    this.kind = kind;
    this.bytes = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  }
}

/** Creates faults. Each can be used wherever an answer can. */
export const faults = {
  /** The server does not answer. */
  silence: (): Fault => new Fault('silence'),
  /** The server sends only these bytes: garbage, half a message, two replies, … */
  raw: (bytes: string | Uint8Array): Fault => new Fault('raw', bytes),
  /** The server sends these bytes, if any, and then ends the stream. */
  end: (bytes?: string | Uint8Array): Fault => new Fault('end', bytes),
  /** The server destroys the stream at once. */
  drop: (): Fault => new Fault('drop'),
};

/** Scripts of one command, used one after the other. Created by `sequence()`. */
export class Sequence {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'Sequence';

  /** The scripts, in order. */
  readonly scripts: readonly Script[];

  /** @internal */
  constructor(scripts: readonly Script[]) {
    this.scripts = scripts;
  }
}

/**
 * Answers the first call of a command with the first script, the second call with the second one, and so on.
 * After the last script, each further call is answered with the last one again; with `strict: true`, it is
 * answered with a `GenericError`, and is a failure of the test. Each server counts its own calls, of all its
 * sessions together.
 *
 * An array is no sequence: it is a return value.
 *
 * @example
 * commands: { 'device_add': sequence(new CommandFailure('Bus is busy'), {}) }
 * @throws {ArgumentError} When there is no script.
 */
export function sequence(...scripts: readonly Script[]): Sequence {
  if (scripts.length === 0) throw new ArgumentError('sequence() needs at least one script');
  return new Sequence(scripts);
}

/** The answer to a command: its return value, an error reply, or a fault. */
export type Answer = JsonValue | CommandFailure | Fault;

/** A command that the server received. */
export interface Call {
  /** The whole message. */
  readonly command: QmpCommand;
  /** Its arguments; empty when it has none. */
  readonly arguments: JsonObject;
}

/**
 * The implementation of a command: an answer, a `job()` that the command starts, a `sequence()` of scripts, or
 * a function that returns an answer or a job. If the function throws or its promise rejects, the answer is an
 * error reply with the message of the error.
 */
export type Script =
  | Answer
  | JobScript
  | Sequence
  | ((call: Call) => Answer | JobScript | Promise<Answer | JobScript>);
